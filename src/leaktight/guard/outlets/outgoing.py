"""Outgoing HTTP: a value leaves only over verified TLS, never in an address, and only to the hosts its label may go to."""

from __future__ import annotations

import functools
import http.client
import json
import re
import ssl
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from typing import Any

from leaktight.guard.blocked import LeakBlocked
from leaktight.guard.conf import Mode, configuration
from leaktight.guard.fingerprint import fingerprint
from leaktight.guard.incidents import Incident, tell
from leaktight.guard.outlets.loading import wait_no_more, when_loaded
from leaktight.guard.values.deep import first_hit
from leaktight.guard.values.registry import current
from leaktight.guard.values.search import Hit, Search
from leaktight.guard.verdict import forbidden
from leaktight.policy import Channel

_BLOCK = 1 << 20
_TAIL = "_leaktight_tail"
_CHUNK = re.compile(rb"[0-9A-Fa-f]+\r\n(.*)\r\n", re.DOTALL)
"""A piece of a body as `http.client` frames it when the length of the whole is not known."""

_undo: dict[str, Callable[[], None]] = {}


def install() -> None:
    """Hook `http.client`, which urllib, urllib3 and requests speak through, and httpx and aiohttp as soon as the site has loaded them."""
    _replace("http.client", http.client.HTTPConnection, "send", _http_client)
    when_loaded("httpx", _hook_httpx)
    when_loaded("aiohttp", _hook_aiohttp)


def remove() -> None:
    """Leave outgoing HTTP to itself again."""
    wait_no_more(_hook_httpx)
    wait_no_more(_hook_aiohttp)
    for undo in _undo.values():
        undo()
    _undo.clear()


def _hook_httpx(httpx: Any) -> None:
    _replace("httpx", httpx.HTTPTransport, "handle_request", _httpx)
    _replace("httpx async", httpx.AsyncHTTPTransport, "handle_async_request", _httpx_async)


def _hook_aiohttp(aiohttp: Any) -> None:
    _replace("aiohttp", aiohttp.ClientSession, "_request", _aiohttp)
    _replace("aiohttp redirects", aiohttp.ClientRequest, "send", _aiohttp_send)


def _replace(name: str, owner: Any, method: str, wrapper: Callable[[Any], Any]) -> None:
    if name not in _undo:
        original = getattr(owner, method)
        setattr(owner, method, functools.wraps(original)(wrapper(original)))
        _undo[name] = functools.partial(setattr, owner, method, original)


class _Way:
    """Where a request goes and how, which decides whether a value may go along."""

    def __init__(self, search: Search, host: str, *, tls: bool, verified: bool) -> None:
        self.search = search
        self.host = host
        self.tls = tls
        self.verified = verified
        self.tail = b""
        """The end of what was sent so far, in which a value may begin."""

    def address(self, text: str) -> None:
        """Check an address. Raises `LeakBlocked`."""
        hit = first_hit(self.search, text)
        if hit is not None and (forbidden(hit.label, Channel.REQUEST_URL) or self._problem(hit)):
            self._stop(hit, "it would stand in the address, which servers and proxies log")

    def content(self, data: Any) -> None:
        """Check headers or a body. Raises `LeakBlocked`."""
        hits = self.search.hits_in_bytes(data if isinstance(data, bytes) else bytes(data))
        for hit in hits:
            if problem := self._problem(hit):
                self._stop(hit, problem)

    def piece(self, data: bytes) -> None:
        """Check the next piece of a body together with the end of the last one. Raises `LeakBlocked`."""
        self.content(self.tail + data)
        self.tail = (self.tail + data)[-self.search.reach :]

    def _problem(self, hit: Hit) -> str:
        allowed = configuration().hosts.get(hit.label)
        if allowed is not None and self.host not in allowed:
            return f"{hit.label} is not to be sent to this host"
        if not configuration().needs_tls(self.host):
            return ""
        if not self.tls:
            return "the connection is not encrypted"
        return "" if self.verified else "nobody checks who is at the other end of the connection"

    def _stop(self, hit: Hit, why: str) -> None:
        mode = configuration().mode(Channel.OUTGOING_HTTP)
        tell(Incident(Channel.OUTGOING_HTTP, hit.label, hit.name, mode, fingerprint(hit.value), hit.form))
        if mode is not Mode.REPORT:  # a masked value would be of no use to whoever receives it
            raise LeakBlocked(Channel.OUTGOING_HTTP, hit.label, why)


def _verifies(context: ssl.SSLContext | None) -> bool:
    return context is not None and context.verify_mode is ssl.CERT_REQUIRED and context.check_hostname


# -- http.client -------------------------------------------------------------------------------


def _http_client(original: Callable[..., Any]) -> Callable[..., Any]:
    def send(self: http.client.HTTPConnection, data: Any) -> Any:
        search = current().known()
        if not search:
            return original(self, data)
        if self.sock is None and self.auto_open:
            self.connect()
        way = _way_of(self, search)
        checked = _checked(data, way, getattr(self, _TAIL, b""))
        setattr(self, _TAIL, way.tail)
        return original(self, checked)

    return send


def _way_of(connection: http.client.HTTPConnection, search: Search) -> _Way:
    sock = connection.sock
    context = getattr(sock, "context", None)
    host = getattr(connection, "_tunnel_host", None) or connection.host
    return _Way(search, host, tls=isinstance(context, ssl.SSLContext), verified=_verifies(context) or _pinned(connection))


