"""A file as text that can be edited: every byte outside an edit stays what it is, line ends and encoding included."""

from __future__ import annotations

import codecs
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import zip_longest

from leaktight.model import Edit, Span
from leaktight.source.python import encoding_of

_LINE_END = re.compile(r"\r\n|\r|\n")


class Conflict(ValueError):
    """Two edits touch the same characters."""


class Document:
    """The text of one file; offsets count characters of `text`, which has the file's own line ends."""

    def __init__(self, path: str, data: bytes, *, python: bool) -> None:
        """Decode a file. Raises `ValueError` when its bytes are no text in its encoding."""
        self.path = path
        self.data = data
        self.marked = data.startswith(codecs.BOM_UTF8)
        self.encoding = "utf-8" if self.marked or not python else encoding_of(data)
        self.text = data[3 * self.marked :].decode(self.encoding)
        ends = list(_LINE_END.finditer(self.text))
        self._starts = [0, *(match.end() for match in ends)]
        self._ends = [*(match.start() for match in ends), len(self.text)]
        self.newline = ends[0][0] if ends else "\n"

    def offset(self, line: int, column: int) -> int:
        """Return the offset of a line and a column, both from 1, columns in characters."""
        return self._starts[line - 1] + column - 1

    def line_of(self, offset: int) -> int:
        """Return the line, from 1, an offset lies in."""
        return bisect_right(self._starts, offset)

    def line_start(self, line: int) -> int:
        """Return the offset of a line's first character; of the end of the text for the line after the last."""
        return self._starts[line - 1] if line <= len(self._starts) else len(self.text)

    def line(self, number: int) -> str:
        """Return a line without its end."""
        return self.text[self._starts[number - 1] : self._ends[number - 1]]

    @property
    def lines(self) -> int:
        """How many lines there are; a text that ends with a line end has an empty last one."""
        return len(self._starts)

    def range_of(self, span: Span) -> tuple[int, int]:
        """Return the offsets a span begins and ends at."""
        return self.offset(span.line, span.column), self.offset(span.end_line, span.end_column)

    @cached_property
    def width(self) -> int:
        """How many characters its lines may have, judged by those it has: 88, or more where more than one in fifty are longer."""
        lengths = sorted(end - start for start, end in zip(self._starts, self._ends, strict=True))
        return min(max(lengths[-1 - len(lengths) // 50], 88), 120)

    def edit(self, start: int, end: int, text: str) -> Edit:
        """Make an edit of this file; the line ends of what is written become the file's own."""
        return Edit(self.path, start, end, _LINE_END.sub(lambda _: self.newline, text))

    def insert(self, at: int, text: str) -> Edit:
        """Make an edit that only adds."""
        return self.edit(at, at, text)

    def insert_lines(self, before: int, lines: Sequence[str], indent: str = "") -> Edit:
        """Make an edit that adds whole lines in front of a line."""
        text = "".join(f"{indent}{line}\n" if line else "\n" for line in lines)
        if before > self.lines and self.line(self.lines):
            return self.insert(
                len(self.text), "\n" + text.removesuffix("\n")
            )  # the file has no line end at its end, and keeps none
        return self.insert(self.line_start(before), text)


def apply(document: Document, edits: Iterable[Edit]) -> bytes:
    """Return the file's bytes with all edits made. Equal edits count once; of insertions at one place imports are sorted, others keep their order.

    Raises `Conflict` when two edits touch the same characters and `UnicodeEncodeError` when the file's encoding lacks a character.
    """
    text = "".join(text for _, text in pieces(document, edits))
    return codecs.BOM_UTF8 * document.marked + text.encode(document.encoding)


def pieces(document: Document, edits: Iterable[Edit]) -> Iterator[tuple[int | None, str]]:
    """Yield what the file is made of with all edits made: what stays, with its offset, and what edits put in, with None. Raises `Conflict`."""
    ordered = sorted(dict.fromkeys(edits), key=_place)
    done = 0
    for edit, following in zip_longest(ordered, ordered[1:]):
        if edit.start < done:
            raise Conflict(f"two edits of {document.path} touch line {document.line_of(edit.start)}")
        yield done, document.text[done : edit.start]
        yield None, _joined(edit, following)
        done = edit.end
    yield done, document.text[done:]


def _joined(edit: Edit, following: Edit | None) -> str:
    """The text of an edit, without the blank line it wants behind it when another import of the kind comes there."""
    if following is None or following.start != edit.start or not (_is_import(edit) and _is_import(following)):
        return edit.text
    end = "\r\n" if edit.text.endswith("\r\n") else edit.text[-1:]
    is_same = edit.text.split(" ", 2)[0] == following.text.split(" ", 2)[0]
    return edit.text.removesuffix(end) if is_same and edit.text.endswith(end * 2) else edit.text


def _place(edit: Edit) -> tuple[int, int, int, str]:
    """Of what is put in one place imports come first, in their order, and decorators last, at what they decorate."""
    if _is_import(edit):
        return edit.start, edit.end, 0, edit.text
    is_decorator = edit.start == edit.end and edit.text.lstrip(" \t").startswith("@")
    return edit.start, edit.end, 1 + is_decorator, ""


def _is_import(edit: Edit) -> bool:
    return edit.start == edit.end and edit.text.startswith(("from ", "import "))
