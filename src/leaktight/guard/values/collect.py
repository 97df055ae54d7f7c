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

from leaktight.guard.conf import Configuration, configuration, recogniser
from leaktight.guard.values.declare import CHANGES, EVERYTHING, declared_by, normal, site_wide
from leaktight.guard.values.registry import Registry
from leaktight.policy import LABELS, Strength

if TYPE_CHECKING:
    from django.http import HttpRequest

_DEEPEST = 64
_NOT_SENSITIVE = frozenset({"csrfmiddlewaretoken"})
_BASIC = "basic"
_KEPT = "_leaktight_registry"
_UNKNOWN = "_leaktight_unknown_address"
_NAMES = "_leaktight_names"
_AUTHORIZATION = "HTTP_AUTHORIZATION"
_MOST_NAMES = 2048
_SEPARATORS = str.maketrans("", "", "-_.~ ")
_TOKEN_LENGTH, _TOKEN_CHANGES = 12, 4


class Names:
    """What the names in a request mean where a view declares something, or nothing: kept from request to request.

    Nearly every name that comes in is one that came before and says nothing, so what was said of a header is remembered.
    """

    __slots__ = ("_labels", "changes", "config", "declared", "is_declared", "plain_headers")

    def __init__(self, by_view: Mapping[str, str], config: Configuration, changes: int) -> None:
        self.declared: Mapping[str, str] = {**site_wide(), **by_view}
        self.is_declared = bool(by_view)
        """Whether the view itself declares something."""
        self.plain_headers: set[str] = set()
        """Keys of `request.META` that are known to bear nothing sensitive, some thousand at most: clients choose them."""
        self._labels: dict[str, tuple[str, bool] | None] = {}
        self.config = config
        """What was in force when this was made; when that changes, so may what names mean."""
        self.changes = changes

    def label(self, name: str) -> tuple[str, bool] | None:
        """Return the label a name bears and whether that is sure; None when it is not sensitive."""
        try:
            return self._labels[name]
        except KeyError:
            if len(self._labels) > _MOST_NAMES:
                self._labels.clear()
            found = self._labels[name] = label_of(name, self.declared)
            return found

    def headers_to_read(self, meta: Mapping[str, Any]) -> list[str]:
        """Return the keys of `META` that are headers with a name that may mean something."""
        plain = self.plain_headers
        if plain.issuperset(meta):
            return []
        if len(plain) > _MOST_NAMES:
            plain.clear()
        for key in meta:
            name = key[5:] if key.startswith("HTTP_") else ""
            if key == "HTTP_COOKIE" or (key != _AUTHORIZATION and (not name or self.label(name) is None)):
                plain.add(key)
        return [key for key in meta if key not in plain]


_by_view: dict[int, tuple[Callable[[], Any], Names]] = {}
"""By the identity of a view: what still refers to it, and its names. A `WeakKeyDictionary` would take three times as long."""
_no_view: list[Names] = []


def names_for(request: HttpRequest) -> Names:
    """Return what the names of a request mean: for the view that answers it, or that would if it has not got that far."""
    match = request.resolver_match
    if match is not None:
        return names_of(match.func)
    kept: _Asked | None = request.__dict__.get(_NAMES)
    if kept is not None and kept.path == request.path_info:
        return kept.names
    match = _resolved(request)
    request.__dict__[_UNKNOWN] = match is None
    names = names_of(match.func if match else None)
    request.__dict__[_NAMES] = _Asked(request.path_info, names)
    return names


class _Asked:
    """What a request was told about its names before its view was chosen, and for which path that holds."""

    __slots__ = ("names", "path")

    def __init__(self, path: str, names: Names) -> None:
        self.path, self.names = path, names

    def __reduce__(self) -> tuple[type[None], tuple[()]]:
        """Be left out of a request that is copied or pickled: a view can be neither."""
        return type(None), ()


