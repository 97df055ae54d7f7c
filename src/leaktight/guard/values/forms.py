"""The ways a value can be written: percent signs, base64, hex, entities, escapes … as texts to look for."""

from __future__ import annotations

import base64
import html
import json
import quopri
import re
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
_LONG = 2 * _PIECE
_CARD = range(12, 20)
_SHORTEST_CORE = 6
_LEADS = (b"", b"\0", b"\0\0")


def pieces(value: str) -> list[str]:
    """Return what to look for: the value, or its pieces of 32 characters when it is long, since a long one is often cut."""
    if len(value) < _LONG:
        return [value]
    return [value[at : at + _PIECE] for at in range(0, len(value) - _PIECE + 1, _PIECE)]


def unmarked(value: str) -> Iterator[Form]:
    """Yield the ways to write a value that no single character gives away."""
    data = value.encode("utf-8", "surrogatepass")
    yield "plain", value, 0
    yield from _in_base64(data)
    text = data.hex()
    yield "hex", text, 0
    yield "hex", text.upper(), 0
    yield from _in_base32(data)
    yield "reversed", value[::-1], 0
    if not value.isascii():
        yield "bytes", data.decode("latin-1"), 0
    digits = "".join(filter(str.isdigit, value))
    if digits != value and len(digits) in _CARD and set(value) - set(digits) <= set(" -.\xa0"):
        yield "grouped", digits, 0


def _in_base64(data: bytes) -> Iterator[Form]:
    """Yield the characters that a value alone decides, at each of the three places it can begin in a block."""
    for lead in range(3):
        code = b2a_base64(_LEADS[lead] + data, newline=False).decode("ascii")
        core = code[-(-lead * 8 // 6) : (lead + len(data)) * 8 // 6]
        if len(core) >= _SHORTEST_CORE:
            yield "base64", core, 2
            if "+" in core or "/" in core:
                yield "base64url", core.replace("+", "-").replace("/", "_"), 2


def _in_base32(data: bytes) -> Iterator[Form]:
    """Yield the code of a value on its own, as seeds of one-time codes are written; encoding is too slow to try every place in a block."""
    core = base64.b32encode(data).decode("ascii")[: len(data) * 8 // 5]
    if len(core) >= _SHORTEST_CORE:
        yield "base32", core, 2


def _in_percents(value: str) -> Iterator[Form]:
    data = value.encode("utf-8", "surrogatepass")
    for text in (quote(data, safe=""), quote(data), quote_plus(data)):
        yield "percent", text, 0
        yield "percent", _lower_percents(text), 0
    yield "percent", "".join(f"%{byte:02X}" for byte in data), 0
    yield "percent", "".join(f"%{byte:02x}" for byte in data), 0


def _in_doubled_percents(value: str) -> Iterator[Form]:
    for _, text, margin in _in_percents(value):
        yield "percent twice", text.replace("%", "%25"), margin


def _lower_percents(text: str) -> str:
    head, *rest = text.split("%")
    return head + "".join("%" + part[:2].lower() + part[2:] for part in rest)


def _in_plus(value: str) -> Iterator[Form]:
    if " " in value:
        yield "percent", quote_plus(value.encode("utf-8", "surrogatepass"), safe="/:@!$&'()*,;"), 0


def _in_entities(value: str) -> Iterator[Form]:
    escaped = html.escape(value)
    if escaped == value and value.isascii():
        return
    yield "entities", escaped, 0
    yield "entities", escaped.replace("&#x27;", "&#39;"), 0
    yield "entities", html.escape(value, quote=False), 0
    yield "entities", escaped.encode("ascii", "xmlcharrefreplace").decode("ascii"), 0


def _in_numbers(value: str) -> Iterator[Form]:
    yield "entities", "".join([f"&#{ord(char)};" for char in value]), 0
    yield "entities", "".join([f"&#x{ord(char):x};" for char in value]), 0
    yield "entities", "".join([f"&#x{ord(char):X};" for char in value]), 0


def _in_doubled_entities(value: str) -> Iterator[Form]:
    """Yield entities that a template has escaped once more."""
    for name, text, margin in (*_in_entities(value), *_in_numbers(value)):
        yield name, text.replace("&", "&amp;"), margin


def _in_escapes(value: str) -> Iterator[Form]:
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


def _in_doubled_escapes(value: str) -> Iterator[Form]:
    """Yield escapes as a JSON text holds them, with every backslash twice."""
    for name, text, margin in _in_escapes(value):
        yield name, text.replace("\\", "\\\\"), margin


def _in_redoubled_escapes(value: str) -> Iterator[Form]:
    """Yield escapes as the JSON of a `repr` holds them."""
    for name, text, margin in _in_escapes(value):
        yield name, text.replace("\\", 4 * "\\"), margin


_COOKIE = {chr(code): f"\\{code:03o}" for code in (*range(32), *range(127, 256))} | {
    '"': '\\"',
    "\\": "\\\\",
    ",": "\\054",
    ";": "\\073",
}
"""How `http.cookies` quotes what a cookie must not hold."""


def _in_quoted_printable(value: str) -> Iterator[Form]:
    data = value.encode("utf-8", "surrogatepass")
    yield "quoted-printable", quopri.encodestring(data, quotetabs=False).decode("ascii"), 0
    yield "quoted-printable", "".join(f"={byte:02X}" for byte in data), 0


def _in_utf16(value: str) -> Iterator[Form]:
    for codec in ("utf-16-le", "utf-16-be"):
        yield "utf-16", value.encode(codec, "surrogatepass").decode("latin-1"), 0


def _grouped(separator: str) -> Callable[[str], Iterator[Form]]:
    def written(value: str) -> Iterator[Form]:
        if value.isascii() and value.isdigit() and len(value) in _CARD:
            yield "grouped", separator.join(value[at : at + 4] for at in range(0, len(value), 4)), 0

    return written


class Mark(NamedTuple):
    """A mark without which some ways to write a value cannot do: where it is absent, nothing more need be looked for."""

    sign: str
    """The mark's first character, looked for at memory speed."""
    telling: re.Pattern[str] | None
    """What the sign looks like where it is more than punctuation."""
    write: Callable[[str], Iterator[Form]]


MARKS = tuple(
    Mark(sign, re.compile(telling) if telling else None, write)
    for sign, telling, write in (
        ("%", r"%[0-9A-Fa-f]{2}", _in_percents),
        ("%", r"%25", _in_doubled_percents),
        ("+", None, _in_plus),
        ("&", r"&(?:amp|lt|gt|quot|#)", _in_entities),
        ("&", r"&#[0-9x]", _in_numbers),
        ("&", r"&amp;(?:amp|lt|gt|quot|#)", _in_doubled_entities),
        ("\\", r"\\[uUx0-7\"'\\nrtbf]", _in_escapes),
        ("\\", r"\\\\", _in_doubled_escapes),
        ("\\", r"\\{4}", _in_redoubled_escapes),
        ("=", r"=[0-9A-F\n]", _in_quoted_printable),
        ("\0", None, _in_utf16),
        *((separator, None, _grouped(separator)) for separator in " -.\xa0"),
    )
)
