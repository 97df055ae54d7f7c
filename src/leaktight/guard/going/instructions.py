"""What the browser is told about a sensitive response: not to keep it, not to send its address on, and where its forms may go."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.contrib.auth.signals import user_logged_out

from leaktight.guard.conf import configuration
from leaktight.guard.going.fields import field, fields_of
from leaktight.guard.values.deep import first_hit
from leaktight.policy import Channel

if TYPE_CHECKING:
    from typing import Any

    from django.http import HttpRequest, HttpResponseBase

    from leaktight.guard.values.registry import Registry

LOGGED_OUT = "_leaktight_logged_out"
"""Stands in a request that signed somebody out."""
_POLICY = "Content-Security-Policy"
_NOT_KEPT = ("Cache-Control", "no-store, private")
_ABOUT_KEEPING = ("expires", "etag", "last-modified")


def instruct(request: HttpRequest, response: HttpResponseBase, registry: Registry, *, holds: bool) -> None:
    """Add the headers a sensitive response needs, exactly where one is; `holds` tells whether the request has any value."""
    match = request.resolver_match
    declares = registry.is_declared and match is not None
    if declares or (holds and _holds_private(response, registry)):
        keep_out_of_caches(response)
    if holds and (request.META.get("QUERY_STRING") or (match and match.kwargs)) and _address_is_private(request, registry):
        response.headers["Referrer-Policy"] = "same-origin" if _has_form(response) else "no-referrer"
    if LOGGED_OUT in request.__dict__ and configuration().clear_site_data:
        kinds = ", ".join(f'"{kind}"' for kind in configuration().clear_site_data)
        response.headers.setdefault("Clear-Site-Data", kinds)
    if declares and "text/html" in field(response, "content-type"):
        _keep_forms_here(response)


def keep_out_of_caches(response: HttpResponseBase) -> None:
    """Say that nobody may keep a response (RFC 9111, 5.2.2.5)."""
    fields = fields_of(response)
    fields["cache-control"] = _NOT_KEPT
    for name in _ABOUT_KEEPING:
        fields.pop(name, None)


def _holds_private(response: HttpResponseBase, registry: Registry) -> bool:
    search = registry.permitted(Channel.RESPONSE_BODY)
    if not search:
        return False
    return response.streaming or bool(search.hits_in_bytes(response.content))


def _address_is_private(request: HttpRequest, registry: Registry) -> bool:
    """Tell whether the address itself lets its holder in, as that of a reset link does."""
    return first_hit(registry.everything(), request.get_full_path()) is not None


def _has_form(response: HttpResponseBase) -> bool:
    """Tell whether there may be a form in a page: under `no-referrer` browsers send `Origin: null` with it, which the CSRF check refuses."""
    return response.streaming or b"<form" in response.content


def _keep_forms_here(response: HttpResponseBase) -> None:
    """Add where forms may go, unless the site says so itself: `default-src` does not cover it (CSP 3, 6.4.1)."""
    policy = field(response, _POLICY.lower())
    if not policy:
        fields_of(response)[_POLICY.lower()] = (_POLICY, "form-action 'self'")
    elif not any(directive.split()[:1] == ["form-action"] for directive in re.split("[;,]", policy.lower())):
        response.headers[_POLICY] = f"{policy.rstrip('; ')}; form-action 'self'"


def remember_logout(sender: Any, request: HttpRequest | None, **_: Any) -> None:
    """Note that this request signed somebody out."""
    if request is not None:
        request.__dict__[LOGGED_OUT] = True


user_logged_out.connect(remember_logout, dispatch_uid="leaktight.guard")
