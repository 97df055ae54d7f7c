"""Sensitive values in an address: in logs, histories and Referer headers they stay for ever, so such requests are refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leaktight.guard.answers import refusal
from leaktight.guard.conf import Mode, configuration
from leaktight.guard.fingerprint import fingerprint
from leaktight.guard.incidents import Incident, tell
from leaktight.guard.values.deep import first_hit
from leaktight.policy import Channel

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from leaktight.guard.values.registry import Registry


def refuse_in_address(request: HttpRequest, registry: Registry) -> HttpResponse | None:
    """Answer a request that holds a declared or known value in its path or query; None when it does not."""
    hit = first_hit(registry.search(Channel.REQUEST_URL), request.get_full_path())
    if hit is None:
        return None
    mode = configuration().mode(Channel.REQUEST_URL)
    tell(Incident(Channel.REQUEST_URL, hit.label, hit.name, mode, fingerprint(hit.value), hit.form, view_of(request)), request)
    if mode is Mode.REPORT:
        return None
    return refusal(
        request, 400, "This address holds a value that must not stand in addresses. Send it in the body of a POST request."
    )


def view_of(request: HttpRequest) -> str:
    """Return the name of the view that answers a request, never its address."""
    match = request.resolver_match
    return (match.view_name or match._func_path) if match else ""  # noqa: SLF001 - the dotted path, which has no public name
