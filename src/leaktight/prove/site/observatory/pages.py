"""Single headers of a page: referrer, sniffing, framing, isolation and sharing between origins."""

from __future__ import annotations

import re

from leaktight.prove.site.observatory.csp import InvalidPolicy, combined
from leaktight.prove.site.observatory.visit import Visit

_PRIVATE = ("no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin")
_TELLING = ("origin", "origin-when-cross-origin", "unsafe-url", "no-referrer-when-downgrade")
_TOKEN = re.compile(r"[A-Za-z*][!#$%&'*+.^_`|~0-9A-Za-z:/-]*")
_ITEM = re.compile(
    rf"""\ *({_TOKEN.pattern})
    (?:;\ *[a-z*][a-z0-9_.*-]*(?:=(?:"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*"|-?\d{{1,15}}|-?\d{{1,12}}\.\d{{1,3}}
       |\?[01]|:[A-Za-z0-9+/=]*:|{_TOKEN.pattern}))?)*\ *""",
    re.VERBOSE,
)
"""A token with parameters: an item of RFC 8941, section 3.3."""


def referrer_policy(visit: Visit) -> str:
    """Judge the last policy that browsers know, of the header and then of the page."""
    header = visit.header("referrer-policy")
    values = [*([] if header is None else [header]), *visit.metas("referrer-policy")]
    if not values:
        return "referrer-policy-not-implemented"
    known = [word for part in ", ".join(values).split(",") if (word := part.strip().lower()) in _PRIVATE + _TELLING]
    if not known:
        return "referrer-policy-header-invalid"
    return "referrer-policy-private" if known[-1] in _PRIVATE else "referrer-policy-unsafe"


def content_type_options(visit: Visit) -> str:
    """Judge whether a page keeps browsers from guessing its type."""
    header = visit.header("x-content-type-options")
    if not header:
        return "x-content-type-options-not-implemented"
    is_nosniff = header[:256].strip().lower() == "nosniff"
    return "x-content-type-options-nosniff" if is_nosniff else "x-content-type-options-header-invalid"


def frame_options(visit: Visit) -> str:
    """Judge who may show a page in a frame; the policy's word counts before the older header's."""
    try:
        policy = combined(visit) if visit.page else None
    except InvalidPolicy:
        policy = None
    if policy and "frame-ancestors" in policy.directives:
        return "x-frame-options-implemented-via-csp"
    header = visit.header("x-frame-options")
    if not header:
        return "x-frame-options-not-implemented"
    value = header[:1024].strip().lower()
    if value in {"deny", "sameorigin"}:
        return "x-frame-options-sameorigin-or-deny"
    return "x-frame-options-" + ("allow-from-origin" if value.startswith("allow-from") else "header-invalid")


def resource_policy(visit: Visit) -> str:
    """Judge which other sites may load a page as a resource."""
    header = visit.header("cross-origin-resource-policy")
    if not header:
        return "corp-not-implemented"
    value = header[:256].strip().lower()
    return f"corp-implemented-with-{value}" if value in {"same-site", "same-origin", "cross-origin"} else "corp-header-invalid"


def embedder_policy(visit: Visit) -> str:
    """Judge what a page may embed."""
    return _isolation(visit, "cross-origin-embedder-policy", "coep", {"require-corp", "credentialless", "unsafe-none"})


def opener_policy(visit: Visit) -> str:
    """Judge whether pages that a page opens can reach it."""
    known = {"same-origin", "same-origin-allow-popups", "noopener-allow-popups", "unsafe-none"}
    return _isolation(visit, "cross-origin-opener-policy", "coop", known)


def _isolation(visit: Visit, name: str, short: str, known: set[str]) -> str:
    header = visit.header(name)
    if not header:
        return f"{short}-not-implemented"
    item = _ITEM.fullmatch(header[:1024].strip())
    return f"{short}-implemented-with-{item[1]}" if item and item[1] in known else f"{short}-header-invalid"


def resource_sharing(visit: Visit) -> str:
    """Judge which other origins may read a page, as a preflight from a foreign origin learns it."""
    code = "cross-origin-resource-sharing-"
    allowed = visit.preflight.header("access-control-allow-origin") if visit.preflight else None
    if not visit.preflight or not allowed:
        return code + "not-implemented"
    if allowed[:256].strip() == "*":
        return code + "implemented-with-public-access"
    credentials = (visit.preflight.header("access-control-allow-credentials") or "").strip().lower() == "true"
    universal = credentials and allowed == visit.origin
    return code + f"implemented-with-{'universal' if universal else 'restricted'}-access"
