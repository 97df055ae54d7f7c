"""Scripts of a page: from where they are loaded, over what, and whether a changed one would be refused."""

from __future__ import annotations

import re
from functools import cache
from urllib.parse import urlsplit

from publicsuffixlist import PublicSuffixList

from leaktight.prove.site.observatory.visit import Visit

_WORSE = (
    "sri-implemented-and-all-scripts-loaded-securely",
    "sri-implemented-and-external-scripts-loaded-securely",
    "sri-implemented-but-external-scripts-not-loaded-securely",
    "sri-not-implemented-but-external-scripts-loaded-securely",
    "sri-not-implemented-and-external-scripts-not-loaded-securely",
)
_HTML = ("text/html", "application/xhtml+xml", "")


def subresource_integrity(visit: Visit) -> str:
    """Judge the scripts of a page."""
    if visit.page is None:
        return "sri-not-implemented-but-no-scripts-loaded"
    if (visit.page.header("content-type") or "").split(";")[0] not in _HTML:
        return "sri-not-implemented-response-not-html"
    scripts = visit.element("script")
    if not scripts:
        return "sri-not-implemented-but-no-scripts-loaded"
    worst, foreign = "", False
    for script in scripts:
        source, integrity = script.get("src", ""), bool(script.get("integrity"))
        if not source:
            continue
        if _is_own(source, visit.host):
            secure = source.startswith("https:") if re.match(r"https?://", source) else visit.secure
            if integrity and secure and not worst:
                worst = _WORSE[0]
            continue
        foreign = True
        secure = urlsplit(source).scheme == "https"
        if integrity and secure:
            continue
        code = _WORSE[2] if integrity else _WORSE[3] if secure else _WORSE[4]
        worst = max(worst or _WORSE[0], code, key=_WORSE.index)
    if worst:
        return worst
    return _WORSE[1] if foreign else "sri-not-implemented-but-all-scripts-loaded-from-secure-origin"


def _is_own(source: str, host: str) -> bool:
    if re.match(r"//[^/]", source):
        return False
    if not re.match(r"https?://", source):
        return True
    return registrable(urlsplit(source).hostname or "") == registrable(host)


def registrable(host: str) -> str | None:
    """Return the domain that somebody can register and that a host belongs to; None for an address or a bare name."""
    if re.fullmatch(r"[\d.]+|.*:.*", host):
        return None
    return _public_suffixes().privatesuffix(host.lower())


@cache
def _public_suffixes() -> PublicSuffixList:
    return PublicSuffixList(only_icann=True)
