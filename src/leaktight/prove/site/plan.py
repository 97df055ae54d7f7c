"""What is to be proved of a running site, and what will be done for it, told before it is done."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from leaktight.prove.site.wire import is_loopback


class WrongTarget(Exception):
    """An address that cannot or must not be proved; its text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What the user told us of the deployment, to be tested. Empty texts claim nothing."""

    tls_ends_at: str = ""
    """`application` or `proxy`."""
    proxy_sets: str = ""
    """The header by which the proxy tells of HTTPS, as a name of a setting: `HTTP_X_FORWARDED_PROTO`, or as it is sent."""
    http_redirected: bool = False
    """A proxy leads plain HTTP to HTTPS."""

    @property
    def header(self) -> str:
        """The header's name as it is sent."""
        name = self.proxy_sets.removeprefix("HTTP_").replace("_", "-")
        return "-".join(part.capitalize() for part in name.split("-")) if name else ""


@dataclass(frozen=True, slots=True)
class Plan:
    """The wishes of the user."""

    address: str
    allow_hosts: frozenset[str] = frozenset()
    http_port: int | None = None
    """Where plain HTTP is asked; 0 if nobody listens; None: the usual port beside the usual port, else unknown."""
    login: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    ca_file: str | None = None
    browser: bool = False
    requests: int = 600
    seconds: float = 120.0
    claims: Claims = field(default_factory=Claims)

    def check(self) -> None:
        """Raise `WrongTarget` when this must not be done."""
        parts = urlsplit(self.address)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise WrongTarget(f'"{self.address}" is no address: it begins with https:// or http:// and names a host')
        if parts.username or parts.password:
            raise WrongTarget("an address with a name or password in it ends up in logs: use --user and the environment")
        if not is_loopback(parts.hostname) and parts.hostname.lower() not in self.allow_hosts:
            raise WrongTarget(
                f"{parts.hostname} is not this machine; if it is yours to test, say so with --allow-host {parts.hostname}"
            )
        if self.login and urlsplit(self.login).netloc not in {"", parts.netloc}:
            raise WrongTarget("the login page has to be on the same host")
        if bool(self.user) != bool(self.password):
            raise WrongTarget("a user needs a password: put it into LEAKTIGHT_PASSWORD, or give it with --password-stdin")

    @property
    def plain(self) -> str | None:
        """The authority that plain HTTP is asked at; empty if it is not known, None if nobody listens there."""
        parts = urlsplit(self.address)
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
        if parts.scheme == "http":
            return parts.netloc
        if self.http_port is not None:
            return f"{host}:{self.http_port}" if self.http_port else None
        return host if parts.port in {None, 443} else ""

    def announcement(self) -> list[str]:
        """Say what will be done, before anything is."""
        host = urlsplit(self.address).netloc
        steps = [
            f"ask {host} for pages that {self.address} leads to, at most {self.requests} requests in {self.seconds:g} seconds",
            "fill and send the forms found there, once or a few times each, with values made for this run; such entries may stay",
            "ask the same addresses over plain HTTP" if self.plain else "ask nothing over plain HTTP",
            "record every byte on the way, and change one",
        ]
        if self.user:
            steps.append(f"log in and out as {self.user}")
        if self.browser:
            steps.append("open the pages in Chromium")
        return steps
