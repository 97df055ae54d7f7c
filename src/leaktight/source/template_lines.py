"""Turns offsets of a text into places."""

from __future__ import annotations

from bisect import bisect_right

from leaktight.model import Span


class Lines:
    """The lines of one file."""

    __slots__ = ("_starts", "path")

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        starts = [0]
        at = text.find("\n")
        while at >= 0:
            starts.append(at + 1)
            at = text.find("\n", at + 1)
        self._starts = starts

    def line(self, offset: int) -> int:
        """Return the line of an offset, counted from 1."""
        return bisect_right(self._starts, offset)

    def span(self, start: int, end: int) -> Span:
        """Return the place of a stretch of text."""
        starts = self._starts
        line = bisect_right(starts, start)
        last = bisect_right(starts, end, line - 1)
        return Span(self.path, line, start - starts[line - 1] + 1, last, end - starts[last - 1] + 1)
