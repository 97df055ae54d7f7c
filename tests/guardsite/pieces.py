"""A response with values in it, cut into pieces of one size, packed or not, sync or async, on its way through the middleware."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import AsyncIterator, Iterator
from typing import Any

from asgiref.sync import async_to_sync
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import RequestFactory

from guardsite.views_going import ENCODINGS
from leaktight.guard.middleware import GuardMiddleware

VALUE = "k7Qz-9fWx2LmP3~tY"
TEXT = "\n".join(f"<p>{name} {write(VALUE)} and {'more ' * 40}</p>" for name, write in ENCODINGS.items()).encode()
"""Every encoding of the value, with text between: about eight kilobytes, so that pieces of every size up to 4096 cut it somewhere."""

PACKINGS: dict[str, Any] = {
    "": bytes,
    "gzip": gzip.compress,
    "deflate": zlib.compress,
}


def cut(data: bytes, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


def sent(size: int, packing: str, *, asynchronous: bool = False, guarded: bool = True) -> bytes:
    """Return what a client gets when the site sends the text in pieces of a size."""
    body = PACKINGS[packing](TEXT)
    headers = {"Content-Encoding": packing} if packing else {}

    async def pieces() -> AsyncIterator[bytes]:
        for piece in cut(body, size):
            yield piece

    def view(request: HttpRequest) -> HttpResponse:
        assert request.POST
        return StreamingHttpResponse(pieces() if asynchronous else cut(body, size), headers=headers)  # type: ignore[return-value]

    request = RequestFactory().post("/nowhere/", {"password": VALUE}, secure=True)
    response: Any = GuardMiddleware(view)(request) if guarded else view(request)

    async def whole() -> bytes:
        return b"".join([piece async for piece in response])

    data = async_to_sync(whole)() if asynchronous else b"".join(response)
    if response.headers.get("Content-Encoding"):
        data = zlib.decompressobj(wbits=47).decompress(data)
    return data