def names_of(view: Any) -> Names:
    """Return what the names of a request to a view mean; None stands for a request no view answers."""
    config, changes = configuration(), CHANGES[0]
    if view is None:
        known = _no_view[0] if _no_view else None
    else:
        refers, known = _by_view.get(id(view), _NOTHING)
        if refers() is not view:  # another one was there before
            known = None
    if known is not None and known.config is config and known.changes == changes:
        return known
    known = Names({} if view is None else declared_by(view), config, changes)
    if view is None:
        _no_view[:] = [known]
    else:
        _remember(view, known)
    return known


_NOTHING: tuple[Callable[[], Any], None] = (lambda: None, None)


def _remember(view: Any, names: Names) -> None:
    at = id(view)

    def forget(gone: Any) -> None:
        if _by_view.get(at, _NOTHING)[0] is gone:
            _by_view.pop(at, None)

    try:
        _by_view[at] = weakref.ref(view, forget), names
    except TypeError:  # a callable that cannot be referred to
        return


def collector(request: HttpRequest) -> Callable[[Registry], None]:
    """Return what adds to a registry the values the request is known to hold by then; each part is read once.

    The registry lives as long as the request: what is logged and reported after the middleware, while the response is sent, is
    still about its values.
    """
    taken = 0
    seen: tuple[bool, ...] = ()
    known = weakref.ref(request)  # else each would keep the other

    def collect(registry: Registry) -> None:
        nonlocal seen, taken
        request = known()
        if request is None:
            return
        read = request.__dict__
        match = request.resolver_match
        # As long as this stays the same there is nothing new to collect.
        state = ("_post" in read, "_body" in read, "_files" in read, "sensitive_post_parameters" in read, match is not None)
        if state == seen:
            return
        read.setdefault(_KEPT, registry)
        names = names_for(request) if match is None else names_of(match.func)
        registry.declared, registry.is_declared = names.declared, names.is_declared
        if not registry.view and match is not None:
            registry.view = match.view_name or ""
        parts = taken
        if not parts & _ARRIVED:
            parts |= _ARRIVED
            meta = request.META
            if (
                not names.plain_headers.issuperset(meta)
                or meta.get("QUERY_STRING")
                or meta.get("HTTP_COOKIE")
                or read.get("COOKIES")
                or read.get(_UNKNOWN)
            ):
                _add(registry, _arrived(request, names), names)
        if match is not None and not parts & _PATH:
            parts |= _PATH
            if match.kwargs:
                _add(registry, [(name, str(value)) for name, value in match.kwargs.items()], names)
        if (state[0] or state[1]) and not parts & _POSTED and (posted := _posted(request)) is not None:
            parts |= _POSTED
            _add(registry, posted, names)
        if state[2] and not parts & _UPLOADS:
            parts |= _UPLOADS
            if files := read["_files"]:
                _add(registry, [(name, [file.name for file in given]) for name, given in files.lists()], names)
        taken = parts
        if read.get("sensitive_post_parameters") and read.get("_post"):
            _add_marked(registry, request)
        seen = state  # at the end: what fails, fails each time, and what holds an unknown value is never taken for clean

    return collect


_ARRIVED, _PATH, _POSTED, _UPLOADS = 1, 2, 4, 8
"""The parts of a request, each of which is taken once."""


def _add(registry: Registry, pairs: _Pairs, names: Names) -> None:
    for name, value in pairs:
        if type(value) is not str:
            _add_below(registry, name, value, names.label)
        elif label := names.label(name):
            registry.add(value, label[0], name, label[1])


def _add_marked(registry: Registry, request: HttpRequest) -> None:
    """Add what Django's own `sensitive_post_parameters` names: it speaks of reports, so pages may go on showing it."""
    marked = request.__dict__["sensitive_post_parameters"]
    posted = request.__dict__["_post"]
    for name in posted if marked == "__ALL__" else set(marked) & set(posted):
        if normal(name) not in _NOT_SENSITIVE:
            for text in posted.getlist(name):
                registry.add(text, "secret", name, sure=False)


