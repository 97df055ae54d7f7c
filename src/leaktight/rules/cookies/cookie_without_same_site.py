"""
## What it finds
A cookie that lets its holder act as somebody and is set without `samesite="Lax"` or `"Strict"`, and `SESSION_COOKIE_SAMESITE` or
`CSRF_COOKIE_SAMESITE` set to `"None"` or switched off.

## Why it matters
The browser adds such a cookie to requests that other sites make it send, so that a page elsewhere can act for whoever is signed in here.
Some browsers treat a missing value as `Lax`, some do so after two minutes, some not at all.

## How to fix it
Pass `samesite="Lax"`, or `"Strict"` where nobody arrives by a link. Leave `SESSION_COOKIE_SAMESITE` as Django has it.

## When it is fine
Cookies that sign nobody in are for auditors, where the other flags are given or this one is switched off. The site is shown inside pages of other sites on purpose, and each change it makes is protected by a CSRF token.

For the strict only: a cookie that says nothing of `samesite`, because most browsers take it as `Lax`; one with `samesite="None"` and `secure`,
which pages of other sites are meant to send; the setting, which nobody changes by
mistake; and a flag that is taken off a cookie of which nothing, or only a vague word, says what it holds.
"""

from __future__ import annotations

from collections.abc import Iterator

from leaktight.edit import Desk, set_to, settings_at
from leaktight.flow.events import Call
from leaktight.model import Audience, Certainty, Edit, Finding, Safety, Severity
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
    severity=Severity.LOW,
    cwe=(1275, 352),
    step="S7",
    channel=Channel.COOKIE,
    missing=(Safeguard.SAME_SITE,),
    message="{what} is sent along with requests of other sites: {why}",
    remedy='Set `samesite` to "Lax" or "Strict".',
    asvs=("3.3.2",),
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
    response.set_cookie("auth", handle, secure=True, httponly=True)  # finds: cookie-without-same-site
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

_ABSENT = "`samesite` is not given"
_OFF = "`samesite` is off"


@rule.call(*SETTERS)
def set_by_code(call: Call) -> Iterator[Finding]:
    yield from judge_call(rule, call, "samesite", absent=_ABSENT, off=_OFF)


@rule.project
def written_as_a_header(project: Project) -> Iterator[Finding]:
    yield from judge_headers(rule, project, "samesite")


@rule.call(*RAW_COOKIES)
def written_as_text(call: Call) -> Iterator[Finding]:
    yield from judge_raw(rule, call, "samesite")


@rule.call(*LOGIN_COOKIES)
def signs_somebody_in(call: Call) -> Iterator[Finding]:
    yield from judge_login_cookie(rule, call, "samesite", by_default=True)


@rule.project
def switched_off(project: Project) -> Iterator[Finding]:
    yield from judge_switches(rule, project, "SESSION_COOKIE_SAMESITE", "REMEMBER_COOKIE_SAMESITE", "JWT_COOKIE_SAMESITE")


@rule.call(MORSEL)
def changed_later(call: Call) -> Iterator[Finding]:
    yield from judge_morsel(rule, call, "samesite", off=_OFF)


@rule.setting("SESSION_COOKIE_SAMESITE", "CSRF_COOKIE_SAMESITE")
def site_cookie(settings: Settings, value: SettingValue) -> Iterator[Finding]:
    if value.certainty is Certainty.ABSENT or (isinstance(value.value, str) and value.value.lower() in {"lax", "strict"}):
        return
    if value.value in {None, False} or (isinstance(value.value, str) and value.value.lower() == "none"):
        session = value.name.startswith("SESSION")
        what = "the session cookie" if session else "the CSRF cookie"
        yield from judge_setting(rule, settings, value, what=what, why=f"`{value.name}` is off", audience=Audience.STRICT)


@rule.fix(
    Safety.UNSAFE,
    "add the flag, or the site's own setting for its session cookie",
    "other sites that embed or post to this one do so without the cookie",
)
def flagged(finding: Finding, desk: Desk) -> Iterator[Edit]:
    yield from add_flag(finding, desk, "samesite", '"Lax"', setting="SESSION_COOKIE_SAMESITE")


@rule.fix(Safety.UNSAFE, "set it for production", "other sites that embed or post to this one do so without the cookie")
def set_for_production(finding: Finding, desk: Desk) -> Iterator[Edit]:
    yield from set_to(desk, settings_at(desk, finding.span.path, finding.symbol), setting_of(finding), '"Lax"')
