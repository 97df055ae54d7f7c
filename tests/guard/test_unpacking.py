"""Packed bodies are looked into, whole and streamed, and a small one that unpacks to a huge one takes no memory and is not sent."""

from __future__ import annotations

import asyncio
import gzip
import sys
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import brotli
import pytest
import zstandard
from django.http import HttpResponse, StreamingHttpResponse
from django.test import RequestFactory
from guardsite.exposure import holds

from leaktight.guard.going import unpacking
from leaktight.guard.going.bodies import _unpacked
from leaktight.guard.going.unpacking import NotInspectable, unpacker
from leaktight.guard.middleware import GuardMiddleware

CANARY = "k7Qz-9fWx2LmP3~tY"
PAGE = "".join(f"<p>row {number}</p>" for number in range(900)) + f"<p>{CANARY}</p>" + "<p>end</p>" * 40
CLEAN = PAGE.replace(CANARY, "***")


def _raw(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstandard.compress,
}
BOMB = 256 << 20

pytestmark = pytest.mark.django_db


def _answered(response: Any, sent: str = CANARY) -> Any:
    request = RequestFactory().post("/nowhere/", {"password": sent}, secure=True)

    def view(request: Any) -> Any:
        assert request.POST
        return response

    return GuardMiddleware(view)(request)


def _cut(data: bytes, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


@pytest.mark.parametrize("packed", PACKERS)
@pytest.mark.parametrize("size", [1, 7, 100, 1 << 20])
def test_a_streamed_body_is_looked_into_wherever_it_is_cut(packed: str, size: int) -> None:
    body = PACKERS[packed](PAGE.encode())
    headers = {"Content-Encoding": packed}
    reader = unpacker(packed)
    assert reader is not None
    assert holds(b"".join(reader.feed(body)), CANARY)
    response = _answered(StreamingHttpResponse(_cut(body, size), headers=headers))
    assert response.getvalue() == CLEAN.encode()
    assert "Content-Encoding" not in response.headers


@pytest.mark.parametrize("packed", PACKERS)
def test_an_async_streamed_body_is_looked_into(packed: str) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for piece in _cut(PACKERS[packed](PAGE.encode()), 50):
            yield piece

    async def read() -> bytes:
        response = _answered(StreamingHttpResponse(pieces(), headers={"Content-Encoding": packed}))
        return b"".join([piece async for piece in response.streaming_content])

    assert asyncio.run(read()) == CLEAN.encode()


@pytest.mark.parametrize("packed", PACKERS)
def test_a_streamed_body_of_a_request_without_a_value_stays_packed(packed: str) -> None:
    body = PACKERS[packed](PAGE.encode())
    response = _answered(StreamingHttpResponse(_cut(body, 100), headers={"Content-Encoding": packed}), "")
    assert response.getvalue() == body
    assert response.headers["Content-Encoding"] == packed


@pytest.mark.parametrize("packed", PACKERS)
def test_a_whole_body_is_looked_into(packed: str) -> None:
    response = _answered(HttpResponse(PACKERS[packed](PAGE.encode()), headers={"Content-Encoding": packed}))
    assert response.content == CLEAN.encode()


def test_deflate_without_a_header_is_looked_into_whole_and_streamed() -> None:
    body = _raw(PAGE.encode())
    headers = {"Content-Encoding": "deflate"}
    assert _answered(HttpResponse(body, headers=headers)).content == CLEAN.encode()
    for size in (1, 2, 3, 100):
        assert _answered(StreamingHttpResponse(_cut(body, size), headers=headers)).getvalue() == CLEAN.encode()


@pytest.mark.parametrize("packed", ["gzip", "deflate"])
def test_a_packed_body_that_never_begins_holds_nothing(packed: str) -> None:
    headers = {"Content-Encoding": packed}
    for body in (b"", b"x"):
        assert _answered(HttpResponse(body, headers=headers)).content == body
        assert _answered(StreamingHttpResponse([body], headers=headers)).getvalue() == b""


@pytest.fixture(scope="module")
def bombs() -> dict[str, bytes]:
    data = bytes(BOMB)
    made = {packed: PACKERS[packed](data) for packed in ("gzip", "deflate", "zstd")}
    return made | {"br": brotli.compress(data, quality=5)}


@pytest.mark.parametrize("packed", ["gzip", "deflate", "br", "zstd"])
def test_a_bomb_is_not_sent_and_takes_no_memory(packed: str, bombs: dict[str, bytes]) -> None:
    assert len(bombs[packed]) < BOMB >> 9
    tracemalloc.start()
    try:
        response = _answered(HttpResponse(bombs[packed], headers={"Content-Encoding": packed}))
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert response.status_code == 500
    assert most < BOMB * 3 // 5  # 64 MB are looked at


@pytest.mark.parametrize("packed", ["gzip", "deflate", "br", "zstd"])
def test_a_streamed_bomb_is_unpacked_a_little_at_a_time(packed: str, bombs: dict[str, bytes]) -> None:
    reader = unpacker(packed)
    assert reader is not None
    sizes = [len(piece) for piece in reader.feed(bombs[packed])]
    assert sum(sizes) == BOMB
    assert max(sizes) <= 8 << 20


@pytest.mark.parametrize("packed", [*PACKERS, "unheard-of"])
def test_what_is_not_packed_as_its_header_says_is_not_sent(packed: str) -> None:
    headers = {"Content-Encoding": packed}
    assert _answered(HttpResponse(f"no such packing: {CANARY}", headers=headers)).status_code == 500
    if packed == "unheard-of":
        assert _answered(StreamingHttpResponse([CANARY], headers=headers)).status_code == 500
        return
    with pytest.raises(NotInspectable):
        _answered(StreamingHttpResponse([f"no such packing: {CANARY}"], headers=headers)).getvalue()


@pytest.mark.parametrize("packed", ["gzip", "br"])
def test_what_comes_behind_the_end_is_not_sent(packed: str) -> None:
    both = [PACKERS[packed](b"clean"), PACKERS[packed](CANARY.encode())]
    with pytest.raises(NotInspectable):
        _unpacked(b"".join(both), packed)
    streamed = _answered(StreamingHttpResponse(both, headers={"Content-Encoding": packed}))
    assert streamed.getvalue() == b"clean"


@pytest.mark.parametrize(("packed", "library"), [("br", "brotli"), ("zstd", "zstandard")])
def test_without_the_library_nothing_is_sent(packed: str, library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    body, headers = PACKERS[packed](PAGE.encode()), {"Content-Encoding": packed}
    assert _answered(HttpResponse(body, headers=headers)).status_code == 500
    assert _answered(StreamingHttpResponse([body], headers=headers)).status_code == 500


def test_a_brotli_that_knows_no_limit_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    class Unlimited:
        def process(self, data: bytes) -> bytes:
            raise AssertionError(data)

    monkeypatch.setattr(brotli, "Decompressor", Unlimited)
    response = _answered(HttpResponse(PACKERS["br"](PAGE.encode()), headers={"Content-Encoding": "br"}))
    assert response.status_code == 500


def test_a_window_larger_than_a_browsers_is_not_looked_through(monkeypatch: pytest.MonkeyPatch) -> None:
    packer = zstandard.ZstdCompressor(compression_params=zstandard.ZstdCompressionParameters(window_log=24)).compressobj()
    body = packer.compress(PAGE.encode()) + packer.flush()
    with pytest.raises(NotInspectable):
        _unpacked(body, "zstd")
    monkeypatch.setattr(unpacking, "_ZSTD_WINDOW", 1 << 24)
    assert holds(_unpacked(body, "zstd"), CANARY)
