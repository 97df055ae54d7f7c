"""The ways a value can be written: percent signs, base64, hex, entities, escapes … as texts to look for."""

from __future__ import annotations

import base64
import html
import json
import quopri
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import quote, quote_plus

from django.utils.html import escapejs


class Form(NamedTuple):
    """One way a value can be written."""

    name: str
    text: str
    margin: int = 0
    """How many characters on either side hold a part of the value's first or last byte."""


_PIECE = 32
_LONG = 2 * _PIECE
_CARD = range(12, 20)
_SHORTEST_CORE = 6


def pieces(value: str) -> list[str]:
    """Return what to look for: the value, or its pieces of 32 characters when it is long, since a long one is often cut."""
    if len(value) < _LONG:
        return [value]
    return [value[at : at + _PIECE] for at in range(0, len(value) - _PIECE + 1, _PIECE)]


def unmarked(value: str) -> Iterator[Form]:
    """Yield the ways to write a value that no single character gives away."""
    data = value.encode("utf-8", "surrogatepass")
    yield Form("plain", value)
    yield from _in_base64(data)
    text = data.hex()
    yield Form("hex", text)
    yield Form("hex", text.upper())
    yield from _in_base32(data)
    yield Form("reversed", value[::-1])
    if not value.isascii():
        yield Form("bytes", data.decode("latin-1"))
    digits = "".join(filter(str.isdigit, value))
    if digits != value and len(digits) in _CARD and set(value) - set(digits) <= set(" -.\xa0"):
        yield Form("grouped", digits)


def _in_base64(data: bytes) -> Iterator[Form]:
    """Yield the characters that a value alone decides, at each of the three places it can begin in a block."""
    for lead in range(3):
        core = base64.b64encode(bytes(lead) + data).decode("ascii")[-(-lead * 8 // 6) : (lead + len(data)) * 8 // 6]
        if len(core) >= _SHORTEST_CORE:
            yield Form("base64", core, margin=2)
            if "+" in core or "/" in core:
                yield Form("base64url", core.replace("+", "-").replace("/", "_"), margin=2)


def _in_base32(data: bytes) -> Iterator[Form]:
    """Yield the code of a value on its own, as seeds of one-time codes are written; encoding is too slow to try every place in a block."""
    core = base64.b32encode(data).decode("ascii")[: len(data) * 8 // 5]
    if len(core) >= _SHORTEST_CORE:
        yield Form("base32", core, margin=2)


def _in_percents(value: str) -> Iterator[Form]:
    data = value.encode("utf-8", "surrogatepass")
    for text in (quote(data, safe=""), quote(data), quote_plus(data)):
        yield Form("percent", text)
        yield Form("percent", _lower_percents(text))
    yield Form("percent", "".join(f"%{byte:02X}" for byte in data))
    yield Form("percent", "".join(f"%{byte:02x}" for byte in data))


def _in_doubled_percents(value: str) -> Iterator[Form]:
    for form in _in_percents(value):
        yield Form("percent twice", form.text.replace("%", "%25"))


def _lower_percents(text: str) -> str:
    head, *rest = text.split("%")
    return head + "".join("%" + part[:2].lower() + part[2:] for part in rest)


def _in_plus(value: str) -> Iterator[Form]:
    yield Form("percent", quote_plus(value.encode("utf-8", "surrogatepass"), safe="/:@!$&'()*,;"))


def _in_entities(value: str) -> Iterator[Form]:
    escaped = html.escape(value)
    yield Form("entities", escaped)
    yield Form("entities", escaped.replace("&#x27;", "&#39;"))
    yield Form("entities", html.escape(value, quote=False))
    yield Form("entities", escaped.encode("ascii", "xmlcharrefreplace").decode("ascii"))
    yield Form("entities", "".join(f"&#{ord(char)};" for char in value))
    yield Form("entities", "".join(f"&#x{ord(char):x};" for char in value))
    yield Form("entities", "".join(f"&#x{ord(char):X};" for char in value))


def _in_doubled_entities(value: str) -> Iterator[Form]:
    """Yield entities that a template has escaped once more."""
    for form in _in_entities(value):
        yield form._replace(text=form.text.replace("&", "&amp;"))


def _in_escapes(value: str) -> Iterator[Form]:
    data = value.encode("utf-8", "surrogatepass")
    for text in (json.dumps(value), json.dumps(value, ensure_ascii=False), repr(value), ascii(value), repr(data)[1:]):
        yield Form("json", text[1:-1])
    yield Form("escapes", str(escapejs(value)))
    yield Form("octal", "".join(_COOKIE.get(char, char) for char in value))
    units = value.encode("utf-16-be", "surrogatepass")
    pairs = [units[at : at + 2].hex() for at in range(0, len(units), 2)]
    yield Form("escapes", "".join(f"\\u{pair}" for pair in pairs))
    yield Form("escapes", "".join(f"\\u{pair.upper()}" for pair in pairs))
    yield Form("escapes", "".join(f"\\x{byte:02x}" for byte in data))
    yield Form("escapes", "".join(f"\\x{byte:02X}" for byte in data))
    yield Form("octal", "".join(f"\\{byte:03o}" for byte in data))


def _in_doubled_escapes(value: str) -> Iterator[Form]:
    """Yield escapes as a JSON text holds them, with every backslash twice."""
    for form in _in_escapes(value):
        yield form._replace(text=form.text.replace("\\", "\\\\"))


def _in_redoubled_escapes(value: str) -> Iterator[Form]:
    """Yield escapes as the JSON of a `repr` holds them."""
    for form in _in_escapes(value):
        yield form._replace(text=form.text.replace("\\", 4 * "\\"))


_COOKIE = {chr(code): f"\\{code:03o}" for code in (*range(32), *range(127, 256))} | {
    '"': '\\"',
    "\\": "\\\\",
    ",": "\\054",
    ";": "\\073",
}
"""How `http.cookies` quotes what a cookie must not hold."""


def _in_quoted_printable(value: str) -> Iterator[Form]:
    data = value.encode("utf-8", "surrogatepass")
    yield Form("quoted-printable", quopri.encodestring(data, quotetabs=False).decode("ascii"))
    yield Form("quoted-printable", "".join(f"={byte:02X}" for byte in data))


def _in_utf16(value: str) -> Iterator[Form]:
    for codec in ("utf-16-le", "utf-16-be"):
        yield Form("utf-16", value.encode(codec, "surrogatepass").decode("latin-1"))


def _grouped(separator: str) -> Callable[[str], Iterator[Form]]:
    def written(value: str) -> Iterator[Form]:
        if value.isascii() and value.isdigit() and len(value) in _CARD:
            yield Form("grouped", separator.join(value[at : at + 4] for at in range(0, len(value), 4)))

    return written


MARKED: Mapping[str, Callable[[str], Iterator[Form]]] = MappingProxyType(
    {
        "%": _in_percents,
        "%25": _in_doubled_percents,
        "+": _in_plus,
        "&": _in_entities,
        "&amp;": _in_doubled_entities,
        "\\": _in_escapes,
        "\\\\": _in_doubled_escapes,
        4 * "\\": _in_redoubled_escapes,
        "=": _in_quoted_printable,
        "\0": _in_utf16,
        " ": _grouped(" "),
        "-": _grouped("-"),
        ".": _grouped("."),
        "\xa0": _grouped("\xa0"),
    }
)
"""The ways to write a value that cannot do without a mark: where it is absent nothing more need be looked for.

A mark of one character is looked for at memory speed, a longer one costs as much as a form.
"""
