"""Handing a secret to the one who may know it: posted, put into the vault, shown once on a page of its own."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect

from leaktight.guard.answers import refusal
from leaktight.guard.values.registry import current
from leaktight.guard.values.secret import Secret
from leaktight.guard.vault import Vault, VaultUnavailable

_LATER = "What is kept for you cannot be reached just now. It was not used up; please try again in a moment."


def hand_over(
    request: HttpRequest, value: str | Secret[str], to: str, *, ttl: int = 300, label: str = "secret", **arguments: Any
) -> HttpResponse:
    """Put a value into the vault and redirect to the page that shows it once (303, so that the page is asked for by GET).

    `to` is the name of a URL pattern with a `handle` that leads to a `SecretPage`; `arguments` are its other parts.
    """
    handle = _vault(request).put(value, ttl=ttl, label=label)
    response = HttpResponseRedirect(reverse(to, kwargs={**arguments, "handle": handle}))
    response.status_code = 303
    return response


@method_decorator([never_cache, csrf_protect], name="dispatch")
class SecretPage(View):
    """Shows a button to whoever opens it, and the secret, once, to the session it belongs to when the button is pressed.

    What follows links, such as the scanner of a mail service, uses nothing up. `path("secret/<handle>/", SecretPage.as_view(), name="secret")`.
    """

    template_name = "leaktight/secret_page.html"
    http_method_names = ("get", "head", "post", "options")

    def get(self, request: HttpRequest, handle: str, **_: Any) -> HttpResponse:
        """Show the button, or that there is nothing to be shown."""
        try:
            return self._page(request, {"can_reveal": _vault(request).holds(handle)})
        except VaultUnavailable:
            return refusal(request, 503, _LATER)

    def post(self, request: HttpRequest, handle: str, **_: Any) -> HttpResponse:
        """Show the secret, and forget it."""
        try:
            secret = _vault(request).get(handle)
        except VaultUnavailable:
            return refusal(request, 503, _LATER)
        if secret is None:
            return self._page(request, {"can_reveal": False}, status=410)
        text = secret.reveal()
        current().show(text)
        return self._page(request, {"secret": text})

    def _page(self, request: HttpRequest, context: dict[str, Any], status: int = 200) -> HttpResponse:
        response = render(request, self.template_name, context, status=status)
        # Where there is a form, `no-referrer` would make browsers send `Origin: null` with it, which the CSRF check refuses.
        response.headers["Referrer-Policy"] = "same-origin" if context.get("can_reveal") else "no-referrer"
        return response


def _vault(request: HttpRequest) -> Vault:
    return getattr(request, "vault", None) or Vault(request)
