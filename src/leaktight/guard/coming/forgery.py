"""Cross-site request forgery on views that declare something sensitive, also where they are exempt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.middleware.csrf import CsrfViewMiddleware

from leaktight.guard.values.declare import declared_by

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponseBase

_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_TOKENS = ("HTTP_AUTHORIZATION", "HTTP_X_API_KEY")


def refuse_forged(
    request: HttpRequest, view: Callable[..., Any], arguments: tuple[Any, ...], named: dict[str, Any]
) -> HttpResponseBase | None:
    """Check the CSRF token of a request to a declared view that is exempt from Django's own check; None when it is right or not needed.

    It is not needed where nothing is sent along by the browser on its own: a request with a token of its own and no session.
    """
    if request.method in _SAFE or not getattr(view, "csrf_exempt", False) or not declared_by(view):
        return None
    has_session = settings.SESSION_COOKIE_NAME in request.COOKIES
    from_elsewhere = request.META.get("HTTP_SEC_FETCH_SITE") in {"cross-site", "same-site"}
    if not has_session and (not from_elsewhere or any(name in request.META for name in _TOKENS)):
        return None
    check = CsrfViewMiddleware(lambda _: None)
    check.process_request(request)
    refused: HttpResponseBase | None = check.process_view(request, _not_exempt, arguments, named)
    return refused


def _not_exempt(request: HttpRequest) -> None:
    """Stand in for the view, which is exempt."""
