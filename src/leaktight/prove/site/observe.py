"""Makes the visit that the Observatory's tests look at: the page over HTTP and HTTPS, the way there, a preflight."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

from leaktight.prove.site.answer import Answer
from leaktight.prove.site.cookies import Jar, SetCookie
from leaktight.prove.site.observatory.visit import Visit, nobody_is_preloaded, read_elements
from leaktight.prove.site.wire import BadCertificate, NoAnswer, NotAllowed, Wire

MOST_HOPS = 10
ORIGIN = "https://elsewhere.example"
"""An origin that no site has a reason to trust."""
_ACCEPT = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


@dataclass(slots=True)
class Chain:
    """A request and the redirects it was led along."""

    answers: list[Answer] = field(default_factory=list)
    cookies: dict[str, SetCookie] = field(default_factory=dict)
    verified: bool = True

    @property
    def last(self) -> Answer | None:
        return self.answers[-1] if self.answers else None

    @property
    def route(self) -> tuple[str, ...]:
        return tuple(answer.url for answer in self.answers)


def follow(wire: Wire, url: str) -> Chain:
    """Ask for a URL and follow its redirects, up to ten, to hosts that may be asked. A bad certificate is noted and taken."""
    try:
        return _followed(wire, url, verify=True)
    except BadCertificate:
        pass
    except NoAnswer:
        return Chain()
    try:
        return _followed(wire, url, verify=False)
    except NoAnswer:
        return Chain()


def _followed(wire: Wire, url: str, *, verify: bool) -> Chain:
    chain, jar = Chain(verified=verify), Jar()
    for _ in range(MOST_HOPS + 1):
        cookies = jar.header(url)
        try:
            answer = wire.send("GET", url, headers=_ACCEPT | ({"Cookie": cookies} if cookies else {}), verify=verify)
        except NotAllowed:
            break
        chain.answers.append(answer)
        for cookie in jar.take(url, answer.lines("set-cookie")):
            if cookie.is_kept and _may_set(url, cookie):
                chain.cookies[cookie.name] = cookie
        if answer.location is None:
            break
        url = urljoin(url, answer.location)
        if urlsplit(url).scheme not in {"http", "https"}:
            break
    return chain


def _may_set(url: str, cookie: SetCookie) -> bool:
    host = urlsplit(url).hostname or ""
    return not cookie.domain or cookie.domain == host or host.endswith("." + cookie.domain)


def visit(wire: Wire, *, http: str | None, https: str | None, preloaded: Callable[[str], bool] = nobody_is_preloaded) -> Visit:
    """Ask for a page over HTTP and over HTTPS and return what the Observatory would see."""
    plain = follow(wire, http) if http else Chain()
    secure = follow(wire, https) if https else Chain()
    shown = secure if secure.answers else plain
    page = shown.last
    asked = https if secure.answers else http
    return Visit(
        host=urlsplit(asked or "").hostname or "",
        secure=bool(secure.answers),
        page=page,
        https=secure.last,
        https_verified=secure.verified,
        http=plain.last,
        http_verified=plain.verified,
        route=plain.route,
        # A deleted cookie counts where it is set; the reference loses it when it has to ask again without verifying.
        cookies=tuple(cookie for cookie in shown.cookies.values() if shown.verified or not cookie.is_deletion),
        cookie_lines=tuple(page.lines("set-cookie")) if page else (),
        preflight=_preflight(wire, page, verify=shown.verified),
        origin=ORIGIN,
        preloaded=preloaded,
        elements=read_elements(page.text) if page else [],
    )


def _preflight(wire: Wire, page: Answer | None, *, verify: bool) -> Answer | None:
    if page is None:
        return None
    headers = {"Access-Control-Request-Method": "GET", "Origin": ORIGIN}
    try:
        return wire.send("OPTIONS", page.url, headers=headers, verify=verify)
    except NoAnswer:
        return None
