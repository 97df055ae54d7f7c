"""Take the sensitive values out of what a request has brought, without making it read anything it would not have read."""

from __future__ import annotations

import base64
import binascii
import json
import weakref
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import parse_qsl

from django.conf import settings
from django.core.exceptions import TooManyFieldsSent
from django.urls import Resolver404, ResolverMatch, get_urlconf, resolve

from leaktight.guard.conf import configuration, recogniser
from leaktight.guard.values.declare import EVERYTHING, declared_by, normal, site_wide
from leaktight.guard.values.registry import Registry
from leaktight.policy import LABELS, Strength

if TYPE_CHECKING:
    from django.http import HttpRequest

_DEEPEST = 64
_NOT_SENSITIVE = frozenset({"csrfmiddlewaretoken"})
_BASIC = "basic"
_KEPT = "_leaktight_registry"
_UNKNOWN = "_leaktight_unknown_address"
_SEPARATORS = str.maketrans("", "", "-_.~ ")
_TOKEN_LENGTH, _TOKEN_CHANGES = 12, 4


def collector(request: HttpRequest) -> Callable[[Registry], None]:
    """Return what adds to a registry the values the request is known to hold by then; each part is read once.

    The registry lives as long as the request: what is logged and reported after the middleware, while the response is sent, is
    still about its values.
    """
    done: set[str] = set()
    seen: tuple[bool, ...] = ()
    known = weakref.ref(request)  # else each would keep the other

    def collect(registry: Registry) -> None:
        request = known()
        nonlocal seen
        if request is None or (state := _state(request)) == seen:
            return
        seen = state
        request.__dict__.setdefault(_KEPT, registry)
        for part, read in _PARTS.items():
            if part in done:
                continue
            found = read(request)
            if found is None:
                continue
            done.add(part)
            names = registry.declared = declared_for(request)
            if not registry.view and request.resolver_match is not None:
                registry.view = request.resolver_match.view_name or ""
            for name, value in found:
                add_named(registry, name, value, names)
        if "marked" not in done and request.__dict__.get("sensitive_post_parameters") and request.__dict__.get("_post"):
            done.add("marked")
            _add_marked(registry, request)

    return collect


def _state(request: HttpRequest) -> tuple[bool, ...]:
    """What a request has read by now; as long as that stays the same there is nothing new to collect."""
    read = request.__dict__
    parts = ("_post" in read, "_body" in read, "_files" in read, "sensitive_post_parameters" in read)
    return (*parts, request.resolver_match is not None)


def registry_of(request: HttpRequest) -> Registry:
    """Return the registry of a request, also where it is not the current one; a new one for a request the middleware has not seen."""
    known: Registry | None = request.__dict__.get(_KEPT)
    return Registry(collector(request)) if known is None else known


def _add_marked(registry: Registry, request: HttpRequest) -> None:
    """Add what Django's own `sensitive_post_parameters` names: it speaks of reports, so pages may go on showing it."""
    marked = request.__dict__["sensitive_post_parameters"]
    posted = request.__dict__["_post"]
    for name in posted if marked == "__ALL__" else set(marked) & set(posted):
        if normal(name) not in _NOT_SENSITIVE:
            for text in posted.getlist(name):
                registry.add(text, "secret", name, sure=False)


def declared_for(request: HttpRequest) -> Mapping[str, str]:
    """Return what is declared for the view that answers a request, also when the request has not got that far: name → label."""
    match = request.resolver_match
    kept: tuple[object, Mapping[str, str]] | None = request.__dict__.get("_leaktight_declared")
    if kept is not None and kept[0] == (match, request.path_info):
        return kept[1]
    asked = (match, request.path_info)
    if match is None:
        match = _resolved(request)
        request.__dict__[_UNKNOWN] = match is None
    known = {**site_wide(), **declared_by(match.func)} if match else site_wide()
    request.__dict__["_leaktight_declared"] = (asked, known)
    return known


def _resolved(request: HttpRequest) -> ResolverMatch | None:
    """The view a request is for, or would be for with the slash that `APPEND_SLASH` adds."""
    for path in (request.path_info, request.path_info + "/"):
        try:
            return resolve(path, getattr(request, "urlconf", None) or get_urlconf())
        except Resolver404:
            continue
    return None


def label_of(name: str, declared: Mapping[str, str]) -> tuple[str, bool] | None:
    """Return the label a name bears and whether that is sure; None when it is not sensitive."""
    plain = normal(name)
    if plain in _NOT_SENSITIVE:
        return None
    label = declared_label(name, declared)
    if label is None and EVERYTHING in declared:
        label = declared[EVERYTHING]
    if label is not None:
        return label, True
    return known_label(name)


def declared_label(name: str, declared: Mapping[str, str]) -> str | None:
    """Return the label declared for this very name."""
    return declared.get(normal(name)) or declared.get(normal(name.rsplit("-", 1)[-1]))  # a form's prefix ends in a dash


