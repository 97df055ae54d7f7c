"""Views that take or show sensitive data: forged requests refused, nothing kept by browsers, tokens of links out of the address."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from asgiref.sync import iscoroutinefunction
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import FormView

from leaktight.guard.values.declare import sensitive

V = TypeVar("V", bound=Callable[..., Any])

IN_SESSION = "in-session"
"""Stands in the address where the token was."""


@method_decorator([never_cache, csrf_protect, sensitive_post_parameters()], name="dispatch")
class SensitiveView(View):
    """A view whose names in `sensitive_names` are declared sensitive; with a dictionary, name → label of the policy.

    It is protected against forged requests and kept out of caches, and error reports leave out what was posted to it.
    """

    sensitive_names: tuple[str, ...] | dict[str, str] = ()

    def __init_subclass__(cls, **named: Any) -> None:
        """Declare the names of a view when it is defined. Raises `ValueError` for an unknown label."""
        super().__init_subclass__(**named)
        if "sensitive_names" in cls.__dict__ and cls.sensitive_names:
            names = cls.sensitive_names
            sensitive(**names)(cls) if isinstance(names, dict) else sensitive(*names)(cls)


class SensitiveFormView(SensitiveView, FormView):
    """A `FormView` for sensitive data; what its form declares counts as well."""


def token_from_session(name: str = "token") -> Callable[[V], V]:
    """Take the token of a link out of the address, as Django's own page for new passwords does, for any view.

    The first visit puts the path argument `name` into the session and redirects to the same address without it; the view then gets it from there,
    and nothing on the page can send it on by its `Referer`. The session must not be readable: `leaktight.guard.sessions`. Raises `Http404`
    where there is no token in the session.
    """

    def decorate(view: V) -> V:
        if iscoroutinefunction(view):

            @functools.wraps(view)
            async def inner(request: HttpRequest, *arguments: Any, **named: Any) -> Any:
                token = named[name]
                if token != IN_SESSION:
                    await request.session.aset(_key(request, name), token)
                    return _without(request, name, arguments, named)
                kept = await request.session.aget(_key(request, name))
                return await view(request, *arguments, **{**named, name: _found(kept)})
        else:

            @functools.wraps(view)
            def inner(request: HttpRequest, *arguments: Any, **named: Any) -> Any:
                token = named[name]
                if token != IN_SESSION:
                    request.session[_key(request, name)] = token
                    return _without(request, name, arguments, named)
                return view(request, *arguments, **{**named, name: _found(request.session.get(_key(request, name)))})

        return inner  # type: ignore[return-value]

    return decorate


def _key(request: HttpRequest, name: str) -> str:
    return f"_leaktight_link_{request.resolver_match.view_name}_{name}"


def _found(token: Any) -> Any:
    if token is None:
        raise Http404
    return token


def _without(request: HttpRequest, name: str, arguments: tuple[Any, ...], named: dict[str, Any]) -> HttpResponseBase:
    response = HttpResponseRedirect(reverse(request.resolver_match.view_name, args=arguments, kwargs={**named, name: IN_SESSION}))
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
