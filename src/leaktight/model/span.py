"""Places in files: a span, and a step of a flow."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of one file.

    `path` is relative to the scanned root and `/`-separated; lines and columns count from 1,
    columns count characters; the end is exclusive.
    """

    path: str
    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True, order=True)
class Step:
    """One hop of a flow: where, and what happens to the data there."""

    span: Span
    note: str
