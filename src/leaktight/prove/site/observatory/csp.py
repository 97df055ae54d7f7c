"""Content Security Policies: how several of them work together, and how safe the result is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cmp_to_key
from itertools import pairwise
from urllib.parse import unquote_to_bytes

from leaktight.prove.site.observatory.visit import Visit

BROAD = frozenset({"ftp:", "http:", "https:", "*", "http://*", "http://*.*", "https://*", "https://*.*"})
INLINE = frozenset({"'unsafe-inline'", "data:"})
_PASSIVE = ("img-src", "media-src")
_BY_VALUE = ("'sha256-", "'sha384-", "'sha512-", "'nonce-")
_NOT_IN_META = ("frame-ancestors", "report-uri", "sandbox")
_MAY_REPEAT = frozenset({"report-uri", "report-to"})
_SHORTEST = len("img-src") - 1
_PASSES = frozenset(
    {
        "csp-implemented-with-no-unsafe",
        "csp-implemented-with-no-unsafe-default-src-none",
        "csp-implemented-with-unsafe-inline-in-style-src-only",
        "csp-implemented-with-insecure-scheme-in-passive-content-only",
    }
)


class InvalidPolicy(Exception):
    """A policy that nobody can have meant like this."""


@dataclass(slots=True)
class _Source:
    text: str
    policy: int
    keep: bool


@dataclass(slots=True)
class Combined:
    """What several policies allow together: directive → sources."""

    directives: dict[str, set[str]]
    repeated: bool = False
    """Whether a reporting directive stands there twice."""


def combine(policies: Sequence[str]) -> Combined:
    """Return what policies allow together. A source counts when each of them has it."""
    texts = [re.sub(r"[\r\n]", "", policy).strip() for policy in policies]
    if any(len(text) < _SHORTEST for text in texts):
        raise InvalidPolicy
    found: dict[str, list[_Source]] = {}
    repeated = False
    for number, text in enumerate(texts):
        seen: set[str] = set()
        for name, *values in filter(None, (entry.split() for entry in text.split(";"))):
            directive = name.lower()
            if directive in seen:
                if directive not in _MAY_REPEAT:
                    raise InvalidPolicy
                repeated = True
            seen.add(directive)
            listed = values or (["'none'"] if directive.endswith("-src") else [])
            sources = [_Source(value.lower(), number, number == 0) for value in listed]
            together = sources if number == 0 else found.get(directive, []) + sources
            together.sort(key=_COLLATED)
            _settle(together)
            found[directive] = [source for source in together if source.keep]
            if number == 0 and len(texts) > 1:
                for source in found[directive]:
                    source.keep = False
    return Combined(
        {name: {source.text for source in sources} or {"'none'"} for name, sources in found.items()},
        repeated,
    )


def _settle(sources: list[_Source]) -> None:
    """Drop what a shorter source of the same policy covers; keep what stands in two policies."""
    for before, source in pairwise(sources):
        if source.policy == before.policy and source.text.startswith(before.text):
            source.keep = False
        if source.policy != before.policy and _covers(before.text, source.text):
            source.keep = True


def _covers(wide: str, narrow: str) -> bool:
    if not wide or (wide == "/" and not narrow):
        return True
    exact = not wide.endswith("/")
    first, second = wide.split("/"), narrow.split("/")
    if len(first) > len(second) or (exact and len(first) != len(second)):
        return False
    if not exact:
        first.pop()
    return all(_decoded(one) == _decoded(other) for one, other in zip(first, second, strict=False))


def _decoded(text: str) -> str:
    if re.search(r"%(?![0-9a-fA-F]{2})", text):
        raise InvalidPolicy
    try:
        return unquote_to_bytes(text).decode()
    except UnicodeDecodeError:
        raise InvalidPolicy from None


_ORDER = {char: place for place, char in enumerate("_-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$0123456789abcdefghijklmnopqrstuvwxyz")}
"""The order of characters in the Unicode collation (CLDR root) for what a source can hold."""


def _collate(one: _Source, other: _Source) -> int:
    first, second = ([_ORDER.get(char, 1000 + ord(char)) for char in source.text] for source in (one, other))
    return (first > second) - (first < second)


_COLLATED = cmp_to_key(_collate)


def split(values: Iterable[str]) -> list[str]:
    """Return the single policies of header values; a comma stands between two (CSP 3, section 2.2)."""
    return [policy.strip() for value in values for policy in value.split(",")]


def policies_of(visit: Visit) -> tuple[list[str], list[str]]:
    """Return the policies of a page's header and of its `meta` elements."""
    header = visit.header("content-security-policy")
    return split([] if header is None else [header]), split(visit.metas("content-security-policy"))


def combined(visit: Visit) -> Combined | None:
    """Return what the policies of a page allow together; None when there is none that counts."""
    in_header, in_meta = policies_of(visit)
    together = combine([*in_header, *in_meta])
    counted = len(_or_none(in_header))
    for name in _or_none(in_meta):
        counted += name not in _NOT_IN_META
    return together if counted else None


def _or_none(policies: list[str]) -> dict[str, set[str]]:
    try:
        return combine(policies).directives
    except InvalidPolicy:
        return {}


def content_security_policy(visit: Visit) -> str:
    """Judge the policies of a page."""
    if visit.page is None:
        return "csp-not-implemented"
    try:
        policy = combined(visit)
    except InvalidPolicy:
        return "csp-header-invalid"
    if policy is None:
        only_reported = visit.header("content-security-policy-report-only")
        return "csp-not-implemented-but-reporting-enabled" if only_reported else "csp-not-implemented"
    code = _judged(policy.directives, secure=visit.secure)
    if policy.repeated and code in _PASSES:
        return "csp-implemented-but-duplicate-directives"
    return code


def _judged(policy: dict[str, set[str]], *, secure: bool) -> str:
    default = policy.get("default-src", {"*"})
    script, style = policy.get("script-src", default), policy.get("style-src", default)
    objects = policy.get("object-src", default)
    for sources in (script, style):
        if _is_by_value(sources):
            sources.discard("'unsafe-inline'")
    if "'strict-dynamic'" in script:
        if not _is_by_value(script):
            return "csp-header-invalid"
        script -= {s for s in script if s.startswith(tuple(BROAD)) or s in {"'self'", "'unsafe-inline'"}}
    active = [source for name, sources in policy.items() if name not in {*_PASSIVE, "script-src"} for source in sources]
    passive = [source for name in _PASSIVE for source in policy.get(name, policy.get("default-src", set()))]
    if script & (BROAD | INLINE) or objects & BROAD:
        return "csp-implemented-with-unsafe-inline"
    if secure and _has_cleartext([*active, *script]):
        return "csp-implemented-with-insecure-scheme"
    if "'unsafe-eval'" in script | style:
        return "csp-implemented-with-unsafe-eval"
    if secure and _has_cleartext(passive):
        return "csp-implemented-with-insecure-scheme-in-passive-content-only"
    if style & (BROAD | INLINE):
        return "csp-implemented-with-unsafe-inline-in-style-src-only"
    if policy.get("default-src") == {"'none'"}:
        return "csp-implemented-with-no-unsafe-default-src-none"
    return "csp-implemented-with-no-unsafe"


def _is_by_value(sources: set[str]) -> bool:
    return any(source.startswith(_BY_VALUE) for source in sources)


def _has_cleartext(sources: Iterable[str]) -> bool:
    return any(source.startswith(("http:", "ftp:")) for source in sources)
