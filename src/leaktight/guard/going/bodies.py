"""Bodies, whole or in pieces, packed or not: the values of the request are taken out."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from typing import TYPE_CHECKING, Any

from leaktight.guard.conf import Mode
from leaktight.guard.going.found import STAND_IN, Found
from leaktight.guard.values.search import merged, replaced
from leaktight.guard.values.stream import Strainer
from leaktight.policy import Channel

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

    from leaktight.guard.values.registry import Registry

_MOST_UNPACKED = 64 * 1024 * 1024
_AS_IT_IS = frozenset({"utf8", "usascii", "ascii", "latin1", "iso88591"})
_PACKED = frozenset({"gzip", "x-gzip", "deflate"})


class NotInspectable(Exception):
    """A body is packed in a way that cannot be looked into, or unpacks to more than is looked at."""


def strain_whole(request: HttpRequest, response: HttpResponse, registry: Registry) -> Found | None:
    """Take the values out of a response that is there as a whole. Raises `NotInspectable`."""
    search = registry.search(Channel.RESPONSE_BODY)
    if not search or not response.content:
        return None
    packed = response.headers.get("Content-Encoding", "").strip().lower()
    body = _unpacked(response.content, packed)
    charset = response.charset
    if charset == "utf-8" or charset.lower().replace("-", "").replace("_", "") in _AS_IT_IS or not _is_encoding(charset):
        charset = "latin-1"
        hits = merged(search.hits_in_bytes(body))
    else:  # a text in an encoding of its own, such as UTF-16
        hits = merged(search.hits(body.decode(charset, "replace")))
    if not hits:
        return None
    found = Found(request, Channel.RESPONSE_BODY)
    for hit in hits:
        found(hit)
    if found.mode is Mode.MASK:
        clean = replaced(body.decode(charset, "replace"), hits, lambda _: STAND_IN).encode(charset, "replace")
        if packed:
            del response.headers["Content-Encoding"]
        response.content = clean
        if response.headers.get("Content-Length"):
            response.headers["Content-Length"] = str(len(clean))
        if "ETag" in response.headers:
            del response.headers["ETag"]
    return found


def _is_encoding(charset: str) -> bool:
    """Tell whether Python knows an encoding of text by this name; others, as `x-user-defined` and `binary`, mean bytes as they are."""
    try:
        b"x".decode(charset, "replace")  # nothing would be decoded without a look at the name
    except (LookupError, ValueError):
        return False
    return True


def _unpacked(body: bytes, packed: str) -> bytes:
    if packed in {"", "identity"}:
        return body
    if packed == "br":
        return _from_brotli(body)
    if packed == "zstd":
        return _from_zstd(body)
    if packed not in _PACKED:
        raise NotInspectable(packed)
    for bits in (47, -15):
        try:
            reader = zlib.decompressobj(wbits=bits)
            data = reader.decompress(body, _MOST_UNPACKED)
        except zlib.error:
            continue
        if reader.unconsumed_tail or reader.unused_data:
            raise NotInspectable("too large, or packed in several parts")
        return data
    raise NotInspectable(packed)


def _from_brotli(body: bytes) -> bytes:
    try:
        import brotli  # type: ignore[import-untyped]
    except ImportError:
        raise NotInspectable("br") from None
    try:
        data: bytes = brotli.decompress(body)
    except brotli.error:
        raise NotInspectable("br") from None
    return data


def _from_zstd(body: bytes) -> bytes:
    """Unpack all frames (RFC 8878), where the site has the library for it."""
    try:
        import zstandard
    except ImportError:
        raise NotInspectable("zstd") from None
    try:
        with zstandard.ZstdDecompressor().stream_reader(body, read_across_frames=True) as reader:
            data: bytes = reader.read(_MOST_UNPACKED + 1)
    except zstandard.ZstdError:
        raise NotInspectable("zstd") from None
    if len(data) > _MOST_UNPACKED:
        raise NotInspectable("too large")
    return data


def strain_pieces(request: HttpRequest, response: StreamingHttpResponse, registry: Registry) -> None:
    """Take the values out of a response while it is sent: those known by then, in every piece. Raises `NotInspectable`."""
    packed = response.headers.get("Content-Encoding", "").strip().lower()
    if packed not in {"", "identity"} and packed not in _PACKED:
        raise NotInspectable(packed)
    for header in ("Content-Length", "ETag", *(("Content-Encoding",) if packed in _PACKED else ())):
        if header in response.headers:
            del response.headers[header]
    unpack = zlib.decompressobj(wbits=47).decompress if packed in _PACKED else bytes
    found = Found(request, Channel.RESPONSE_BODY)
    keep = found.mode is Mode.REPORT
    strainer = Strainer(lambda: registry.search(Channel.RESPONSE_BODY), lambda _: STAND_IN, found)
    pieces: Any = response.streaming_content
    if response.is_async:
        response.streaming_content = _strain_async(pieces, strainer, unpack, found, keep=keep)
    else:
        response.streaming_content = _strain(pieces, strainer, unpack, found, keep=keep)


def _strain(
    pieces: Iterator[bytes], strainer: Strainer, unpack: Callable[[bytes], bytes], found: Found, *, keep: bool
) -> Iterator[bytes]:
    for piece in pieces:
        data = unpack(piece)
        out = strainer.feed(data)
        if found.stops:
            return
        if keep or out:
            yield data if keep else out
    out = strainer.end()
    if out and not keep and not found.stops:
        yield out


async def _strain_async(
    pieces: AsyncIterator[bytes], strainer: Strainer, unpack: Callable[[bytes], bytes], found: Found, *, keep: bool
) -> AsyncIterator[bytes]:
    async for piece in pieces:
        data = unpack(piece)
        out = strainer.feed(data)
        if found.stops:
            return
        if keep or out:
            yield data if keep else out
    out = strainer.end()
    if out and not keep and not found.stops:
        yield out
