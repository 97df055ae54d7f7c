"""Requests that come in clear: refused when they carry anything, redirected when they are visits to a page."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import DisallowedHost, SuspiciousOperation
from django.http import HttpResponse, HttpResponsePermanentRedirect
from django.http.multipartparser import MultiPartParserError
from django.utils.encoding import escape_uri_path

from leaktight.guard.answers import refusal
from leaktight.guard.conf import Mode, configuration
from leaktight.guard.fingerprint import fingerprint
from leaktight.guard.incidents import Incident, cleartext_credential_seen, tell
from leaktight.policy import Channel

if TYPE_CHECKING:
    from django.http import HttpRequest

    from leaktight.guard.values.registry import Registry

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def refuse_cleartext(request: HttpRequest, registry: Registry) -> HttpResponse | None:
    """Answer a request that did not come over TLS; None when it did, or when the site does not ask for it.

    A redirect would come too late for what was sent, and nobody would notice (ASVS 5.0, 4.1.2): so only visits to a page that carry
    nothing are redirected, without their query.
    """
    if request.is_secure() or not configuration().https or settings.DEBUG:
        return None
    carries = request.method not in _SAFE or "HTTP_AUTHORIZATION" in request.META or any(value.sure for value in registry)
    if carries:
        _tell(request, registry)
        return refusal(
            request, 403, "This site is used over HTTPS only. What was just sent in clear must be considered known to others."
        )
    if _is_exempt(request):
        return None
    if "text/html" not in request.META.get("HTTP_ACCEPT", ""):
        return refusal(request, 403, "This site is used over HTTPS only.")
    try:
        return HttpResponsePermanentRedirect(
            f"https://{settings.SECURE_SSL_HOST or request.get_host()}{escape_uri_path(request.path)}"
        )
    except DisallowedHost:
        return refusal(request, 400, "The host of this request is not served here.")


def _tell(request: HttpRequest, registry: Registry) -> None:
    """Tell of every value that came in clear. The request ends here, so an upload may be read for it, which else only a view does."""
    if request.content_type == "multipart/form-data":
        with contextlib.suppress(MultiPartParserError, SuspiciousOperation, OSError):
            request.POST  # noqa: B018 - reading it is what parses it
    for value in registry:
        if value.sure:
            incident = Incident(Channel.REQUEST_BODY, value.label, value.name, Mode.BLOCK, fingerprint(value.text))
            tell(incident, request, signal=cleartext_credential_seen)


def _is_exempt(request: HttpRequest) -> bool:
    """What the site exempts from its redirect, such as the check of a load balancer, may still come in clear while it carries nothing."""
    path = request.path.lstrip("/")
    return any(re.search(pattern, path) for pattern in settings.SECURE_REDIRECT_EXEMPT)
