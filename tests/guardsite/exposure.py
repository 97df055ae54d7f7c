"""Tells whether a text holds a secret in any encoding, without the guard's own idea of encodings: it decodes until nothing new comes."""

from __future__ import annotations

import base64
import binascii
import gzip
import html
import quopri
import re
import zlib
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

_DEEPEST = 3


def holds(data: bytes | str, secret: str) -> bool:
    """Tell whether data holds a secret: raw, in UTF-16, or below percent signs, entities, escapes, hex, base64, quoted-printable or packing."""
    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else bytes(data)
    needles = [secret.encode(), secret.encode("utf-16-le"), secret.encode("utf-16-be"), secret[::-1].encode()]
    seen = {raw}
    layer = [raw]
    for _ in range(_DEEPEST + 1):
        if any(needle in text for text in layer for needle in needles):
            return True
        layer = [new for text in layer for new in _decoded(text) if new not in seen and not seen.add(new)]  # type: ignore[func-returns-value]
    return False


def _decoded(data: bytes) -> Iterator[bytes]:
    yield unquote_to_bytes(data.replace(b"+", b" "))
    yield html.unescape(data.decode("latin-1")).encode("utf-8")
    yield quopri.decodestring(data)
    for unpack in (gzip.decompress, zlib.decompress):
        try:
            yield unpack(data)
        except (OSError, EOFError, zlib.error):
            continue
    yield re.sub(rb"\\u00([0-9a-fA-F]{2})|\\x([0-9a-fA-F]{2})|\\([0-3][0-7]{2})|\\(.)", _character, data)
    for match in re.finditer(rb"(?:[0-9a-fA-F]{2}){8,}", data):
        yield binascii.unhexlify(match[0])
    for match in re.finditer(rb"[A-Za-z0-9+/_-]{8,}", data):
        code = match[0].replace(b"-", b"+").replace(b"_", b"/")
        for start in range(4):
            part = code[start:]
            text = base64.b64decode(
                part[: len(part) // 4 * 4] + (part[len(part) // 4 * 4 :] + b"==="[: -len(part) % 4] if len(part) % 4 > 1 else b"")
            )
            yield text
            if text[:1] in {b"x", b"\x1f"}:
                try:
                    yield zlib.decompressobj(wbits=47).decompress(text, 1 << 20)
                except zlib.error:
                    continue
    for match in re.finditer(rb"[A-Z2-7]{16,}", data):
        for start in range(8):
            part = match[0][start:]
            yield base64.b32decode(part + b"A" * (-len(part) % 8))


def _character(match: re.Match[bytes]) -> bytes:
    plain = match[4]
    return plain if plain is not None else bytes([int(match[3], 8) if match[3] else int(match[1] or match[2], 16)])
