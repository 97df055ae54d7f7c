"""Cross-site request forgery on views that declare something sensitive, also where they are exempt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.middleware.csrf import CsrfViewMiddleware

from leaktight.guard.values.collect import names_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponseBase

SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_TOKENS = ("HTTP_AUTHORIZATION", "HTTP_X_API_KEY")


def is_to_be_checked(request: HttpRequest, view: Callable[..., Any]) -> bool:
    """Tell whether a request that is not safe must hold a CSRF token although the view is exempt from Django's own check.

    It need not where nothing is sent along by the browser on its own: a request with a token of its own and no session.
    """
    if not getattr(view, "csrf_exempt", False) or not names_of(view).is_declared:
        return False
    if request.COOKIES and settings.SESSION_COOKIE_NAME in request.COOKIES:
        return True
    from_elsewhere = request.META.get("HTTP_SEC_FETCH_SITE") in {"cross-site", "same-site"}
    return from_elsewhere and not any(name in request.META for name in _TOKENS)


def refuse_forged(request: HttpRequest, arguments: tuple[Any, ...], named: dict[str, Any]) -> HttpResponseBase | None:
    """Check the CSRF token of such a request; None when it is right."""
    check = CsrfViewMiddleware(lambda _: None)
    check.process_request(request)
    refused: HttpResponseBase | None = check.process_view(request, _not_exempt, arguments, named)
    return refused


def _not_exempt(request: HttpRequest) -> None:
    """Stand in for the view, which is exempt."""
