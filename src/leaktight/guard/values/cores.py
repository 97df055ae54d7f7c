"""What stands in a text wherever a form of a value does: a part of the form that others share, and that is cheap to make.

Nearly every text holds no form of any value, and is told so by what is made here. Where a part is there, the forms themselves are looked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from leaktight.guard.values import forms
from leaktight.guard.values.common import TELLING, is_word
from leaktight.guard.values.forms import BETWEEN, CODE, GROUP, LONG, Form, number_of, shortest_code_of

_RUN = re.compile("[A-Za-z0-9]+")
_WITHOUT_CODE = (TELLING - 1) // 2
"""So short a value has no code that counts: in hex, the longest, each character takes two."""
_HEAD = 4
"""So many bytes, each written as a code of its own, hardly stand in a text by chance."""
_LONG_CODE = 8
"""Codes of at least so many bytes are longer than most words."""
_LONG = 12
"""Values of at least so many characters are longer than most words themselves."""
_ESCAPED = 3
"""Where every character is escaped, each takes at least so many."""
_NEVER = 1 << 62
LINE = 1 << 9
"""Up to this length it pays to look at the words of a text before it is searched."""
_FOLDED = 32
_KIND = b"a"
_KINDS = bytes([_KIND[0] if chr(code) in {*CODE, *"%=&#;\\"} else 0 for code in range(256)])
"""Tells the characters of codes and of escapes from all others."""
_CODE_ALONE = dict.fromkeys(map(ord, CODE))
_MOST_RUNS = 6
"""To take more of them out of a text takes longer than to look through all of it."""


class Prepared:
    """What is looked for in a text before anything else, for some values: made for each value of each request, so in one loop.

    Nearly all forms are long and without a space or a quote, and so are few parts of a text: what has only such forms is looked for there.
    """

    __slots__ = ("escaped", "least", "mixed", "numbers", "parts", "pieces", "short")

    def __init__(self, values: Iterable[Sequence[Any]]) -> None:
        pieces: list[str] = []
        self.pieces = pieces
        self.parts: list[str] = []
        """Forms that no single character gives away, but for codes, and that may stand in any part of a text."""
        self.numbers: list[str] = []
        """What may be the number of a card or an account, which can also be written in groups: first the first group is looked for."""
        self.mixed: list[tuple[str, str]] = []
        """The values with more than the characters of codes, each with its longest run: without it there is no form that keeps one."""
        self.short: list[str] = []
        """The values with codes so short that many words are as long."""
        least = shortest = _NEVER
        for value in values:
            text = value[0]
            for piece in (text,) if len(text) < LONG else forms.pieces(text):
                pieces.append(piece)
                size = len(piece)
                enough = size
                if size < shortest:  # noqa: PLR1730 - a call of `min` takes longer than all else that is done for a token
                    shortest = size
                if size < _LONG or not piece.isascii() or not (piece.isalnum() or is_run(piece)):
                    enough = self._add(piece, size)
                elif piece[2:GROUP].isdigit():
                    self.numbers.append(piece if piece.isalnum() else number_of(piece))
                if enough < least:  # noqa: PLR1730
                    least = enough
        self.escaped = _ESCAPED * shortest
        """Where every character of a value is escaped, it takes at least so many."""
        self.least = min(least, self.escaped)
        """What stands nowhere else has at least so many characters of codes and escapes in a row."""

    def _add(self, piece: str, size: int) -> int:
        """Add what may stand in any part of a text; return how long a run must be for the rest."""
        octets = size
        if piece.isalnum() and piece.isascii():
            self.parts.append(piece)
        else:
            self.mixed.append((max(_RUN.findall(piece), key=len, default=""), piece))
            octets = len(piece.encode("utf-8", "surrogatepass"))
            if number := number_of(piece):
                self.numbers.append(number)
        if not is_word(piece):
            self.parts.append(piece[::-1])
        if octets >= _LONG_CODE:
            return shortest_code_of(octets)
        if octets > _WITHOUT_CODE or octets > size:
            self.short.append(piece)
        return _NEVER


def is_run(piece: str) -> bool:
    """Tell whether a value holds nothing but characters of codes, as most tokens do."""
    return piece.isascii() and not piece.translate(_CODE_ALONE)


class Runs:
    """The long runs of characters of codes and escapes in a text."""

    __slots__ = ("_kinds", "_least", "text")

    def __init__(self, text: str, kinds: bytes, least: int, count: int) -> None:
        self._kinds, self._least = kinds, least
        self.text = _few_runs(text, kinds, least) if count <= _MOST_RUNS else text
        """The runs, one in a line; where they are many, all of the text."""

    def has(self, size: int) -> bool:
        """Tell whether one of them is so long."""
        return size <= self._least or _KIND * size in self._kinds


def long_runs(text: str, data: bytes, least: int) -> Runs | None:
    """Return the runs of at least so many characters in a text, if there are any. `data` is the text with one byte a character."""
    kinds = data.translate(_KINDS)
    count = kinds.count(_KIND * least)
    return Runs(text, kinds, least, count) if count else None


def _few_runs(text: str, kinds: bytes, least: int) -> str:
    found = []
    wanted = _KIND * least
    at = kinds.find(wanted)
    while at >= 0:
        end = kinds.find(b"\0", at + least)
        if end < 0:
            end = len(text)
        found.append(text[at:end])
        at = kinds.find(wanted, end)
    return "\n".join(found)


def coded(piece: str) -> list[str]:
    """Return parts of a value's base64, hex and base32, if it has codes that do not stand in a text by chance."""
    size = len(piece)
    if size <= _WITHOUT_CODE and piece.isascii():
        return []
    data = piece.encode("utf-8", "surrogatepass")
    text = data.hex()
    parts = [text]
    if len(data) > _WITHOUT_CODE + 1 or size < len(data):  # what is one longer counts in hex alone
        parts += forms.in_base64(data)
        if base32 := forms.begin_in_base32(data):
            parts.append(base32)
    if not text.isdigit():
        parts.append(text.upper())
    return parts


