"""A visitor of the site: keeps cookies, follows redirects on the site, fills and sends forms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from leaktight.prove.canary import Canary
from leaktight.prove.site.answer import Answer
from leaktight.prove.site.cookies import Jar
from leaktight.prove.site.filling import Filled
from leaktight.prove.site.wire import Wire

_MOST_HOPS = 10


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request of a visitor and what was answered."""

    answer: Answer
    role: str
    planted: tuple[Canary, ...] = ()
    """The canaries that went with this request."""


class Visitor:
    """One visitor. `seen` keeps every exchange of all visitors that share it."""

    def __init__(self, wire: Wire, role: str, seen: list[Exchange], *, verify: bool = True) -> None:
        self.wire = wire
        self.role = role
        self.jar = Jar()
        self.seen = seen
        self.verify = verify

    def ask(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        planted: tuple[Canary, ...] = (),
        cookies: Jar | None = None,
        noted: bool = True,
    ) -> Answer:
        """Send one request with the visitor's cookies and keep those it gets. One that is not noted is no visit to be judged."""
        jar = self.jar if cookies is None else cookies
        given = dict(headers or {})
        carried = jar.header(url)
        if carried:
            given.setdefault("Cookie", carried)
        answer = self.wire.send(method, url, headers=given, body=body, verify=self.verify)
        jar.take(url, answer.lines("set-cookie"))
        if noted:
            self.seen.append(Exchange(answer, self.role, planted))
        return answer

    def go(self, url: str) -> list[Answer]:
        """Ask for a page and follow redirects on the same site; return every answer."""
        return self.follow(self.ask("GET", url))

    def follow(self, answer: Answer) -> list[Answer]:
        answers = [answer]
        for _ in range(_MOST_HOPS):
            target = elsewhere(answers[-1])
            if target is None or not same_origin(target, answer.url):
                break
            answers.append(self.ask("GET", target))
        return answers

    def submit(self, filled: Filled, *, referer: bool = True, headers: Mapping[str, str] | None = None) -> Answer:
        """Send a filled form as a browser does; the answer may be a redirect."""
        form = filled.form
        given = dict(headers or {})
        if referer:
            given.setdefault("Referer", form.page)
            given.setdefault("Origin", origin(form.page))
        if form.method == "GET":
            address = f"{form.action.partition('?')[0]}?{filled.query}"
            return self.ask("GET", address, headers=given, planted=filled.canaries)
        body, kind = filled.body()
        return self.ask("POST", form.action, headers={"Content-Type": kind, **given}, body=body, planted=filled.canaries)


def elsewhere(answer: Answer) -> str | None:
    """Return the absolute address a redirect leads to, if a browser would follow it over HTTP."""
    if answer.location is None:
        return None
    target = urljoin(answer.url, answer.location)
    return target if urlsplit(target).scheme in {"http", "https"} else None


def origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def same_origin(one: str, other: str) -> bool:
    return origin(one).lower() == origin(other).lower()
