"""Find values in text, however they are written there, and take them out."""

from __future__ import annotations

import gzip
import string
from collections.abc import Callable, Iterator, Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import NamedTuple

from leaktight.guard.values.forms import MARKS, Form, pieces, unmarked

CONTEXT = 48
"""How many characters in front of a short or common value are looked at for its name."""

_CODE = frozenset(string.ascii_letters + string.digits + "+/-_")
_SHORT = 6
_LONG_WORD = 16
_LINE = 1 << 9
"""Up to this length it pays to look at the words of a text before it is searched."""
_NEVER = 1 << 62
_GROUP = 4
_FOLDED = 32
_ALWAYS = len(MARKS)
"""Stands for the forms that no mark gives away, in the place of a mark's number."""
_TELLING = 10
"""From this length on, a coded form of a short or common value can hardly be there by chance."""


class Hit(NamedTuple):
    """A value found in a text, from `start` up to `end`."""

    start: int
    end: int
    label: str
    name: str
    form: str
    value: str


class _Needle(NamedTuple):
    form: str
    text: str
    margin: int
    value: str
    label: str
    name: str
    """What the value is called, without what stands between the words."""
    needs_name: bool


class Search:
    """Looks for some values: (text, label, name). Texts are `str`; bytes are looked at as their Latin-1 text, which is one to one."""

    def __init__(self, values: Sequence[tuple[str, str, str]]) -> None:
        self._values = values
        self._texts: dict[int, tuple[str, ...]] = {}
        self._needles: dict[int, list[_Needle]] = {}

    def __bool__(self) -> bool:
        return bool(self._values)

    @cached_property
    def shortest(self) -> int:
        """In whatever form a value is written, it has a part of at least this length without a space."""
        return min((_shortest_run(text) for text, _, _ in self._values), default=_NEVER)

    @cached_property
    def reach(self) -> int:
        """No form of any value is longer than this many characters."""
        return 12 * max(
            (len(piece.encode("utf-8", "surrogatepass")) for text, _, _ in self._values for piece in pieces(text)), default=0
        )

    def hits(self, text: str, longest: int | None = None) -> list[Hit]:
        """Return where values stand, in the order of their place; hits may overlap.

        `longest` is what `longest_run` says of the text, if that is known.
        """
        found: list[Hit] = []
        if not self._values:
            return found
        if longest is None and len(text) <= _LINE:
            longest = longest_run(text)
        if longest is not None and longest < self.shortest:
            return found
        self._look(text, _ALWAYS, found)
        for number, mark in enumerate(MARKS):
            if mark.sign in text and (mark.telling is None or mark.telling.search(text)):
                self._look(text, number, found)
        found.sort()
        return found

    def hits_in_bytes(self, data: bytes) -> list[Hit]:
        """Return where values stand in bytes, whatever encoding of text they hold."""
        return self.hits(data.decode("latin-1"))

    def mask(self, text: str, stand_in: Callable[[Hit], str], longest: int | None = None) -> tuple[str, list[Hit]]:
        """Return the text with every value replaced, and what was replaced."""
        hits = merged(self.hits(text, longest))
        if not hits:
            return text, hits
        parts, done = [], 0
        for hit in hits:
            parts += [text[done : hit.start], stand_in(hit)]
            done = hit.end
        return "".join(parts) + text[done:], hits

    def _look(self, text: str, mark: int, found: list[Hit]) -> None:
        """Look for the forms with a mark. That none is there is what nearly always comes out, so it is found out first, and in one go."""
        texts = self._texts.get(mark)
        if texts is None:
            texts = self._texts[mark] = tuple([text for _, text, _ in self._forms(mark)])
        if not any(map(text.__contains__, texts)):
            return
        needles = self._needles.get(mark)
        if needles is None:
            needles = self._needles[mark] = list(self._write(mark))
        for needle in needles:
            wanted = needle.text
            at = text.find(wanted)
            while at >= 0:
                if not needle.needs_name or _is_named(text, at, at + len(wanted), needle.name):
                    found.append(self._hit(text, at, needle))
                at = text.find(wanted, at + 1)

    def _forms(self, mark: int) -> Iterator[Form]:
        write = _writer(mark)
        for value, _, _ in self._values:
            for piece in pieces(value):
                yield from write(piece)

    def _write(self, mark: int) -> Iterator[_Needle]:
        write = _writer(mark)
        seen: set[str] = set()
        for value, label, name in self._values:
            common = is_common(value)
            spoken = _spoken(name)
            for piece in pieces(value):
                for form, text, margin in write(piece):
                    plain = text == piece
                    if text in seen or (plain and mark != _ALWAYS):
                        continue
                    if common and not plain and (len(text) < _TELLING or form == "reversed"):
                        continue
                    seen.add(text)
                    yield _Needle(form, text, margin, value, label, spoken, needs_name=common and plain)

    @staticmethod
    def _hit(text: str, at: int, needle: _Needle) -> Hit:
        start, end = at, at + len(needle.text)
        for _ in range(needle.margin):
            start -= start > 0 and text[start - 1] in _CODE
            end += end < len(text) and text[end] in _CODE
        return Hit(start, end, needle.label, needle.name, needle.form, needle.value)


def _writer(mark: int) -> Callable[[str], Iterator[Form]]:
    return unmarked if mark == _ALWAYS else MARKS[mark].write


def longest_run(text: str) -> int:
    """Return how long the longest part of a text without a space is; for a long text, no less than that."""
    return max(map(len, text.split()), default=0) if len(text) <= _LINE else len(text)


def _shortest_run(value: str) -> int:
    """How long the longest part without a space is at least, in whatever form: only grouped digits and folded lines are shorter."""
    if len("".join(filter(str.isdigit, value))) >= _GROUP and not set(value) - set(string.digits + " -.\xa0"):
        return 1
    return min(longest_run(value), _FOLDED)


def merged(hits: Sequence[Hit]) -> list[Hit]:
    """Join hits that overlap; the first one's name and form stand for all."""
    joined: list[Hit] = []
    for hit in sorted(hits):
        if joined and hit.start < joined[-1].end:
            joined[-1] = joined[-1]._replace(end=max(joined[-1].end, hit.end))
        else:
            joined.append(hit)
    return joined


def is_common(value: str) -> bool:
    """Tell whether a value is so short or so usual that it may stand in a text by chance."""
    if len(value) < _SHORT or (value.isalpha() and len(value) < _LONG_WORD):
        return True
    return value.lower() in _common_passwords()


@cache
def _common_passwords() -> frozenset[str]:
    """The twenty thousand passwords that Django's own validator refuses."""
    from django.contrib.auth import password_validation

    with gzip.open(Path(password_validation.__file__).with_name("common-passwords.txt.gz"), "rt", encoding="utf-8") as lines:
        return frozenset(line.strip() for line in lines)


def _is_named(text: str, start: int, end: int, name: str) -> bool:
    """Tell whether a value stands alone, as a word of its own, shortly behind its name."""
    if (start and text[start - 1].isalnum()) or (end < len(text) and text[end].isalnum()):
        return False
    return name in _spoken(text[max(start - CONTEXT, 0) : start])


def _spoken(text: str) -> str:
    return "".join(filter(str.isalnum, text)).lower()
