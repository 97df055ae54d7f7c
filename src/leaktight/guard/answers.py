"""The guard's own answers: short, neutral, never kept, and with nothing of the request in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.http import HttpResponse, JsonResponse

if TYPE_CHECKING:
    from django.http import HttpRequest


def refusal(request: HttpRequest, status: int, text: str) -> HttpResponse:
    """Answer that a request is refused, as text or, for programs, as a problem (RFC 9457)."""
    return _answer(request, status, text)


def withheld(request: HttpRequest) -> HttpResponse:
    """Answer in place of a response that was stopped."""
    return _answer(request, 500, "The answer was withheld: it held something that must not be sent.")


def _answer(request: HttpRequest, status: int, text: str) -> HttpResponse:
    accepted = request.headers.get("Accept", "")
    if "json" in accepted and "text/html" not in accepted:
        problem = {"type": "about:blank", "status": status, "detail": text}
        response: HttpResponse = JsonResponse(problem, status=status, content_type="application/problem+json")
    else:
        response = HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")
    response.headers["Cache-Control"] = "no-store"
    response.headers["Connection"] = "close"
    response.headers["X-Content-Type-Options"] = "nosniff"
    if request.is_secure() and settings.SECURE_HSTS_SECONDS:
        response.headers["Strict-Transport-Security"] = _hsts()
    return response


def _hsts() -> str:
    """Write what Django's middleware would have sent (RFC 6797): a refusal never gets that far."""
    parts = [f"max-age={settings.SECURE_HSTS_SECONDS}"]
    if settings.SECURE_HSTS_INCLUDE_SUBDOMAINS:
        parts.append("includeSubDomains")
    if settings.SECURE_HSTS_PRELOAD:
        parts.append("preload")
    return "; ".join(parts)