def _percents(piece: str) -> list[str]:
    once = piece.encode("utf-8", "surrogatepass")[:_HEAD].hex("%")
    parts = [once, once.replace("%", "%25")]
    if (upper := once.upper()) != once:
        parts += [upper, upper.replace("%", "%25")]
    return parts


def plain(piece: str) -> list[str]:
    """Return the forms of a value that no character gives away, but for codes: a word backwards is none."""
    return [text for name, text, _ in forms.bare(piece) if name != "reversed" or not is_word(piece)]


def _numbers(piece: str) -> list[str]:
    code = ord(piece[0])
    return list({f"#{code};&", f"#x{code:x};&", f"#x{code:X};&"})


def _escapes(piece: str) -> list[str]:
    unit = piece[0].encode("utf-16-be", "surrogatepass")[:2].hex()
    byte = piece[0].encode("utf-8", "surrogatepass")[0]
    return list({f"u{unit}\\", f"u{unit.upper()}\\", f"x{byte:02x}\\", f"x{byte:02X}\\", f"{byte:03o}\\"})


def _quoted_printable(piece: str) -> list[str]:
    return [piece.encode("utf-8", "surrogatepass")[:_HEAD].hex("=").upper()]


def _utf16(piece: str) -> list[str]:
    if piece.isascii():
        return ["\0".join(piece[:_HEAD])]  # with either byte first
    return [text for _, text, _ in forms.in_utf16(piece)]


def grouped(piece: str) -> list[str]:
    """Return how the number of a card or an account begins in groups, and as one; none if a value is no such number."""
    number = number_of(piece)
    return [number, *(f"{number[:GROUP]}{between}{number[GROUP : 2 * GROUP]}" for between in BETWEEN)] if number else []


class Family(NamedTuple):
    """Forms with a mark of their own: where that is absent, none of them stands."""

    sign: str
    """One character that all of them hold, looked for at memory speed."""
    telling: Callable[[str], object] | None
    """Tells of a text with the sign whether that is more than punctuation."""
    parts: Callable[[str], list[str]]


def _like(pattern: str) -> Callable[[str], object]:
    return re.compile(pattern).search


FAMILIES = (
    Family("%", _like("%[0-9A-Fa-f]{2}[0-9A-Fa-f%]"), _percents),
    Family("=", _like("=[0-9A-F]{2}="), _quoted_printable),
    Family("#", _like("#x?[0-9A-Fa-f]+;&"), _numbers),
    Family("\\", _like(r"\\(?:u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|[0-7]{3})\\"), _escapes),
)
UTF16 = Family("\0", None, _utf16)
"""It is the one whose mark no run of printable characters holds."""


class Partial(NamedTuple):
    """Forms in which only some characters are escaped; each holds every run of ASCII letters and digits of the value as it is."""

    sign: str
    concerns: Callable[[str], object]
    """Tells whether a value has characters that are escaped so."""
    write: tuple[Callable[[str], Iterable[Form]], ...]
    keeps_runs: bool = True
    """Whether that holds; a form that is folded may be so within a run."""

    def forms(self, piece: str) -> list[str]:
        """Return the forms themselves, unless they are as the value is."""
        return [text for write in self.write for _, text, _ in write(piece) if text != piece]


PARTIAL = (
    Partial("%", _like("[^A-Za-z0-9_.~-]"), (forms.in_percents, forms.in_doubled_percents)),
    Partial("+", _like(" "), (forms.in_plus,)),
    Partial("&", _like("[&<>\"']|[^\0-\x7f]"), (forms.in_entities, forms.in_doubled_entities)),
    Partial("\\", _like("[^A-Za-z0-9 _.~:@/]"), (forms.in_escapes, forms.in_doubled_escapes, forms.in_redoubled_escapes)),
    Partial("=", _like("[^ -<>-~]| $"), (forms.in_quoted_printable,), keeps_runs=False),
)


def runs(piece: str) -> list[str]:
    """Return the runs of ASCII letters and digits in a value, the longest first."""
    return sorted(_RUN.findall(piece), key=len, reverse=True)


def longest_run(text: str) -> int:
    """Return how long the longest part of a text without a space is; for a long text, no less than that."""
    return max(map(len, text.split()), default=0) if len(text) <= LINE else len(text)


def shortest_run(piece: str) -> int:
    """How long the longest part without a space is at least, in whatever form.

    Only grouped numbers and folded lines are shorter than the value itself, and bytes of other letters, of which some are spaces in Latin-1.
    """
    if number_of(piece):
        return min(longest_run(piece), GROUP)
    if piece.isascii():
        return min(longest_run(piece), _FOLDED)
    written = [piece, *(text for _, text, _ in (*forms.bare(piece), *forms.in_utf16(piece)))]
    return min(_FOLDED, *map(longest_run, written))
