"""Outgoing connections: nothing leaves. HTTP requests are read and answered as if all were well, other connections are refused."""

from __future__ import annotations

import http.client
import io
import json
import socket
import ssl
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from leaktight.policy import Channel, Safeguard
from leaktight.prove.project.observers.patching import replaced
from leaktight.prove.project.watch import Watch

_BODY = b'{"leaktight": "answers for another host"}'
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (
    len(_BODY),
    _BODY,
)
_TLS = frozenset({Safeguard.HTTPS, Safeguard.VERIFIED_TLS, Safeguard.MODERN_TLS})


@contextmanager
def observe(watch: Watch) -> Iterator[None]:
    """Stand in for the network."""
    with ExitStack() as stack:
        stack.enter_context(_sockets(watch))
        stack.enter_context(_json())
        stack.enter_context(_http_client(watch))
        if "urllib3" in sys.modules:
            stack.enter_context(_urllib3(watch))
        if "httpx" in sys.modules:
            stack.enter_context(_httpx(watch))
        yield


class _Anything(dict[str, Any]):
    """What another host may have answered: whatever is asked of it is a short text."""

    def __missing__(self, key: str) -> str:
        is_address = any(word in str(key).lower() for word in ("url", "uri", "href", "link", "location"))
        return "https://answered.canary.example/" if is_address else "answered"


@contextmanager
def _json() -> Iterator[None]:
    loads = json.loads

    def loaded(text: Any, *arguments: Any, **named: Any) -> Any:
        read = loads(text, *arguments, **named)
        return _Anything(read) if isinstance(read, dict) and "leaktight" in read and len(read) == 1 else read

    with replaced(json, loads=loaded):
        yield


class _Wire(io.RawIOBase):
    """The far end of a connection that leads nowhere: it notes what is sent, and answers."""

    def __init__(self, watch: Watch, host: str, met: frozenset[Safeguard]) -> None:
        super().__init__()
        self._watch = watch
        self._host = host
        self._met = met

    def sendall(self, data: Any, *_: Any) -> None:
        text: bytes = bytes(data)
        channel = Channel.OUTGOING_HTTP
        line, _end, rest = text.partition(b"\r\n")
        if line.endswith((b"HTTP/1.1", b"HTTP/1.0")):
            self._watch.saw(channel, line, f"the address asked at {self._host}", met=self._met, rule="secret-in-outgoing-url")
            text = rest
        self._watch.saw(channel, text, f"a request to {self._host}", met=self._met)

    def makefile(self, *_: Any, **__: Any) -> io.BytesIO:
        return io.BytesIO(_ANSWER)

    def settimeout(self, *_: Any) -> None: ...
    def setsockopt(self, *_: Any) -> None: ...
    def shutdown(self, *_: Any) -> None: ...


def _verified(context: ssl.SSLContext | None) -> frozenset[Safeguard]:
    if context is not None and context.verify_mode is not ssl.CERT_REQUIRED:
        return frozenset({Safeguard.HTTPS})
    return _TLS


@contextmanager
def _http_client(watch: Watch) -> Iterator[None]:
    def connect(self: Any) -> None:
        self.sock = _Wire(watch, self.host, frozenset())

    def connect_tls(self: Any) -> None:
        self.sock = _Wire(watch, self.host, _verified(getattr(self, "_context", None)))

    with replaced(http.client.HTTPConnection, connect=connect), replaced(http.client.HTTPSConnection, connect=connect_tls):
        yield


@contextmanager
def _urllib3(watch: Watch) -> Iterator[None]:
    from urllib3 import connection

    def connect(self: Any) -> None:
        self.sock = _Wire(watch, self.host, frozenset())

    def connect_tls(self: Any) -> None:
        unverified = self.cert_reqs in {"CERT_NONE", ssl.CERT_NONE} or self.assert_hostname is False
        self.sock = _Wire(watch, self.host, frozenset({Safeguard.HTTPS}) if unverified else _verified(self.ssl_context))
        self.is_verified = not unverified

    with replaced(connection.HTTPConnection, connect=connect), replaced(connection.HTTPSConnection, connect=connect_tls):
        yield


@contextmanager
def _httpx(watch: Watch) -> Iterator[None]:
    import httpx

    def note(transport: Any, request: Any) -> Any:
        context = getattr(getattr(transport, "_pool", None), "_ssl_context", None)
        met = _verified(context) if request.url.scheme == "https" else frozenset()
        watch.saw(
            Channel.OUTGOING_HTTP,
            str(request.url),
            f"the address asked at {request.url.host}",
            met=met,
            rule="secret-in-outgoing-url",
        )
        head = json.dumps(dict(request.headers)).encode()
        watch.saw(Channel.OUTGOING_HTTP, head + request.read(), f"a request to {request.url.host}", met=met)
        return httpx.Response(200, content=_BODY, headers={"Content-Type": "application/json"}, request=request)

    def handle(self: Any, request: Any) -> Any:
        return note(self, request)

    async def handle_async(self: Any, request: Any) -> Any:
        await request.aread()
        return note(self, request)

    with (
        replaced(httpx.HTTPTransport, handle_request=handle),
        replaced(httpx.AsyncHTTPTransport, handle_async_request=handle_async),
    ):
        yield


@contextmanager
def _sockets(watch: Watch) -> Iterator[None]:
    """Refuse every connection to another host or process; pairs inside this process and files of the database stay."""
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def refused(self: socket.socket, address: Any) -> bool:
        return watch.is_open and self.family in {socket.AF_INET, socket.AF_INET6}

    def connects(self: socket.socket, address: Any) -> None:
        if refused(self, address):
            raise ConnectionRefusedError("leaktight prove lets nothing out")
        connect(self, address)

    def connects_ex(self: socket.socket, address: Any) -> int:
        if refused(self, address):
            return 111
        return connect_ex(self, address)

    def resolve(host: Any, *arguments: Any, **named: Any) -> Any:
        if watch.is_open:
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", 0))]  # RFC 5737: leads nowhere
        return lookup(host, *arguments, **named)

    lookup = socket.getaddrinfo
    with replaced(socket.socket, connect=connects, connect_ex=connects_ex), replaced(socket, getaddrinfo=resolve):
        yield
