"""The ways a value can be written: percent signs, base64, hex, entities, escapes … as texts to look for."""

from __future__ import annotations

import html
import json
import quopri
import re
import string
from binascii import b2a_base64
from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeAlias
from urllib.parse import quote, quote_plus

from django.utils.html import escapejs

Form: TypeAlias = tuple[str, str, int]
"""One way a value can be written: its name, the text, and how many characters on either side hold a part of the value's first or last byte.

Forms are made for every value of every request, so they are nothing more than tuples.
"""


_PIECE = 32
LONG = 2 * _PIECE
_NUMBER = re.compile("[0-9]{12,19}|[A-Za-z]{2}[0-9]{2}[A-Za-z0-9]{11,30}").fullmatch
"""The number of a card or of an account (IBAN, ISO 13616)."""
_SHORTEST_NUMBER = 12
SHORTEST_CORE = 6
GROUP = 4
"""How many characters of such a number are usually written together."""
BETWEEN = (" ", "-", ".", "\xa0", "\xc2\xa0", "&nbsp;")
"""What divides groups: a space that does not break a line is two bytes in UTF-8, and an entity in pages."""
_UNGROUPED = str.maketrans("", "", " -.\xa0")
_BASE32 = [first + second for first in string.ascii_uppercase + "234567" for second in string.ascii_uppercase + "234567"]
"""What ten bits are in base32."""
_BLOCK_OF_32 = 40

CODE = string.ascii_letters + string.digits + "+/-_"
"""The characters of base64, hex and base32."""


def pieces(value: str) -> list[str]:
    """Return what to look for: the value, or its pieces of 32 characters when it is long, since a long one is often cut."""
    if len(value) < LONG:
        return [value]
    return [value[at : at + _PIECE] for at in range(0, len(value) - _PIECE + 1, _PIECE)]


def unmarked(value: str) -> Iterator[Form]:
    """Yield the ways to write a value that no single character gives away."""
    yield from bare(value)
    yield from coded(value)


def bare(value: str) -> list[Form]:
    """Return a value as it is: its characters forwards and backwards, its bytes, a number without what divides its groups."""
    forms: list[Form] = [("plain", value, 0), ("reversed", value[::-1], 0)]
    if not value.isascii():
        forms.append(("bytes", value.encode("utf-8", "surrogatepass").decode("latin-1"), 0))
    if not value.isalnum() and (number := number_of(value)):
        forms.append(("grouped", number, 0))
    return forms


def number_of(value: str) -> str:
    """Return the number of a card or an account, however it is grouped; an empty text for any other value."""
    if len(value) < _SHORTEST_NUMBER or not value[2:GROUP].isdigit():  # so it is with nearly every other value
        return ""
    bare = value if value.isalnum() else value.translate(_UNGROUPED)
    return bare if _NUMBER(bare) else ""


def coded(value: str) -> list[Form]:
    """Return a value in the codes whose characters are all in `CODE`: base64, hex, base32."""
    data = value.encode("utf-8", "surrogatepass")
    text = data.hex()
    in_64 = [("base64url" if "-" in core or "_" in core else "base64", core, 2) for core in in_base64(data)]
    return [*in_64, ("hex", text, 0), ("hex", text.upper(), 0), *_in_base32(data)]


def shortest_code(value: str) -> int:
    """Return how long the shortest text is that `coded` gives. A text without so many characters of `CODE` in a row holds none."""
    return shortest_code_of(len(value) if value.isascii() else len(value.encode("utf-8", "surrogatepass")))


def shortest_code_of(size: int) -> int:
    """Return how long that is for so many bytes."""
    if size * 8 - 4 < SHORTEST_CORE * 6:
        return min(2 * size, SHORTEST_CORE)
    return (size * 8 - 4) // 6  # base64 that begins one byte into a block


def in_base64(data: bytes) -> list[str]:
    """Return the characters that a value alone decides, at each of the three places it can begin in a block; then those of base64url.

    All three are encoded at once: the value begins at a multiple of 3, then one byte further, then two.
    """
    size = len(data)
    gap, other, first, second, third = _PLACES.get(size) or _place(size)
    code = b2a_base64(b"".join((data, gap, data, other, data)), newline=False).decode()
    cores = [code[first], code[second], code[third]]
    if size < SHORTEST_CORE:  # from six bytes on, each has at least seven characters
        cores = [core for core in cores if len(core) >= SHORTEST_CORE]
    if "+" in code or "/" in code:
        cores += [core.replace("+", "-").replace("/", "_") for core in cores if "+" in core or "/" in core]
    return cores


