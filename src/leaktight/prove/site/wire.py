"""Sends requests to a site, within limits, and says why one got no answer."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import urllib3
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError, InsecureRequestWarning, MaxRetryError, SSLError
from urllib3.util import Timeout

from leaktight.prove.site.answer import Answer

MOST_READ = 2 << 20
"""Bytes of a body that are read; what goes on is cut."""
_AGENT = "leaktight-prove"
_PORTS = {"http": 80, "https": 443}


class NoAnswer(Exception):
    """A request that got no answer; its text says why."""


class BadCertificate(NoAnswer):
    """The server's certificate does not verify."""


class Spent(Exception):
    """The requests or the time of a run are used up."""


class NotAllowed(Exception):
    """A host that nobody allowed to be asked."""


@dataclass(slots=True)
class Limits:
    """What a run may do. `hosts` may be asked besides those of this machine."""

    requests: int = 2000
    seconds: float = 60.0
    hosts: frozenset[str] = frozenset()
    pause: float = 0.0
    """Seconds between two requests to a host that is not this machine."""
    timeout: float = 10.0
    """Seconds that one request may take to connect, and between two pieces of an answer."""
    sent: int = 0
    handshakes: int = 0
    started: float = field(default_factory=time.monotonic)

    def allows(self, host: str) -> bool:
        return is_loopback(host) or host.lower() in self.hosts

    def take(self, host: str) -> None:
        """Count one request; raise when it may not be sent."""
        self._permit(host)
        if self.sent >= self.requests:
            raise Spent(f"{self.requests} requests are used up")
        self.sent += 1

    def greet(self, host: str) -> None:
        """Count one handshake without a request; raise when it may not be made."""
        self._permit(host)
        self.handshakes += 1

    def _permit(self, host: str) -> None:
        if not self.allows(host):
            raise NotAllowed(f"{host} may not be asked")
        if time.monotonic() - self.started > self.seconds:
            raise Spent(f"{self.seconds:g} seconds are used up")
        if not is_loopback(host):
            time.sleep(self.pause)


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine by its name alone (RFC 6761, section 6.3); nothing is looked up."""
    name = host.strip("[]").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def listens(url: str, timeout: float) -> bool:
    """Tell whether anybody takes a connection where a URL leads to."""
    parts = urlsplit(url)
    try:
        socket.create_connection((parts.hostname or "", parts.port or _PORTS[parts.scheme]), timeout).close()
    except OSError:
        return False
    return True


class Wire:
    """Asks over the network. `through` may put something between: it maps a host and port to where to connect instead."""

    def __init__(
        self, limits: Limits, *, ca_file: str | None = None, through: Callable[[str, int], tuple[str, int]] | None = None
    ) -> None:
        self.limits = limits
        self._through = through or (lambda host, port: (host, port))
        self._pools: dict[tuple[str, str, int, bool], HTTPConnectionPool] = {}
        self._trusting = ssl.create_default_context(cafile=ca_file)
        self._any = ssl.create_default_context()
        self._any.check_hostname = False
        self._any.verify_mode = ssl.CERT_NONE
        urllib3.disable_warnings(InsecureRequestWarning)  # asking on after a bad certificate was told is meant

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        verify: bool = True,
    ) -> Answer:
        """Send one request and return its answer; redirects are answers. Raise `NoAnswer`, `Spent` or `NotAllowed`."""
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
        self.limits.take(host)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        given = {"Host": parts.netloc.rpartition("@")[2], "User-Agent": _AGENT, "Accept": "*/*", "Accept-Encoding": "identity"}
        given |= headers or {}
        try:
            with self._pool(parts.scheme, host, port, verify=verify).urlopen(
                method, path, body=body or None, headers=given, retries=False, redirect=False, preload_content=False
            ) as raw:
                data = raw.read(MOST_READ + 1, decode_content=True)
                lines = tuple((name.lower(), value.strip()) for name, value in _lines(raw))
                if len(data) > MOST_READ:
                    raw.close()
                return Answer(url, raw.status, lines, data[:MOST_READ], method, cut=len(data) > MOST_READ)
        except (HTTPError, OSError) as error:
            raise _reason(error) from None

    def _pool(self, scheme: str, host: str, port: int, *, verify: bool) -> HTTPConnectionPool:
        key = (scheme, host, port, verify)
        if key not in self._pools:
            to, at = self._through(host, port)
            timeout = Timeout(connect=self.limits.timeout, read=self.limits.timeout)
            if scheme == "https":
                context = self._trusting if verify else self._any
                self._pools[key] = HTTPSConnectionPool(to, at, ssl_context=context, server_hostname=host, timeout=timeout)
            else:
                self._pools[key] = HTTPConnectionPool(to, at, timeout=timeout)
        return self._pools[key]

    def close(self) -> None:
        for pool in self._pools.values():
            pool.close()


def _lines(raw: urllib3.BaseHTTPResponse) -> Iterable[tuple[str, str]]:
    """Return header lines one by one: a folded or repeated one is not joined here."""
    return [(name, value) for name in raw.headers for value in raw.headers.getlist(name)]


def _reason(error: Exception) -> NoAnswer:
    cause: BaseException | None = error.reason if isinstance(error, MaxRetryError) else error
    seen: set[int] = set()
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        if isinstance(cause, ssl.SSLCertVerificationError):
            return BadCertificate(cause.verify_message)
        for argument in cause.args:
            if isinstance(argument, ssl.SSLCertVerificationError):
                return BadCertificate(argument.verify_message)
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, (SSLError, ssl.SSLError)):
        return NoAnswer("TLS is not spoken there, or not in a version that this machine speaks")
    return NoAnswer(_plainly(error))


def _plainly(error: Exception) -> str:
    text = str(error)
    for sign, told in (
        ("refused", "nobody listens there"),
        ("timed out", "there is no answer in time"),
        ("resolve", "the name is not known"),
        ("Name or service not known", "the name is not known"),
        ("reset", "the connection is reset"),
        ("closed", "the connection is closed without an answer"),
    ):
        if sign in text:
            return told
    return f"the connection fails ({type(error).__name__})"
