"""The addresses of a project: its URL resolver walked, with the methods each of them answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver
from django.utils.regex_helper import normalize

_METHODS = ("get", "post", "put", "patch", "delete")
_LAST = frozenset({"admin", "djdt", "silk"})
_NOT_OURS = frozenset({"djdt", "silk"})


@dataclass(frozen=True)
class Endpoint:
    """A route with the view that answers there."""

    route: str
    """As the project writes it: `/notes/<int:pk>/`."""
    form: str
    """With a place for each argument: `/notes/%(pk)s/`."""
    arguments: tuple[str, ...]
    converters: dict[str, Any]
    view: Any
    name: str
    namespaces: tuple[str, ...] = ()

    @property
    def shown(self) -> str:
        """The route as it is told: with the names of its arguments."""
        return self.form.replace("%(", "<").replace(")s", ">").replace("%%", "%")

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods the view may answer, told from its class; a function may answer any."""
        actions = getattr(self.view, "actions", None)
        if actions:
            return tuple(method for method in _METHODS if method in actions)
        cls = getattr(self.view, "view_class", None) or getattr(self.view, "cls", None)
        if cls is not None:
            wanted = getattr(cls, "http_method_names", _METHODS)
            known = tuple(method for method in _METHODS if method in wanted and _answers(cls, method))
            return known or ("get", "post")
        return ("get", "post") if not _is_of(self.view, "ninja") else _METHODS

    @property
    def is_class(self) -> bool:
        """Whether the methods are those of a class, and not a guess."""
        return bool(getattr(self.view, "view_class", None) or getattr(self.view, "cls", None))

    @property
    def is_api(self) -> bool:
        """Whether a program is expected to ask."""
        cls = getattr(self.view, "cls", None) or getattr(self.view, "view_class", None)
        return bool(getattr(self.view, "actions", None)) or hasattr(cls, "parser_classes") or _is_of(self.view, "ninja")


def endpoints() -> list[Endpoint]:
    """Return every endpoint: first where people log in, which hands out what matters most, and those of the admin last."""
    found = {(endpoint.form, id(endpoint.view)): endpoint for endpoint in _walk(get_resolver(), "/", "/", {}, ())}
    return sorted(found.values(), key=_turn)


def _turn(endpoint: Endpoint) -> int:
    if "login" in endpoint.name.lower() or "login" in endpoint.form.lower():
        return 0
    return 2 if _LAST.intersection(endpoint.namespaces) else 1


def _walk(
    resolver: URLResolver, route: str, form: str, converters: dict[str, Any], namespaces: tuple[str, ...]
) -> Iterator[Endpoint]:
    for pattern in resolver.url_patterns:
        said = route + str(pattern.pattern)
        known = converters | getattr(pattern.pattern, "converters", {})
        forms = normalize(pattern.pattern.regex.pattern)
        inner = forms[0][0] if forms else ""
        if isinstance(pattern, URLResolver):
            inside = (*namespaces, *([pattern.namespace] if pattern.namespace else []))
            if not _NOT_OURS.intersection(inside):
                yield from _walk(pattern, said, form + inner, known, inside)
        elif isinstance(pattern, URLPattern):
            whole = form + inner
            names = tuple(_names(whole))
            yield Endpoint(said, whole, names, known, pattern.callback, pattern.name or "", namespaces)


def _names(form: str) -> Iterator[str]:
    """Yield the names of the places in a form."""
    for part in form.split("%(")[1:]:
        yield part.partition(")s")[0]


def _answers(cls: type, method: str) -> bool:
    """Tell whether a class has a method of its own, and not one Django gives to every such class as another name."""
    handler = getattr(cls, method, None)
    module = str(getattr(handler, "__module__", ""))
    if module == "django.views.generic.base":
        return method == "get"
    return handler is not None and not (method == "put" and module == "django.views.generic.edit")


def _is_of(view: Any, package: str) -> bool:
    return str(getattr(view, "__module__", "")).partition(".")[0] == package
