"""Places as editors count them: lines from 0, columns in UTF-16 units."""

from __future__ import annotations

from collections.abc import Sequence

from lsprotocol.types import Position, Range

from leaktight.model import Span


def to_range(span: Span, lines: Sequence[str]) -> Range:
    """Return the range of a span."""
    return Range(start=_position(span.line, span.column, lines), end=_position(span.end_line, span.end_column, lines))


def at_offset(text: str, offset: int) -> Position:
    """Return the position of a character of a text, counted from 0."""
    head = text[:offset]
    line = head.count("\n")
    return Position(line=line, character=units(head[head.rfind("\n") + 1 :]))


def units(text: str) -> int:
    """Count the UTF-16 units of a text."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _position(line: int, column: int, lines: Sequence[str]) -> Position:
    text = lines[line - 1] if 0 < line <= len(lines) else ""
    return Position(line=max(line - 1, 0), character=units(text[: max(column - 1, 0)]))
