"""Cookies: what kind each is by its name, and which flag it goes without."""

from __future__ import annotations

from collections.abc import Iterator

from leaktight.prove.site.cookies import SetCookie
from leaktight.prove.site.observatory.transport import strict_transport_security
from leaktight.prove.site.observatory.visit import Visit

_WORSE = (
    "cookies-without-secure-flag-but-protected-by-hsts",
    "cookies-without-secure-flag",
    "cookies-session-without-secure-flag-but-protected-by-hsts",
    "cookies-samesite-flag-invalid",
    "cookies-anticsrf-without-samesite-flag",
    "cookies-session-without-httponly-flag",
    "cookies-session-without-secure-flag",
)
_LEFT_OUT = frozenset({"heroku-session-affinity"})


def cookies(visit: Visit) -> str:
    """Return the worst that can be said of a page's cookies."""
    kept = [cookie for cookie in visit.cookies if cookie.name not in _LEFT_OUT]
    if not kept:
        return "cookies-not-found"
    hsts = strict_transport_security(visit) in {"hsts-implemented-max-age-at-least-six-months", "hsts-preloaded"}
    faults = {fault for cookie in kept for fault in _faults(cookie, hsts=hsts)}
    if any(_has_wrong_same_site(line) for line in visit.cookie_lines):
        faults.add("cookies-samesite-flag-invalid")
    if faults:
        return max(faults, key=_WORSE.index)
    everywhere = all(cookie.same_site for cookie in kept)
    return "cookies-secure-with-httponly-sessions" + ("-and-samesite" if everywhere else "")


def _faults(cookie: SetCookie, *, hsts: bool) -> Iterator[str]:
    name = cookie.name.lower()
    is_session = "login" in name or "sess" in name
    if not cookie.secure:
        if cookie.same_site == "none":
            yield "cookies-samesite-flag-invalid"
        protected = "-but-protected-by-hsts" if hsts else ""
        yield f"cookies-without-secure-flag{protected}"
        if is_session:
            yield f"cookies-session-without-secure-flag{protected}"
    if "csrf" in name and not cookie.same_site:
        yield "cookies-anticsrf-without-samesite-flag"
    if is_session and not cookie.http_only:
        yield "cookies-session-without-httponly-flag"


def _has_wrong_same_site(line: str) -> bool:
    for part in line.strip().split(";"):
        key, *rest = part.strip().split("=")
        if key.strip().lower() == "samesite" and (rest[0].strip().lower() if rest else "") not in {"lax", "strict", "none"}:
            return True
    return False
