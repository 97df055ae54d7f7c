"""What the Observatory's tests look at: one page over HTTPS and over HTTP, the way there, cookies and a preflight."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser

from leaktight.prove.site.answer import Answer
from leaktight.prove.site.cookies import SetCookie


def nobody_is_preloaded(_host: str) -> bool:
    """Say no: without the browsers' list a host counts as not preloaded."""
    return False


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit to a host. `page` is what the other tests look at: the one over HTTPS if there is one."""

    host: str
    secure: bool
    """Whether `page` was asked for over HTTPS."""
    page: Answer | None
    https: Answer | None = None
    https_verified: bool = False
    http: Answer | None = None
    http_verified: bool = True
    route: tuple[str, ...] = ()
    """The URLs from the first over HTTP to the last."""
    cookies: tuple[SetCookie, ...] = ()
    cookie_lines: tuple[str, ...] = ()
    """The `Set-Cookie` lines of `page` itself."""
    preflight: Answer | None = None
    origin: str = ""
    """The origin that the preflight asked for."""
    preloaded: Callable[[str], bool] = nobody_is_preloaded
    elements: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    """The `meta` and `script` elements of the page, filled by `read_page`."""

    def element(self, name: str) -> list[dict[str, str]]:
        return [attributes for tag, attributes in self.elements if tag == name]

    def header(self, name: str) -> str | None:
        return self.page.header(name) if self.page else None

    def metas(self, name: str) -> list[str]:
        """Return what `meta` elements say in the place of a header: all policies, or the last word on the referrer."""
        if not self.page or (self.page.header("content-type") or "").split(";")[0] not in {"text/html", "application/xhtml+xml"}:
            return []
        policies, referrer = [], ""
        for meta in self.element("meta"):
            if "http-equiv" in meta and "content" in meta:
                if meta["content"] and meta["http-equiv"].lower().strip() == "content-security-policy":
                    policies.append(meta["content"])
            elif meta.get("name", "").lower().strip() == "referrer" and meta.get("content"):
                referrer = meta["content"]
        if name == "content-security-policy":
            return policies
        return [referrer] if referrer else []


def read_elements(text: str) -> list[tuple[str, dict[str, str]]]:
    """Return the start tags of a page that the tests look at, with their attributes."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    return reader.found


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, dict[str, str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"meta", "script"}:
            given: dict[str, str] = {}
            for name, value in attrs:
                given.setdefault(name, value or "")
            self.found.append((tag, given))