def known_label(name: str) -> tuple[str, bool] | None:
    """Return what the settings and the vocabulary say about a name that nobody declared on a view."""
    match = recogniser().recognise(name)
    if match is None or not match.state.is_readable:
        return None
    named = configuration().names
    if match.label in named and normal(name) in {normal(given) for given in named[match.label]}:
        return match.label, True
    if LABELS[match.label].kind not in configuration().kinds:
        return None
    return match.label, match.strength is Strength.STRONG


def add_named(registry: Registry, name: str, value: Any, declared: Mapping[str, str]) -> None:
    """Add what is sensitive in a value that came in under a name; `declared` are the names declared where it did."""
    for key, text, given in _leaves(name, value, declared, None, 0):
        registry.add(text, given[0], key, sure=given[1])


def _leaves(
    name: str, value: Any, declared: Mapping[str, str], above: tuple[str, bool] | None, depth: int
) -> Iterator[tuple[str, str, tuple[str, bool]]]:
    """Yield the sensitive texts and numbers of nested data: what lies below a sensitive name is sensitive."""
    label = label_of(name, declared) or above
    if depth > _DEEPEST:
        return
    match value:
        case bool():
            return
        case str() | int() | float():
            if label is not None:
                yield name, str(value), label
        case Mapping():
            for key, inner in value.items():
                yield from _leaves(str(key), inner, declared, label, depth + 1)
        case list() | tuple():
            for inner in value:
                yield from _leaves(name, inner, declared, label, depth + 1)
        case _:
            return


_Pairs: TypeAlias = list[tuple[str, Any]]


def _query(request: HttpRequest) -> _Pairs:
    return list(request.GET.lists()) if request.META.get("QUERY_STRING") else []


def _path(request: HttpRequest) -> _Pairs | None:
    match = request.resolver_match
    return None if match is None else [(name, str(value)) for name, value in match.kwargs.items()]


def _unknown(request: HttpRequest) -> _Pairs:
    """What looks like a token in an address that no view answers, and which a log of what was not found would keep."""
    if not request.__dict__.get(_UNKNOWN):
        return []
    return [("address_token", part) for part in request.path_info.split("/") if len(part) >= _TOKEN_LENGTH and _is_mixed(part)]


def _is_mixed(text: str) -> bool:
    """Tell a random text from words: it goes to and fro between small letters, capitals and digits."""
    kinds = [(char.isdigit(), char.isupper()) for char in text.translate(_SEPARATORS)]
    return sum(one != other for one, other in pairwise(kinds)) >= _TOKEN_CHANGES


def _cookies(request: HttpRequest) -> _Pairs:
    return list(request.COOKIES.items())


def _session(request: HttpRequest) -> _Pairs:
    key = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
    return [("session_id", key)] if key else []


def _headers(request: HttpRequest) -> _Pairs:
    pairs: _Pairs = [
        (name[5:], value)
        for name, value in request.META.items()
        if name.startswith("HTTP_") and name not in {"HTTP_COOKIE", "HTTP_AUTHORIZATION"}
    ]
    scheme, _, rest = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    if rest:
        pairs.append(("auth_token", rest))
    if scheme.lower() == _BASIC:
        try:
            pairs.append(("password", base64.b64decode(rest).decode().partition(":")[2]))
        except (binascii.Error, UnicodeDecodeError):
            pass
    return pairs


def _posted(request: HttpRequest) -> _Pairs | None:
    """What was posted, if it has been read: as the view's own form data, or as the bytes of a form or of JSON."""
    parsed = request.__dict__.get("_post")
    if parsed:
        return list(parsed.lists())
    body = request.__dict__.get("_body")
    if body is None:
        return None
    kind = request.content_type or ""
    if kind == "application/x-www-form-urlencoded":
        return _form(body, request.encoding or settings.DEFAULT_CHARSET)
    if kind == "application/json" or kind.endswith("+json"):
        try:
            return [("", json.loads(body))]
        except (ValueError, RecursionError):
            return []
    return []


def _form(body: bytes, charset: str) -> _Pairs:
    """Read a form as `QueryDict` does, which takes several times as long to make something that may be changed."""
    try:
        text = body.decode(charset)
    except UnicodeDecodeError:
        text = body.decode("latin-1")
    try:
        return parse_qsl(text, keep_blank_values=True, encoding=charset, max_num_fields=settings.DATA_UPLOAD_MAX_NUMBER_FIELDS)
    except ValueError:
        raise TooManyFieldsSent("The number of GET/POST parameters exceeded settings.DATA_UPLOAD_MAX_NUMBER_FIELDS.") from None


def _uploads(request: HttpRequest) -> _Pairs | None:
    files = request.__dict__.get("_files")
    return None if files is None else [(name, [file.name for file in given]) for name, given in files.lists()]


_PARTS: Mapping[str, Callable[[Any], _Pairs | None]] = {
    "query": _query,
    "path": _path,
    "unknown": _unknown,
    "cookies": _cookies,
    "session": _session,
    "headers": _headers,
    "posted": _posted,
    "uploads": _uploads,
}
