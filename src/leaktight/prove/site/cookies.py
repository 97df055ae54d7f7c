"""Cookies as a browser reads them from `Set-Cookie` lines, keeps and sends them (RFC 6265bis)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_LONGEST = 4096
"""Bytes of name and value that a browser keeps."""


@dataclass(frozen=True, slots=True)
class SetCookie:
    """One `Set-Cookie` line. Its value is never shown."""

    name: str
    value: str
    secure: bool = False
    http_only: bool = False
    same_site: str = ""
    """`strict`, `lax` or `none`; empty when it is not there or is none of them."""
    domain: str = ""
    path: str = ""
    max_age: int | None = None
    line: str = ""

    def __repr__(self) -> str:
        return f"SetCookie({self.name})"

    @property
    def size(self) -> int:
        return len(self.name.encode()) + len(self.value.encode())

    @property
    def is_deletion(self) -> bool:
        """Whether it takes a cookie away instead of setting one."""
        return (self.max_age is not None and self.max_age <= 0) or (
            self.value in {"", '""'} and "expires=thu, 01 jan 1970" in self.line.lower()
        )

    @property
    def is_kept(self) -> bool:
        """Whether a browser takes it at all: the promise of a name's prefix has to be true."""
        if self.name.startswith("__Secure-"):
            return self.secure
        if self.name.startswith("__Host-"):
            return self.secure and not self.domain and self.path == "/"
        return True


def read(line: str) -> SetCookie | None:
    """Read one `Set-Cookie` line; None when a browser would throw it away."""
    text = _CONTROL.split(line, maxsplit=1)[0]
    pair, *attributes = text.split(";")
    name, equals, value = pair.partition("=")
    name, value = name.strip(), value.strip()
    if not equals or not name:
        return None
    given: dict[str, str] = {}
    for attribute in attributes:
        key, _, worth = attribute.partition("=")
        given[key.strip().lower()] = worth.strip()
    age = given.get("max-age", "")
    same_site = given.get("samesite", "").lower()
    path = given.get("path", "")
    return SetCookie(
        name,
        value,
        secure="secure" in given,
        http_only="httponly" in given,
        same_site=same_site if same_site in {"strict", "lax", "none"} else "",
        domain=given.get("domain", "").lstrip(".").lower(),
        path=path if path.startswith("/") else "",
        max_age=int(age) if re.fullmatch(r"-?\d{1,18}", age) else None,
        line=line,
    )


class Jar:
    """The cookies of one visitor."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str, str], SetCookie] = {}

    def take(self, url: str, lines: Iterable[str]) -> list[SetCookie]:
        """Keep what a server set; return what was set, kept or not."""
        host = urlsplit(url).hostname or ""
        found = []
        for line in lines:
            cookie = read(line)
            if cookie is None:
                continue
            found.append(cookie)
            if cookie.domain and cookie.domain != host and not host.endswith("." + cookie.domain):
                continue
            key = (cookie.domain or host, cookie.path or default_path(url), cookie.name)
            if cookie.is_deletion:
                self._kept.pop(key, None)
            elif cookie.is_kept and cookie.size <= _LONGEST:
                self._kept[key] = cookie
        return found

    def sent_to(self, url: str) -> list[SetCookie]:
        """Return the cookies that go with a request to a URL, the most specific path first."""
        parts = urlsplit(url)
        host, path = parts.hostname or "", parts.path or "/"
        fitting = [
            (-len(place), cookie)
            for (owner, place, _), cookie in self._kept.items()
            if (owner == host or (cookie.domain and host.endswith("." + owner)))
            and (path == place or path.startswith(place.rstrip("/") + "/"))
            and (parts.scheme == "https" or not cookie.secure)
        ]
        return [cookie for _, cookie in sorted(fitting, key=lambda pair: pair[0])]

    def header(self, url: str) -> str:
        """Return the `Cookie` header for a request to a URL; empty when there is none."""
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in self.sent_to(url))

    def all(self) -> list[SetCookie]:
        return list(self._kept.values())

    def copy(self) -> Jar:
        other = Jar()
        other._kept = dict(self._kept)
        return other


def default_path(url: str) -> str:
    """Return the path a cookie without one belongs to (RFC 6265, section 5.1.4)."""
    path = urlsplit(url).path
    return path[: path.rfind("/")] or "/" if path.startswith("/") else "/"
