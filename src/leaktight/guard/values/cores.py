"""What stands in a text wherever a form of a value does: a part of the form that others share, and that is cheap to make.

Nearly every text holds no form of any value, and is told so by what is made here. Where a part is there, the forms themselves are looked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

from leaktight.guard.values import forms
from leaktight.guard.values.common import TELLING, is_word
from leaktight.guard.values.forms import BETWEEN, GROUP, Form, number_of

_RUN = re.compile("[A-Za-z0-9]+")
_WITHOUT_CODE = (TELLING - 1) // 2
"""So short a value has no code that counts: in hex, the longest, each character takes two."""
_HEAD = 4
"""So many bytes, each written as a code of its own, hardly stand in a text by chance."""


class Prepared(NamedTuple):
    """What is looked for in a text before anything else, for some values."""

    parts: list[str]
    """Parts of the forms that no single character gives away, but for codes."""
    numbers: list[str]
    """The numbers of cards and accounts among the values, which can also be written in groups."""
    mixed: list[str]
    """The values with more than letters and digits, which can also be written with only some characters escaped."""


def prepared(pieces: list[str]) -> Prepared:
    """Make the parts for some values, but for those of codes: in one loop, since it is gone through for each value of each request."""
    parts: list[str] = []
    mixed: list[str] = []
    numbers: list[str] = []
    for piece in pieces:
        parts.append(piece)
        if not is_word(piece):
            parts.append(piece[::-1])
        if not (piece.isascii() and piece.isalnum()):
            mixed.append(piece)
            parts += [text for _, text, _ in forms.bare(piece)[2:]]
        if number := number_of(piece):
            numbers.append(number)
    return Prepared(parts, numbers, mixed)


def coded(piece: str) -> list[str]:
    """Return parts of a value's base64, hex and base32, if it has codes that do not stand in a text by chance."""
    if len(piece) <= _WITHOUT_CODE and piece.isascii():
        return []
    data = piece.encode("utf-8", "surrogatepass")
    text = data.hex()
    parts = [text, *forms.in_base64(data), *forms.begin_in_base32(data)]
    if not text.isdigit():
        parts.append(text.upper())
    return parts


def _percents(piece: str) -> list[str]:
    once = piece.encode("utf-8", "surrogatepass")[:_HEAD].hex("%")
    parts = [once, once.replace("%", "%25")]
    if (upper := once.upper()) != once:
        parts += [upper, upper.replace("%", "%25")]
    return parts


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


def grouped(number: str) -> list[str]:
    """Return how a number begins in groups; the first group alone stands in few texts."""
    return [f"{number[:GROUP]}{between}{number[GROUP : 2 * GROUP]}" for between in BETWEEN]


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
    Family("\0", None, _utf16),
)


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


_PARTIAL = (
    Partial("%", _like("[^A-Za-z0-9_.~-]"), (forms.in_percents, forms.in_doubled_percents)),
    Partial("+", _like(" "), (forms.in_plus,)),
    Partial("&", _like("[&<>\"']|[^\0-\x7f]"), (forms.in_entities, forms.in_doubled_entities)),
    Partial("\\", _like("[^A-Za-z0-9 _.~:@/]"), (forms.in_escapes, forms.in_doubled_escapes, forms.in_redoubled_escapes)),
    Partial("=", _like("[^ -<>-~]| $"), (forms.in_quoted_printable,), keeps_runs=False),
)


def partial(mixed: list[str]) -> list[tuple[Partial, list[str]]]:
    """Return how some values can be partly escaped, and which ones so."""
    found = [(each, [piece for piece in mixed if each.concerns(piece)]) for each in _PARTIAL]
    return [(each, concerned) for each, concerned in found if concerned]


def runs(piece: str) -> list[str]:
    """Return the runs of ASCII letters and digits in a value, the longest first."""
    return sorted(_RUN.findall(piece), key=len, reverse=True)
