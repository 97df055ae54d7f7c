"""
## What it finds
A page that is shown while a token stands in its address: a view for setting a password, confirming a mail address, accepting an invitation
or signing in by link that renders a template at the very address the mail gave.

## Why it matters
As long as the page is open, the token is in the address bar and in the history. Every script of the page can read it, every picture, link
and script from another site may be told it as `Referer`, and analytics sends the address along. Who finds the token before it is used takes
over the account; a page with a form leaves a lot of time for that.

## How to fix it
Do as Django's `PasswordResetConfirmView`: check the token, keep it in the session, and redirect to the same page at an address without it.
`Referrer-Policy: no-referrer` on the page helps against other sites only.

## When it is fine
The view redirects at once, or takes the token by POST. Links that are there to be kept, such as the address of a calendar, are not reported.

All of it is for the strict: neither how long the token still opens something when the page is shown, nor what the page loads from
elsewhere, is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from leaktight.model import Audience, Confidence, Finding, Severity
from leaktight.policy import Channel, Safeguard
from leaktight.project import Project
from leaktight.project.symbols import ClassRef, FunctionRef
from leaktight.project.views import View
from leaktight.rules.access import reach_of
from leaktight.rules.api import Example, NotPossible, Rule
from leaktight.rules.reach import Reach, heading

rule = Rule(
    __name__,
    severity=Severity.MEDIUM,
    cwe=(598, 200),
    step="S4",
    channel=Channel.REQUEST_URL,
    missing=(Safeguard.POST,),
    message="the page of `{view}` is shown while `{word}` stands in its address",
    remedy="Keep the token in the session and redirect to an address without it before anything is shown.",
    asvs=("14.2.1",),
    unfixable=NotPossible("what the page loads, and the address it redirects to, are for its makers to choose"),
    examples=(
        Example(
            "A form for a new password at the address from the mail",
            bad={
                "shop/views.py": """\
from django.contrib.auth.forms import SetPasswordForm
from django.contrib.auth.tokens import default_token_generator
from django.http import Http404
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from shop.models import Customer


@sensitive_post_parameters()
@never_cache
def choose_password(request, number, token):  # finds: page-at-secret-address
    customer = Customer.objects.get(number=number)
    if not default_token_generator.check_token(customer, token):
        raise Http404
    form = SetPasswordForm(customer, request.POST or None)
    if form.is_valid():
        form.save()
        return redirect("home")
    return render(request, "shop/choose.html", {"form": form})
"""
            },
            good={
                "shop/urls.py": """\
from django.contrib.auth.views import PasswordResetConfirmView
from django.urls import path

urlpatterns = [path("choose/<uidb64>/<token>/", PasswordResetConfirmView.as_view(), name="choose")]
"""
            },
        ),
    ),
)

_SECRETS = re.compile(r"(\w+_)?(token|key|code|secret|hash|hmac|signature|nonce)|reset\w*id|invite|invitation")
_NO_SECRETS = re.compile(
    r"(page|csrf|country|language|lang|zip|post|product|currency|error|status|course|project|cache|sort|primary|foreign)_?\w*"
)
_CAPTURED = re.compile(r"<(?:\w+:)?(\w+)>")
_PURPOSE = re.compile(
    r"password|passwort|reset|activat\w*|confirm\w*|verify|verif\w+|invit\w+|magic|sign_?up|register|registration|recover\w*|unlock"
)
_CHECKS = frozenset({"check_token", "set_password", "make_password", "SetPasswordForm", "AdminPasswordChangeForm"})
_SHOWS = frozenset({"render", "TemplateResponse", "render_to_response", "render_to_string"})
_SHOWING = ("FormView", "TemplateView", "UpdateView", "CreateView", "DetailView")
_DONE = ("PasswordResetConfirmView", "PasswordResetFromKeyView")


@rule.project
def shown_with_its_token(project: Project) -> Iterator[Finding]:
    for view in project.views:
        word = None if view.is_api or any(name.endswith(_DONE) for name in view.ancestors) else _captured(project, view)
        handler = view.handlers.get("get") or view.handlers.get("*")
        if word is None or not (handler or view.is_class):
            continue
        done = reach_of(project, view, "get", depth=1)
        if not _shows(view, done) or _moves_on(done) or not _is_for_an_account(view, done):
            continue
        yield rule.finding(
            heading(project, handler or view.ref),
            label="token",
            confidence=Confidence.LOW,
            audience=Audience.STRICT,
            symbol=_symbol(project, view),
            view=view.name,
            word=word,
        )


def _captured(project: Project, view: View) -> str | None:
    """The part of the address that is a secret: a group of the route, or a parameter of the view."""
    names = [name for route in view.routes for name in _CAPTURED.findall(route.pattern or "")]
    for handler in view.handlers.values():
        names += [parameter.name for parameter in project.program.function(handler).parameters[1:]]
    return next((name for name in names if _SECRETS.fullmatch(name) and not _NO_SECRETS.fullmatch(name)), None)


def _shows(view: View, done: Reach) -> bool:
    if not _SHOWS.isdisjoint(done.called):
        return True
    return view.is_class and any(name.endswith(_SHOWING) for name in view.ancestors)


def _moves_on(done: Reach) -> bool:
    """Tell whether the token is put into the session, so that a page without it can follow."""
    return bool({"session", "request.session"} & done.used) and bool({"redirect", "HttpResponseRedirect"} & done.called)


def _is_for_an_account(view: View, done: Reach) -> bool:
    """Tell a token that proves who somebody is from one that only finds something."""
    return _PURPOSE.search(view.name.lower()) is not None or not _CHECKS.isdisjoint(done.called | done.used)


def _symbol(project: Project, view: View) -> str:
    if isinstance(view.ref, FunctionRef):
        return project.symbol(view.path, view.ref)
    assert isinstance(view.ref, ClassRef)
    return f"{project.symbol(view.path, None)}.{project.program.class_(view.ref).qualified}"
