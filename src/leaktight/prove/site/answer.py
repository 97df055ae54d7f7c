"""What a server said to one request, with its header lines as they came."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

_ONLY_FIRST = frozenset(
    "age authorization content-length content-type etag expires from host if-modified-since if-unmodified-since last-modified"
    " location max-forwards proxy-authorization referer retry-after server user-agent".split()
)
"""Header fields of one value; a browser takes the first and forgets further lines."""
HTML = frozenset({"text/html", "application/xhtml+xml"})


@dataclass(frozen=True, slots=True)
class Answer:
    """One response. `url` is what was asked; header names are in lower case, in the order of their lines."""

    url: str
    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    method: str = "GET"
    cut: bool = False
    """Whether the body went on beyond what is read."""

    def lines(self, name: str) -> list[str]:
        """Return the value of each header line with this name."""
        return [value for key, value in self.headers if key == name]

    def header(self, name: str) -> str | None:
        """Return the value of a header field, its lines joined by commas (RFC 9110, section 5.3); None without one."""
        found = self.lines(name)
        if not found:
            return None
        return found[0] if name in _ONLY_FIRST else ", ".join(found)

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    @property
    def mime(self) -> str:
        return (self.header("content-type") or "").partition(";")[0].strip().lower()

    @property
    def is_html(self) -> bool:
        return self.mime in HTML

    @property
    def is_secure(self) -> bool:
        return urlsplit(self.url).scheme == "https"

    @property
    def location(self) -> str | None:
        """Where a redirect leads to, as it is written there; None if this is none."""
        return self.header("location") if self.status in {301, 302, 303, 307, 308} else None
