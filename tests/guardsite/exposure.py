"""Tells whether a text holds a secret in any encoding, without the guard's own idea of encodings: it decodes until nothing new comes."""

from __future__ import annotations

import base64
import binascii
import html
import quopri
import re
import zlib
from collections.abc import Callable, Iterator
from functools import lru_cache
from urllib.parse import unquote_to_bytes

_DEEPEST = 3
_READABLE = re.compile(rb"[\t-~]{8}|(?:[\t-~]\0){8}|(?:\0[\t-~]){8}")
"""What a secret of eight readable characters is, or is written as; most words of a page are base64 of nothing of the kind."""

_CODES = re.compile(rb"[A-Za-z0-9+/_-]{8,}")
_TEXT = re.compile(rb"[\t-~]+")


def holds(data: bytes | str, secret: str) -> bool:
    """Tell whether data holds a secret: raw, in UTF-16, or below percent signs, entities, escapes, hex, base64, quoted-printable or packing."""
    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else bytes(data)
    needles = [secret.encode(), secret.encode("utf-16-le"), secret.encode("utf-16-be"), secret[::-1].encode()]
    can_be_in = _READABLE.search if _READABLE.fullmatch(needles[0][:8]) else bool
    seen = {raw}
    layer = [raw]
    for _ in range(_DEEPEST + 1):
        if any(needle in text for text in layer for needle in needles):
            return True
        layer = [
            new
            for text in layer
            for new in _decoded(text, can_be_in)
            if new not in seen and can_be_in(new) and not seen.add(new)  # type: ignore[func-returns-value]
        ]
    return False


def unpacked(data: bytes) -> bytes:
    """The data, and what zlib has packed anywhere in it, as in the files of a cache; two bytes that look like its head may be there by chance."""
    texts, at = [data], data.find(b"x\x9c")
    while at >= 0:
        try:
            texts.append(zlib.decompressobj().decompress(data[at:]))
        except zlib.error:
            pass
        at = data.find(b"x\x9c", at + 1)
    return b"\n".join(texts)


def _decoded(data: bytes, can_be_in: Callable[[bytes], object]) -> Iterator[bytes]:
    if b"%" in data or b"+" in data:
        yield unquote_to_bytes(data.replace(b"+", b" "))
    if b"&" in data:
        yield html.unescape(data.decode("latin-1")).encode("utf-8")
    if b"=" in data:
        yield quopri.decodestring(data)
    if b"\\" in data:
        yield re.sub(rb"\\u00([0-9a-fA-F]{2})|\\x([0-9a-fA-F]{2})|\\([0-3][0-7]{2})|\\(.)", _character, data)
    yield from _unpacked(data)
    # What the codes in a text hold goes on together: there are thousands of words that could be one.
    readable = []
    for code in set(_CODES.findall(data)):
        for part in _held_by(code):
            if can_be_in(part):
                readable.append(part)
                if _TEXT.fullmatch(part):
                    yield part  # on its own, too, since what it decodes to may be packed as a whole
            yield from _unpacked(part)
    yield b"\n".join(readable)


def _unpacked(data: bytes) -> Iterator[bytes]:
    if not data.startswith(b"\x1f\x8b") and (len(data) < 2 or data[0] & 15 != 8 or int.from_bytes(data[:2], "big") % 31):
        return  # neither the head of gzip nor that of zlib
    try:
        yield zlib.decompressobj(wbits=47).decompress(data, 1 << 20)
    except zlib.error:
        return


@lru_cache(maxsize=1 << 16)
def _held_by(code: bytes) -> tuple[bytes, ...]:
    """What a word holds if it is hex, base64 or base32, wherever that begins. The same words come in every version of a text."""
    return (*_hex(code), *_base64(code), *_base32(code))


def _hex(code: bytes) -> Iterator[bytes]:
    for match in re.finditer(rb"(?:[0-9a-fA-F]{2}){8,}", code):
        yield binascii.unhexlify(match[0])


def _base64(code: bytes) -> Iterator[bytes]:
    code = code.replace(b"-", b"+").replace(b"_", b"/")
    for start in range(4):
        part = code[start:]
        rest = len(part) % 4
        yield binascii.a2b_base64(part + b"==="[: 4 - rest] if rest > 1 else part[: len(part) - rest])


def _base32(code: bytes) -> Iterator[bytes]:
    for match in re.finditer(rb"[A-Z2-7]{16,}", code):
        for start in range(8):
            part = match[0][start:]
            yield base64.b32decode(part + b"A" * (-len(part) % 8))


def _character(match: re.Match[bytes]) -> bytes:
    plain = match[4]
    return plain if plain is not None else bytes([int(match[3], 8) if match[3] else int(match[1] or match[2], 16)])