def _pinned(connection: Any) -> bool:
    """Some clients check the name or a fingerprint themselves and say so."""
    return bool(getattr(connection, "is_verified", False))


def _checked(data: Any, way: _Way, tail: bytes) -> Any:
    """Check what is about to be sent: the first bytes hold the request line, all others go on where `tail` ends."""
    if isinstance(data, bytes | bytearray | memoryview):
        whole = bytes(data)
        line, _, rest = whole.partition(b"\r\n")
        if line.endswith((b" HTTP/1.1", b" HTTP/1.0")):
            way.address(line.decode("latin-1"))
            way.piece(rest)
        else:
            way.tail = tail
            framed = _CHUNK.fullmatch(whole)
            way.piece(framed[1] if framed else whole)
        return data
    if hasattr(data, "read"):
        return _read(data, way)
    if isinstance(data, str):
        way.tail = tail
        way.piece(data.encode("latin-1", "replace"))
        return data
    way.tail = tail
    return _each(data, way)


def _read(stream: Any, way: _Way) -> Any:
    """Check a file as a whole when it can be read twice, else piece by piece."""
    if hasattr(stream, "seekable") and stream.seekable():
        start = stream.tell()
        for _ in _each(iter(lambda: stream.read(_BLOCK) or b"", b""), way):
            pass
        stream.seek(start)
        return stream
    return _each(iter(lambda: stream.read(65536), b""), way)


def _each(pieces: Iterable[Any], way: _Way) -> Iterator[Any]:
    for piece in pieces:
        way.piece(piece.encode() if isinstance(piece, str) else bytes(piece))
        yield piece


# -- httpx and aiohttp -------------------------------------------------------------------------


def _httpx_way(transport: Any, request: Any) -> _Way | None:
    search = current().known()
    if not search:
        return None
    context = getattr(getattr(transport, "_pool", None), "_ssl_context", None)
    way = _Way(search, request.url.host, tls=request.url.scheme == "https", verified=_verifies(context))
    way.address(str(request.url))
    way.content(b"\n".join(b": ".join(pair) for pair in request.headers.raw))
    return way


def _httpx(original: Callable[..., Any]) -> Callable[..., Any]:
    def handle_request(self: Any, request: Any) -> Any:
        way = _httpx_way(self, request)
        if way is not None:
            if hasattr(request, "_content"):
                way.content(request.content)
            else:
                request.stream = _sync_stream(request.stream, way)
        return original(self, request)

    return handle_request


def _httpx_async(original: Callable[..., Any]) -> Callable[..., Any]:
    async def handle_async_request(self: Any, request: Any) -> Any:
        way = _httpx_way(self, request)
        if way is not None:
            if hasattr(request, "_content"):
                way.content(request.content)
            else:
                request.stream = _async_stream(request.stream, way)
        return await original(self, request)

    return handle_async_request


def _sync_stream(stream: Any, way: _Way) -> Any:
    class Checked(sys.modules["httpx"].SyncByteStream):  # type: ignore[misc]
        def __iter__(self) -> Iterator[bytes]:
            return _each(stream, way)

        def close(self) -> None:
            if hasattr(stream, "close"):
                stream.close()

    return Checked()


def _async_stream(stream: Any, way: _Way) -> Any:
    class Checked(sys.modules["httpx"].AsyncByteStream):  # type: ignore[misc]
        async def __aiter__(self) -> AsyncIterator[bytes]:
            async for piece in stream:
                way.piece(piece)
                yield piece

        async def aclose(self) -> None:
            if hasattr(stream, "aclose"):
                await stream.aclose()

    return Checked()


def _aiohttp(original: Callable[..., Any]) -> Callable[..., Any]:
    async def request(self: Any, method: str, url: Any, **named: Any) -> Any:
        search = current().known()
        if search:
            from yarl import URL

            target = URL(url) if isinstance(url, str) else url
            if getattr(self, "_base_url", None) is not None:
                target = self._base_url.join(target)
            context = named.get("ssl", getattr(self.connector, "_ssl", True))
            verified = context is True or context is None or (isinstance(context, ssl.SSLContext) and _verifies(context))
            way = _Way(search, target.host or "", tls=target.scheme in {"https", "wss"}, verified=verified)
            way.address(str(target.update_query(named["params"]) if named.get("params") else target))
            given = [dict(named.get("headers") or {}), dict(self.headers or {}), named.get("auth"), named.get("cookies")]
            way.content(repr(given).encode())
            if named.get("json") is not None:
                way.content(json.dumps(named["json"], default=str).encode())
            if named.get("data") is not None:
                data = named["data"]
                way.content(data if isinstance(data, bytes) else repr(getattr(data, "_fields", data)).encode())
        return await original(self, method, url, **named)

    return request


def _aiohttp_send(original: Callable[..., Any]) -> Callable[..., Any]:
    """Check each request as it is sent, of which a redirect makes more than one."""

    async def send(self: Any, *arguments: Any, **named: Any) -> Any:
        search = current().known()
        if search:
            context = self.ssl
            verified = context is True or (isinstance(context, ssl.SSLContext) and _verifies(context))
            way = _Way(search, self.url.host or "", tls=self.url.scheme in {"https", "wss"}, verified=verified)
            way.address(str(self.url))
            way.content("\n".join(f"{name}: {value}" for name, value in self.headers.items()).encode())
            body = getattr(self.body, "_value", None)
            if isinstance(body, bytes | bytearray | str):
                way.content(body.encode() if isinstance(body, str) else body)
        return await original(self, *arguments, **named)

    return send