def registry_of(request: HttpRequest) -> Registry:
    """Return the registry of a request, also where it is not the current one; a new one for a request the middleware has not seen."""
    known: Registry | None = request.__dict__.get(_KEPT)
    return Registry(collector(request)) if known is None else known


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


_Label: TypeAlias = Callable[[str], tuple[str, bool] | None]


def add_named(registry: Registry, name: str, value: Any, declared: Mapping[str, str]) -> None:
    """Add what is sensitive in a value that came in under a name; `declared` are the names declared where it did."""
    _add_below(registry, name, value, lambda called: label_of(called, declared))


def _add_below(registry: Registry, name: str, value: Any, label: _Label) -> None:
    for key, text, given in _leaves(name, value, label, None, 0):
        registry.add(text, given[0], key, sure=given[1])


def _leaves(
    name: str, value: Any, label_of: _Label, above: tuple[str, bool] | None, depth: int
) -> Iterator[tuple[str, str, tuple[str, bool]]]:
    """Yield the sensitive texts and numbers of nested data: what lies below a sensitive name is sensitive."""
    label = label_of(name) or above
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
                yield from _leaves(str(key), inner, label_of, label, depth + 1)
        case list() | tuple():
            for inner in value:
                yield from _leaves(name, inner, label_of, label, depth + 1)
        case _:
            return


_Pairs: TypeAlias = list[tuple[str, Any]]


def _arrived(request: HttpRequest, names: Names) -> _Pairs:
    """What is there from the start: the query, the cookies, the headers."""
    meta = request.META
    telling = names.headers_to_read(meta)
    pairs = _headers(meta, telling) if telling else []
    if meta.get("QUERY_STRING"):
        pairs += [(name, text) for name, texts in request.GET.lists() for text in texts]
    read = request.__dict__
    if (meta.get("HTTP_COOKIE") or read.get("COOKIES")) and (cookies := request.COOKIES):
        pairs += cookies.items()
        key = cookies.get(settings.SESSION_COOKIE_NAME)
        if key:
            pairs.append(("session_id", key))
    if read.get(_UNKNOWN):
        pairs += _unknown(request)
    return pairs


def _unknown(request: HttpRequest) -> _Pairs:
    """What looks like a token in an address that no view answers, and which a log of what was not found would keep."""
    return [("address_token", part) for part in request.path_info.split("/") if len(part) >= _TOKEN_LENGTH and _is_mixed(part)]


def _is_mixed(text: str) -> bool:
    """Tell a random text from words: it goes to and fro between small letters, capitals and digits."""
    kinds = [(char.isdigit(), char.isupper()) for char in text.translate(_SEPARATORS)]
    return sum(one != other for one, other in pairwise(kinds)) >= _TOKEN_CHANGES


def _headers(meta: Mapping[str, Any], keys: list[str]) -> _Pairs:
    pairs: _Pairs = []
    for key in keys:
        value = meta[key]
        if key != _AUTHORIZATION:
            pairs.append((key[5:], value))
            continue
        scheme, _, rest = value.partition(" ")
        if rest:
            pairs.append(("auth_token", rest))
        if scheme.lower() == _BASIC:
            try:
                pairs.append(("password", base64.b64decode(rest).decode().partition(":")[2]))
            except (binascii.Error, UnicodeDecodeError):
                continue
    return pairs


def _posted(request: HttpRequest) -> _Pairs | None:
    """What was posted, if it has been read: as the view's own form data, or as the bytes of a form or of JSON."""
    parsed = request.__dict__.get("_post")
    if parsed:
        return [(name, text) for name, texts in parsed.lists() for text in texts]
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
    most = settings.DATA_UPLOAD_MAX_NUMBER_FIELDS
    if most is not None and text.count("&") >= most:
        raise TooManyFieldsSent("The number of GET/POST parameters exceeded settings.DATA_UPLOAD_MAX_NUMBER_FIELDS.")
    if "%" in text or "+" in text:
        return parse_qsl(text, keep_blank_values=True, encoding=charset)
    return [(name, value) for name, _, value in [part.partition("=") for part in text.split("&") if part]]
