"""Find values in text, however they are written there, and take them out."""

from __future__ import annotations

import gzip
import string
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from leaktight.guard.values.forms import MARKED, Form, pieces, unmarked

CONTEXT = 48
"""How many characters in front of a short or common value are looked at for its name."""

_CODE = frozenset(string.ascii_letters + string.digits + "+/-_")
_SHORT = 6
_LONG_WORD = 16
_LINE = 1 << 12
_NEVER = 1 << 62
_GROUP = 4
_FOLDED = 32
_MARKERS = ("", *MARKED)
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
    run: int
    """How long the longest part without a space is: a text whose words are all shorter does not hold it."""
    form: Form
    value: str
    label: str
    name: str
    """What the value is called, without what stands between the words."""
    needs_name: bool


class Search:
    """Looks for some values: (text, label, name). Texts are `str`; bytes are looked at as their Latin-1 text, which is one to one."""

    def __init__(self, values: Sequence[tuple[str, str, str]]) -> None:
        self._values = values
        self._needles: dict[str, list[_Needle]] = {}
        self.reach = 0
        """No form of any value is longer than this many characters."""
        self.shortest = min((_shortest_run(text) for text, _, _ in values), default=_NEVER)
        """In whatever form a value is written, it has a part of at least this length without a space."""
        if values:
            self.reach = 12 * max(len(piece.encode("utf-8", "surrogatepass")) for text, _, _ in values for piece in pieces(text))

    def __bool__(self) -> bool:
        return bool(self._values)

    def hits(self, text: str, longest: int | None = None) -> list[Hit]:
        """Return where values stand, in the order of their place; hits may overlap.

        `longest` is what `longest_run` says of the text, if that is known.
        """
        found: list[Hit] = []
        if not self._values:
            return found
        if longest is None:
            longest = longest_run(text)
        if longest < self.shortest:
            return found
        for marker in _MARKERS:
            if marker and (marker[0] not in text or marker not in text):
                continue
            for needle in self._written(marker):
                if needle.run > longest:
                    break
                wanted = needle.form.text
                at = text.find(wanted)
                while at >= 0:
                    if not needle.needs_name or _is_named(text, at, at + len(wanted), needle.name):
                        found.append(self._hit(text, at, needle))
                    at = text.find(wanted, at + 1)
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

    def _written(self, marker: str) -> list[_Needle]:
        known = self._needles.get(marker)
        if known is None:
            known = self._needles[marker] = sorted(self._write(marker), key=lambda needle: needle.run)
        return known

    def _write(self, marker: str) -> Iterator[_Needle]:
        write = MARKED.get(marker, unmarked)
        seen: set[str] = set()
        for value, label, name in self._values:
            common = is_common(value)
            spoken = _spoken(name)
            for piece in pieces(value):
                for form in write(piece):
                    if form.text in seen or (marker and marker not in form.text):
                        continue
                    plain = form.text == piece
                    if common and not plain and (len(form.text) < _TELLING or form.name == "reversed"):
                        continue
                    seen.add(form.text)
                    yield _Needle(longest_run(form.text), form, value, label, spoken, needs_name=common and plain)

    @staticmethod
    def _hit(text: str, at: int, needle: _Needle) -> Hit:
        form = needle.form
        start, end = at, at + len(form.text)
        for _ in range(form.margin):
            start -= start > 0 and text[start - 1] in _CODE
            end += end < len(text) and text[end] in _CODE
        return Hit(start, end, needle.label, needle.name, form.name, needle.value)


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
