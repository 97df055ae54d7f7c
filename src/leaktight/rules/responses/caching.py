"""What decorators and URLconf say about caching the answers of a view."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from leaktight.project.views import Decorator, View
from leaktight.source.code import Code, Op

_READING = frozenset({"dispatch", "get", "head", "list", "retrieve"})
_APART = {"vary": "Vary", "cache-control": "Cache-Control"}
_BY_PERSON = frozenset({"cookie", "authorization", "x-api-key"})


class Caching(NamedTuple):
    """A cache in front of a view."""

    path: str
    span: int
    how: str
    varies: bool
    """Whether it keeps an answer for each cookie or login apart."""
    is_after_login: bool = False
    """Whether the view has asked who somebody is before the cache answers, as those of the REST framework do in `dispatch`."""


def caching_of(view: View) -> Caching | None:
    """The cache that answers for a view, when there is one."""
    for index, item in enumerate(view.decorators):
        tail = _tail(item.name)
        if not _covers_reading(item):
            continue
        if tail == "cache_page":
            shared = view.is_api and item.target.startswith("method:") and item.target != "method:dispatch"
            return Caching(item.path, item.span, "is cached for everybody", _varies(view, item, index), is_after_login=shared)
        if tail == "cache_control" and _is_given(item.code, "public") and not _is_given(item.code, "private"):
            if _lasts_no_time(item.code):
                continue  # each cache has to ask the site first, which asks who it is
            return Caching(item.path, item.span, "may be kept by every cache on the way", varies=False)
    for route in view.routes:
        if any(_tail(wrapper) == "cache_page" for wrapper in route.wrappers):
            return Caching(
                route.path, route.span, "is cached for everybody", any(_varies_by_person(item) for item in view.decorators)
            )
    return None


def keeps_out_of_caches(view: View) -> bool:
    """Tell whether a view tells caches not to keep what it answers, or only for the one who asked."""
    if view.has("never_cache"):
        return True
    return any(
        _tail(item.name) == "cache_control" and (_is_given(item.code, "private") or _is_given(item.code, "no_store"))
        for item in view.decorators
    )


def directives(text: str) -> set[str]:
    """The names in a `Cache-Control` header; a lifetime of nothing is none."""
    parts = [part.strip().lower() for part in text.split(",")]
    return {part.partition("=")[0].strip() for part in parts if not re.fullmatch(r"(s-maxage|max-age)\s*=\s*0", part)}


def taken_off(pieces: Sequence[Code]) -> Iterator[tuple[Code, str]]:
    """Where `Vary` or `Cache-Control` is removed from a response and nothing is put in its place."""
    put = {_header(target) for code in pieces if code[0] == Op.ASSIGN for target in code[2]}
    for code in pieces:
        removed = code[2] if code[0] == Op.DELETE else [code] if _is_pop(code) else []
        for target in removed:
            header = _header(target)
            if header in _APART and header not in put:
                yield code, _APART[header]


def _is_pop(code: Code) -> bool:
    return bool(code[0] == Op.CALL and code[2][0] == Op.ATTR and code[2][3] == "pop")


def _header(code: Code) -> str:
    """The header that `response[…]`, `response.headers[…]` or `response.headers.pop(…)` means; empty for anything else."""
    if code[0] == Op.CALL:
        base, key = code[2][2], code[3][0] if code[3] else code
    elif code[0] == Op.ITEM:
        base, key = code[2], code[3]
    else:
        return ""
    if base[0] == Op.ATTR and base[3] in {"headers", "_headers"}:
        base = base[2]
    named = base[0] in {Op.NAME, Op.ATTR} and base[-1] in {"response", "resp"}
    return key[2].lower() if named and key[0] == Op.CONST and isinstance(key[2], str) else ""


def _covers_reading(item: Decorator) -> bool:
    kind, _, method = item.target.partition(":")
    return kind != "method" or method in _READING


def _varies(view: View, cache: Decorator, position: int) -> bool:
    """What stands inside of `cache_page` varies the answer in time; what stands outside comes too late.

    An answer of the REST framework is written, and put into the cache, only after all of them.
    """
    return any(
        _varies_by_person(item) and (index > position or item.target != cache.target or view.is_api)
        for index, item in enumerate(view.decorators)
    )


def _varies_by_person(item: Decorator) -> bool:
    tail = _tail(item.name)
    if tail == "vary_on_cookie":
        return True
    if tail != "vary_on_headers" or item.code[0] != Op.CALL:
        return False
    return any(code[0] == Op.CONST and str(code[2]).lower() in _BY_PERSON for code in item.code[3])


def _is_given(code: Code, keyword: str) -> bool:
    """`cache_control(public=True)`."""
    return code[0] == Op.CALL and any(name == keyword and value[0] == Op.CONST and bool(value[2]) for name, value in code[4])


def _lasts_no_time(code: Code) -> bool:
    """`cache_control(max_age=0)`, or for shared caches `s_maxage=0`."""
    given = {name: value[2] for name, value in code[4] if value[0] == Op.CONST}
    return given.get("s_maxage", given.get("max_age")) == 0


def _tail(name: str) -> str:
    return name.rpartition(".")[2]
