"""Bodies, whole or in pieces, packed or not: the values of the request are taken out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from leaktight.guard.conf import Mode
from leaktight.guard.going.fields import field, fields_of, without
from leaktight.guard.going.found import STAND_IN, Found
from leaktight.guard.going.unpacking import NotInspectable, unpacker
from leaktight.guard.values.search import merged, replaced
from leaktight.guard.values.stream import Strainer
from leaktight.policy import Channel

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

    from leaktight.guard.values.registry import Registry

_MOST_UNPACKED = 64 * 1024 * 1024
_AS_IT_IS = frozenset({"utf8", "usascii", "ascii", "latin1", "iso88591"})


def strain_whole(request: HttpRequest, response: HttpResponse, registry: Registry) -> Found | None:
    """Take the values out of a response that is there as a whole. Raises `NotInspectable`."""
    search = registry.settled(Channel.RESPONSE_BODY)
    body = response.content if search else b""
    if not body:
        return None
    fields = fields_of(response)
    if "content-encoding" in fields and (packed := fields["content-encoding"][1].strip().lower()):
        body = _unpacked(body, packed)
    charset = _charset(response)
    if charset == "utf-8" or charset.lower().replace("-", "").replace("_", "") in _AS_IT_IS or not _is_encoding(charset):
        charset = "latin-1"
        hits = search.hits_in_bytes(body)
    else:  # a text in an encoding of its own, such as UTF-16
        hits = search.hits(body.decode(charset, "replace"))
    if not hits:
        return None
    hits = merged(hits)
    found = Found(request, Channel.RESPONSE_BODY)
    for hit in hits:
        found(hit)
    if found.mode is Mode.MASK:
        clean = replaced(body.decode(charset, "replace"), hits, lambda _: STAND_IN).encode(charset, "replace")
        response.content = clean
        if field(response, "content-length"):
            response.headers["Content-Length"] = str(len(clean))
        without(response, "content-encoding", "etag")
    return found


def _is_encoding(charset: str) -> bool:
    """Tell whether Python knows an encoding of text by this name; others, as `x-user-defined` and `binary`, mean bytes as they are."""
    try:
        b"x".decode(charset, "replace")  # nothing would be decoded without a look at the name
    except (LookupError, ValueError):
        return False
    return True


def _charset(response: HttpResponse) -> str:
    """Return `response.charset`, which takes longer to ask for than a value to be looked for; nearly always it is as its header says."""
    if response.__dict__.get("_charset", "") is None and field(response, "content-type").endswith("; charset=utf-8"):
        return "utf-8"
    return str(response.charset)


def _unpacked(body: bytes, packed: str) -> bytes:
    reader = unpacker(packed)
    if reader is None:
        return body
    pieces, size = [], 0
    for piece in reader.feed(body):
        pieces.append(piece)
        size += len(piece)
        if size > _MOST_UNPACKED:
            raise NotInspectable("too large")
    if not reader.is_whole():
        raise NotInspectable("packed in several parts, or not to its end")
    return b"".join(pieces)


def strain_pieces(request: HttpRequest, response: StreamingHttpResponse, registry: Registry) -> None:
    """Take the values out of a response while it is sent: those known by then, in every piece. Raises `NotInspectable`."""
    reader = unpacker(field(response, "content-encoding").strip().lower())
    without(response, "content-length", "etag", *(() if reader is None else ("content-encoding",)))
    unpack = _as_it_is if reader is None else reader.feed
    found = Found(request, Channel.RESPONSE_BODY)
    keep = found.mode is Mode.REPORT
    strainer = Strainer(lambda: registry.search(Channel.RESPONSE_BODY), lambda _: STAND_IN, found)
    pieces: Any = response.streaming_content
    if response.is_async:
        response.streaming_content = _strain_async(pieces, strainer, unpack, found, keep=keep)
    else:
        response.streaming_content = _strain(pieces, strainer, unpack, found, keep=keep)


def _as_it_is(piece: bytes) -> Iterable[bytes]:
    return (bytes(piece),)


def _strain(
    pieces: Iterator[bytes], strainer: Strainer, unpack: Callable[[bytes], Iterable[bytes]], found: Found, *, keep: bool
) -> Iterator[bytes]:
    for piece in pieces:
        for data in unpack(piece):
            out = strainer.feed(data)
            if found.stops:
                return
            if keep or out:
                yield data if keep else out
    out = strainer.end()
    if out and not keep and not found.stops:
        yield out


async def _strain_async(
    pieces: AsyncIterator[bytes], strainer: Strainer, unpack: Callable[[bytes], Iterable[bytes]], found: Found, *, keep: bool
) -> AsyncIterator[bytes]:
    async for piece in pieces:
        for data in unpack(piece):
            out = strainer.feed(data)
            if found.stops:
                return
            if keep or out:
                yield data if keep else out
    out = strainer.end()
    if out and not keep and not found.stops:
        yield out