def _in_base32(data: bytes) -> Iterator[Form]:
    """Yield the code of a value on its own, as seeds of one-time codes are written; a value can begin at five places in a block."""
    bits = 8 * len(data)
    if bits // 5 >= SHORTEST_CORE:
        spare = -bits % 10
        number = int.from_bytes(data, "big") << spare
        core = "".join([_BASE32[number >> shift & 1023] for shift in range(bits + spare - 10, -1, -10)])
        yield "base32", core[: bits // 5], 2


_PLACES: dict[int, tuple[bytes, bytes, slice, slice, slice]] = {}


def _place(size: int) -> tuple[bytes, bytes, slice, slice, slice]:
    """Return what to put between three times so many bytes, and which characters of the code each time decides alone."""
    second = size + (1 - size) % 3
    third = second + size + (2 - second - size) % 3
    cores = [slice(-(-start * 8 // 6), (start + size) * 8 // 6) for start in (0, second, third)]
    _PLACES[size] = found = bytes(second - size), bytes(third - second - size), cores[0], cores[1], cores[2]
    return found


def begin_in_base32(data: bytes) -> str:
    """Return the first characters, eight at most, of what `coded` gives in base32; nothing if it gives none."""
    bits = 8 * len(data)
    if bits < SHORTEST_CORE * 5:
        return ""
    number = int.from_bytes(data[:5].ljust(5, b"\0") if bits < _BLOCK_OF_32 else data[:5], "big")
    core = f"{_BASE32[number >> 30]}{_BASE32[number >> 20 & 1023]}{_BASE32[number >> 10 & 1023]}{_BASE32[number & 1023]}"
    return core[: bits // 5] if bits < _BLOCK_OF_32 else core


def in_percents(value: str) -> Iterator[Form]:
    data = value.encode("utf-8", "surrogatepass")
    for text in (quote(data, safe=""), quote(data), quote_plus(data)):
        yield "percent", text, 0
        yield "percent", _lower_percents(text), 0
    yield "percent", "".join(f"%{byte:02X}" for byte in data), 0
    yield "percent", "".join(f"%{byte:02x}" for byte in data), 0


def in_doubled_percents(value: str) -> Iterator[Form]:
    for _, text, margin in in_percents(value):
        yield "percent twice", text.replace("%", "%25"), margin


def _lower_percents(text: str) -> str:
    head, *rest = text.split("%")
    return head + "".join("%" + part[:2].lower() + part[2:] for part in rest)


def in_plus(value: str) -> Iterator[Form]:
    if " " in value:
        yield "percent", quote_plus(value.encode("utf-8", "surrogatepass"), safe="/:@!$&'()*,;"), 0


def in_entities(value: str) -> Iterator[Form]:
    escaped = html.escape(value)
    if escaped == value and value.isascii():
        return
    yield "entities", escaped, 0
    yield "entities", escaped.replace("&#x27;", "&#39;"), 0
    yield "entities", html.escape(value, quote=False), 0
    yield "entities", escaped.encode("ascii", "xmlcharrefreplace").decode("ascii"), 0


def in_numbers(value: str) -> Iterator[Form]:
    yield "entities", "".join([f"&#{ord(char)};" for char in value]), 0
    yield "entities", "".join([f"&#x{ord(char):x};" for char in value]), 0
    yield "entities", "".join([f"&#x{ord(char):X};" for char in value]), 0


def in_doubled_entities(value: str) -> Iterator[Form]:
    """Yield entities that a template has escaped once more."""
    for name, text, margin in in_entities(value):
        yield name, text.replace("&", "&amp;"), margin


def in_doubled_numbers(value: str) -> Iterator[Form]:
    for name, text, margin in in_numbers(value):
        yield name, text.replace("&", "&amp;"), margin


def in_escapes(value: str) -> Iterator[Form]:
    data = value.encode("utf-8", "surrogatepass")
    for text in (json.dumps(value), json.dumps(value, ensure_ascii=False), repr(value), ascii(value), repr(data)[1:]):
        yield "json", text[1:-1], 0
    yield "escapes", str(escapejs(value)), 0
    yield "octal", "".join(_COOKIE.get(char, char) for char in value), 0
    units = value.encode("utf-16-be", "surrogatepass")
    pairs = [units[at : at + 2].hex() for at in range(0, len(units), 2)]
    yield "escapes", "".join(f"\\u{pair}" for pair in pairs), 0
    yield "escapes", "".join(f"\\u{pair.upper()}" for pair in pairs), 0
    yield "escapes", "".join(f"\\x{byte:02x}" for byte in data), 0
    yield "escapes", "".join(f"\\x{byte:02X}" for byte in data), 0
    yield "octal", "".join(f"\\{byte:03o}" for byte in data), 0


def in_doubled_escapes(value: str) -> Iterator[Form]:
    """Yield escapes as a JSON text holds them, with every backslash twice."""
    for name, text, margin in in_escapes(value):
        yield name, text.replace("\\", "\\\\"), margin


def in_redoubled_escapes(value: str) -> Iterator[Form]:
    """Yield escapes as the JSON of a `repr` holds them."""
    for name, text, margin in in_escapes(value):
        yield name, text.replace("\\", 4 * "\\"), margin


_COOKIE = {chr(code): f"\\{code:03o}" for code in (*range(32), *range(127, 256))} | {
    '"': '\\"',
    "\\": "\\\\",
    ",": "\\054",
    ";": "\\073",
}
"""How `http.cookies` quotes what a cookie must not hold."""


def in_quoted_printable(value: str) -> Iterator[Form]:
    data = value.encode("utf-8", "surrogatepass")
    yield "quoted-printable", quopri.encodestring(data, quotetabs=False).decode("ascii"), 0
    yield "quoted-printable", "".join(f"={byte:02X}" for byte in data), 0


def in_utf16(value: str) -> Iterator[Form]:
    for codec in ("utf-16-le", "utf-16-be"):
        yield "utf-16", value.encode(codec, "surrogatepass").decode("latin-1"), 0


def _grouped(separator: str) -> Callable[[str], Iterator[Form]]:
    def written(value: str) -> Iterator[Form]:
        if number := number_of(value):
            yield "grouped", separator.join([number[at : at + GROUP] for at in range(0, len(number), GROUP)]), 0

    return written


class Mark(NamedTuple):
    """A mark without which some ways to write a value cannot do: where it is absent, nothing more need be looked for."""

    sign: str
    """The mark's first character, looked for at memory speed."""
    telling: Callable[[str], object] | None
    """Tells of a text with the sign whether that is more than punctuation."""
    write: Callable[[str], Iterator[Form]]
    concerns: Callable[[str], object] | None = None
    """Tells cheaply whether there is such a way to write a value; None when there is for every one."""


def _like(pattern: str) -> Callable[[str], object]:
    return re.compile(pattern).search


def _with(part: str) -> Callable[[str], object]:
    return lambda text: part in text


def _is_escaped(value: str) -> bool:
    return not value.isascii() or (not value.isalnum() and html.escape(value) != value)


MARKS = (
    Mark("%", _like(r"%[0-9A-Fa-f]{2}"), in_percents),
    Mark("%", _with("%25"), in_doubled_percents),
    Mark("+", None, in_plus, lambda value: " " in value),
    Mark("&", _like(r"&(?:amp|lt|gt|quot|#)"), in_entities, _is_escaped),
    Mark("&", _with("&#"), in_numbers),
    Mark("&", _like(r"&amp;(?:amp|lt|gt|quot|#)"), in_doubled_entities, _is_escaped),
    Mark("&", _with("&amp;#"), in_doubled_numbers),
    Mark("\\", _like(r"\\[uUx0-7\"'\\nrtbf]"), in_escapes),
    Mark("\\", _with(2 * "\\"), in_doubled_escapes),
    Mark("\\", _with(4 * "\\"), in_redoubled_escapes),
    Mark("=", _like(r"=[0-9A-F\n]"), in_quoted_printable),
    Mark("\0", None, in_utf16),
    *(Mark(separator[0], None, _grouped(separator), number_of) for separator in BETWEEN),
)


def concerning(values: list[str]) -> list[tuple[int, Mark]]:
    """Return the marks with which any of these values can be written, and their numbers."""
    return [(number, mark) for number, mark in enumerate(MARKS) if mark.concerns is None or any(map(mark.concerns, values))]
