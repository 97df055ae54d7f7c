"""Packed bodies, unpacked as they come and a limited amount at a time, so that no small body becomes one that fills the memory."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from typing import Any, Protocol

_AT_ONCE = 1 << 20
"""About so much is given at once; zstd may give eight times as much."""
_ZLIB_HEADER = 2
"""The length of the header that zlib begins with; a part of it is a sum of the rest (RFC 1950, 2.2)."""
_GZIP = zlib.MAX_WBITS + 16
_ZSTD_INPUT = 256
"""So much of zstd is unpacked at once: a block takes at least 4 bytes and gives at most 128 KB (RFC 8878, 3.1.1.2)."""
_ZSTD_WINDOW = 8 << 20
"""What a browser keeps at most (RFC 9659, 3)."""


class NotInspectable(Exception):
    """A body is packed in a way that cannot be looked into, or unpacks to more than is looked at."""


class Unpacker(Protocol):
    """Unpacks one body."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield what the next piece of the body unpacks to. Raises `NotInspectable`."""

    def is_whole(self) -> bool:
        """Tell whether all of the body was looked at: nothing came behind its end."""


def unpacker(packed: str) -> Unpacker | None:
    """Return what unpacks a body with this `Content-Encoding`; None when it is not packed. Raises `NotInspectable`."""
    if packed in {"", "identity"}:
        return None
    known = _UNPACKERS.get(packed)
    if known is None:
        raise NotInspectable(packed)
    try:
        return known()
    except ImportError:  # the library for it is not installed
        raise NotInspectable(packed) from None


class _Zlib:
    def __init__(self, bits: int) -> None:
        self._reader = zlib.decompressobj(bits)

    def feed(self, data: bytes) -> Iterator[bytes]:
        while not self._reader.eof:  # browsers do not read on either
            try:
                out = self._reader.decompress(data, _AT_ONCE)
            except zlib.error:
                raise NotInspectable("gzip or deflate") from None
            if out:
                yield out
            data = self._reader.unconsumed_tail
            if len(out) < _AT_ONCE:
                return

    def is_whole(self) -> bool:
        return not self._reader.unused_data


class _Deflate:
    """deflate with the header that RFC 9110, 8.4.1.2 asks for, or without it, as some send it: the first two bytes tell."""

    def __init__(self) -> None:
        self._begin = b""
        self._reader: _Zlib | None = None

    def feed(self, data: bytes) -> Iterator[bytes]:
        if self._reader is None:
            data = self._begin = self._begin + data
            if len(data) < _ZLIB_HEADER:
                return
            has_header = data[0] & 0x8F == zlib.DEFLATED and int.from_bytes(data[:_ZLIB_HEADER], "big") % 31 == 0
            self._reader = _Zlib(zlib.MAX_WBITS if has_header else -zlib.MAX_WBITS)
        yield from self._reader.feed(data)

    def is_whole(self) -> bool:
        return self._reader is None or self._reader.is_whole()


class _Brotli:
    def __init__(self) -> None:
        import brotli  # type: ignore[import-untyped]

        self._error: type[Exception] = brotli.error
        self._reader: Any = brotli.Decompressor()
        if not hasattr(self._reader, "can_accept_more_data"):  # before 1.2 there is no limit to what it gives
            raise NotInspectable("br")

    def feed(self, data: bytes) -> Iterator[bytes]:
        while not self._reader.is_finished():
            try:
                out: bytes = self._reader.process(data, output_buffer_limit=_AT_ONCE)
            except self._error:
                raise NotInspectable("br") from None
            if out:
                yield out
            elif self._reader.can_accept_more_data():
                return
            data = b""

    def is_whole(self) -> bool:
        return bool(self._reader.is_finished())


class _Zstd:
    """All frames of a body (RFC 8878)."""

    def __init__(self) -> None:
        import zstandard

        self._error: type[Exception] = zstandard.ZstdError
        self._reader = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW).decompressobj(read_across_frames=True)

    def feed(self, data: bytes) -> Iterator[bytes]:
        for at in range(0, len(data), _ZSTD_INPUT):
            try:
                out = self._reader.decompress(data[at : at + _ZSTD_INPUT])
            except self._error:
                raise NotInspectable("zstd") from None
            if out:
                yield out

    def is_whole(self) -> bool:
        return True  # whatever comes behind a frame is one more frame, or an error


_UNPACKERS: dict[str, Callable[[], Unpacker]] = {
    "gzip": lambda: _Zlib(_GZIP),
    "x-gzip": lambda: _Zlib(_GZIP),
    "deflate": _Deflate,
    "br": _Brotli,
    "zstd": _Zstd,
}
