"""Packed bodies, unpacked as they come and a limited amount at a time, so that no small body becomes one that fills the memory."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from typing import Any, Protocol

_AT_ONCE = 1 << 20
"""About so much is given at once; zstd may give eight times as much."""
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
    """gzip, and deflate with the header that RFC 9110, 8.4.1.2 asks for or without it, as some send it."""

    def __init__(self, *bits: int) -> None:
        self._ways = [zlib.decompressobj(wbits=each) for each in bits]

    def feed(self, data: bytes) -> Iterator[bytes]:
        while not self._ways[0].eof:  # browsers do not read on either
            out = self._decompress(data)
            if out:
                yield out
            data = self._ways[0].unconsumed_tail
            if len(out) < _AT_ONCE:
                return

    def is_whole(self) -> bool:
        return not self._ways[0].unused_data

    def _decompress(self, data: bytes) -> bytes:
        while True:
            try:
                out = self._ways[0].decompress(data, _AT_ONCE)
            except zlib.error:
                self._ways.pop(0)
                if not self._ways:
                    self._ways.append(zlib.decompressobj())
                    raise NotInspectable("deflate") from None
            else:
                del self._ways[1:]
                return out


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
    "gzip": lambda: _Zlib(47),
    "x-gzip": lambda: _Zlib(47),
    "deflate": lambda: _Zlib(47, -15),
    "br": _Brotli,
    "zstd": _Zstd,
}
