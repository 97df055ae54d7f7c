"""Look below encodings of encodings in short texts: headers, cookies, addresses."""

from __future__ import annotations

import base64
import binascii
import html
import re
import zlib
from collections.abc import Callable, Iterator
from urllib.parse import unquote_plus

from leaktight.guard.values.search import Hit, Search

_DEEPEST = 3
LONGEST = 64 * 1024
"""No longer text is decoded, however it came."""
_MOST_UNPACKED = 1 << 20
_CODE = re.compile(r"[A-Za-z0-9+/_-]{8,}={0,2}")
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|([0-3][0-7]{2})|(.))")


def first_hit(search: Search, text: str, depth: int = _DEEPEST) -> Hit | None:
    """Return a hit in a text or in what it decodes to, up to three layers down; its place means nothing below the first."""
    if hits := search.hits(text):
        return hits[0]
    if depth == 0 or len(text) > LONGEST:
        return None
    for inner in _decoded(text):
        if hit := first_hit(search, inner, depth - 1):
            return hit
    return None


def layers(text: str, depth: int = _DEEPEST) -> Iterator[str]:
    """Yield what a text decodes to, layer below layer, three at most; noise, which most words give as base64, is left out."""
    if depth == 0 or len(text) > LONGEST:
        return
    for inner in _decoded(text):
        if _is_text(inner):
            yield inner
            yield from layers(inner, depth - 1)


def _is_text(inner: str) -> bool:
    """Tell text from noise: two thirds of a text are ASCII, in whatever language its values are."""
    return inner.isascii() or len(inner.encode("ascii", "ignore")) * 3 > len(inner) * 2


def mask(search: Search, text: str, stand_in: Callable[[Hit], str]) -> tuple[str, list[Hit]]:
    """Return a text without values: each where it stands, or the whole text when one lies below an encoding."""
    masked, hits = search.mask(text, stand_in)
    below = first_hit(search, masked)
    if below is not None:
        return stand_in(below), [*hits, below]
    return masked, hits


def _decoded(text: str) -> Iterator[str]:
    if "%" in text or "+" in text:
        yield from _changed(text, unquote_plus(text))
    if "&" in text:
        yield from _changed(text, html.unescape(text))
    if "\\" in text:
        yield from _changed(text, _ESCAPE.sub(_character, text))
    for code in _CODE.findall(text):
        yield from _from_base64(code)


def _changed(text: str, decoded: str) -> Iterator[str]:
    if decoded != text:
        yield decoded


def _character(match: re.Match[str]) -> str:
    wide, narrow, octal, plain = match.groups()
    return plain or chr(int(octal, 8) if octal else int(wide or narrow, 16))


def _from_base64(code: str) -> Iterator[str]:
    """Yield what a code holds: text, or what zlib has packed, as Django does for what it signs."""
    plain = code.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        data = base64.b64decode(plain + "=" * (-len(plain) % 4))
    except binascii.Error:
        return
    yield data.decode("latin-1")
    if data[:1] in {b"\x78", b"\x1f"}:
        unpacked = unpack(data)
        if unpacked is not None:
            yield unpacked.decode("latin-1")


def unpack(data: bytes, most: int = _MOST_UNPACKED) -> bytes | None:
    """Return what zlib or gzip has packed, up to a size; None when it is no such thing."""
    try:
        return zlib.decompressobj(wbits=47).decompress(data, most)
    except zlib.error:
        return None
