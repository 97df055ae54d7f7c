"""
## What it finds
A cookie that lets its holder act as somebody and is set without `httponly=True`, and `SESSION_COOKIE_HTTPONLY` switched off.

## Why it matters
Every script of the page reads such a cookie: the site's own, those of its analytics and its advertisements, and the one that an attacker
gets into any page by a comment that is not escaped. With the flag the script can still act in the page, but cannot take the login away.

## How to fix it
Pass `httponly=True` and leave `SESSION_COOKIE_HTTPONLY` as Django has it. Give scripts what they need by another cookie or in the page.

## When it is fine
The cookie is made for scripts, as the one with the CSRF token, or tells nothing about anybody: only auditors see it.
"""

from __future__ import annotations

from collections.abc import Iterator

from leaktight.edit import Desk, set_to, settings_at
from leaktight.flow.events import Call
from leaktight.model import Certainty, Edit, Finding, Safety, Severity
from leaktight.policy import Channel, Safeguard
from leaktight.project import Project
from leaktight.project.settings import Settings, SettingValue
from leaktight.rules.api import Example, Rule
from leaktight.rules.cookies.fixing import add_flag, setting_of
from leaktight.rules.cookies.flags import MORSEL, SETTERS, judge_call, judge_morsel, judge_setting
from leaktight.rules.cookies.other_ways import (
    LOGIN_COOKIES,
    RAW_COOKIES,
    judge_headers,
    judge_login_cookie,
    judge_raw,
    judge_switches,
)

rule = Rule(
    __name__,
    severity=Severity.MEDIUM,
    doubted=True,
    cwe=(1004,),
    step="S7",
    channel=Channel.COOKIE,
    missing=(Safeguard.HTTP_ONLY,),
    message="{what} can be read by every script of the page: {why}",
    remedy="Set `httponly=True` for the cookie.",
    asvs=("3.3.4",),
    examples=(
        Example(
            "A sign-in cookie",
            bad={
                "shop/views.py": """\
import secrets

from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from shop.models import SignIn


@require_POST
def signed_in(request):
    handle = secrets.token_urlsafe(32)
    SignIn.remember(request.user, handle)
    response = redirect("home")
    response.set_cookie("auth", handle, secure=True, samesite="Lax")  # finds: cookie-without-http-only
    return response
"""
            },
            good={
                "shop/views.py": """\
import secrets

from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from shop.models import SignIn


@require_POST
def signed_in(request):
    handle = secrets.token_urlsafe(32)
    SignIn.remember(request.user, handle)
    response = redirect("home")
    response.set_cookie("auth", handle, secure=True, httponly=True, samesite="Lax")
    return response
"""
            },
        ),
    ),
)

_ABSENT = "`httponly` is not given"
_OFF = "`httponly` is off"


@rule.call(*SETTERS)
def set_by_code(call: Call) -> Iterator[Finding]:
    yield from judge_call(rule, call, "httponly", absent=_ABSENT, off=_OFF)


@rule.project
def written_as_a_header(project: Project) -> Iterator[Finding]:
    yield from judge_headers(rule, project, "httponly")


@rule.call(*RAW_COOKIES)
def written_as_text(call: Call) -> Iterator[Finding]:
    yield from judge_raw(rule, call, "httponly")


@rule.call(*LOGIN_COOKIES)
def signs_somebody_in(call: Call) -> Iterator[Finding]:
    yield from judge_login_cookie(rule, call, "httponly", by_default=False)


@rule.project
def switched_off(project: Project) -> Iterator[Finding]:
    yield from judge_switches(rule, project, "SESSION_COOKIE_HTTPONLY", "REMEMBER_COOKIE_HTTPONLY")


@rule.call(MORSEL)
def changed_later(call: Call) -> Iterator[Finding]:
    yield from judge_morsel(rule, call, "httponly", off=_OFF)


@rule.setting("SESSION_COOKIE_HTTPONLY")
def session_cookie(settings: Settings, value: SettingValue) -> Iterator[Finding]:
    if value.value is False and value.certainty is not Certainty.ABSENT:
        yield from judge_setting(rule, settings, value, what="the session cookie", why=f"`{value.name}` is off")


@rule.setting("REST_AUTH")
def token_cookie(settings: Settings, value: SettingValue) -> Iterator[Finding]:
    """The cookie in which dj-rest-auth keeps its token."""
    name, flag = value.at("JWT_AUTH_COOKIE"), value.at("JWT_AUTH_HTTPONLY")
    if isinstance(name.value, str) and flag.value is False:
        why = f"`JWT_AUTH_HTTPONLY` of `{value.name}` is off"
        yield from judge_setting(rule, settings, flag, what=f"the cookie `{name.value}` with a token", why=why)


@rule.fix(
    Safety.UNSAFE,
    "add the flag, or the site's own setting for its session cookie",
    "scripts of the page cannot read the cookie any more",
)
def flagged(finding: Finding, desk: Desk) -> Iterator[Edit]:
    yield from add_flag(finding, desk, "httponly", "True", setting="SESSION_COOKIE_HTTPONLY")


@rule.fix(Safety.UNSAFE, "set it for production", "scripts of the page cannot read the cookie any more")
def set_for_production(finding: Finding, desk: Desk) -> Iterator[Edit]:
    yield from set_to(desk, settings_at(desk, finding.span.path, finding.symbol), setting_of(finding), "True")
