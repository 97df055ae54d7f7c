"""
## What it finds
A cookie that is set without `secure=True`, by `set_cookie`, `set_signed_cookie` or `http.cookies`, and a session or CSRF cookie whose
`…_COOKIE_SECURE` is off, or left out, in the settings production loads. What the cookie carries decides who is told.

## Why it matters
Without the flag a browser sends the cookie over plain HTTP as well: one link to `http://`, typed or put into any page by somebody on the
same network, is enough to read it there. Who holds the cookie of a session is signed in.

## How to fix it
Pass `secure=True`, or `secure=settings.SESSION_COOKIE_SECURE` where development speaks plain HTTP, and set `SESSION_COOKIE_SECURE` and
`CSRF_COOKIE_SECURE` to `True` in production.

## When it is fine
The cookie tells nothing about anybody, as a language does: only auditors see it. Flags that come from a setting or another value that is
not known are believed. A cookie that is deleted needs no flag. A session cookie that a middleware of the project sets with flags of its
own, a setting that code assigns once it has read its configuration, and one that base settings leave to others are for the strict audience.
So is a setting that hangs on the environment, since who runs the site decides it there, one that settings may hold which are not in the
project, and one of settings as `startproject` makes them, with `DEBUG` on and no `ALLOWED_HOSTS`. So are the cookies of a program that starts a web server of its
own (`cheroot`, `waitress`, `cherrypy`), which has no HTTPS, and the session cookie of a site that nobody signs in to by a session, or
that redirects to HTTPS and has browsers keep to it for a year.
"""

from __future__ import annotations

from collections.abc import Iterator

from leaktight.edit import Desk, set_default, set_to, settings_at
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
from leaktight.rules.sessions import (
    are_begun,
    has_sessions,
    is_assigned,
    is_to_be_built_on,
    serves_itself,
    sets_session_cookie,
)
from leaktight.rules.transport.enforcement import keeps_to_https

rule = Rule(
    __name__,
    severity=Severity.MEDIUM,
    cwe=(614, 319),
    step="S7",
    channel=Channel.COOKIE,
    missing=(Safeguard.SECURE_COOKIE,),
    message="{what} travels over plain HTTP too: {why}",
    remedy="Set `secure=True` for the cookie, or the setting in production.",
    asvs=("3.3.1",),
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
    response.set_cookie("auth", handle, httponly=True, samesite="Lax")  # finds: cookie-without-secure
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

_ABSENT = "`secure` is not given"
_OFF = "`secure` is off"


@rule.call(*SETTERS)
def set_by_code(call: Call) -> Iterator[Finding]:
    yield from judge_call(rule, call, "secure", absent=_ABSENT, off=_OFF)


@rule.project
def written_as_a_header(project: Project) -> Iterator[Finding]:
    yield from judge_headers(rule, project, "secure")


@rule.call(*RAW_COOKIES)
def written_as_text(call: Call) -> Iterator[Finding]:
    yield from judge_raw(rule, call, "secure")


@rule.call(*LOGIN_COOKIES)
def signs_somebody_in(call: Call) -> Iterator[Finding]:
    yield from judge_login_cookie(rule, call, "secure", by_default=False)


@rule.project
def switched_off(project: Project) -> Iterator[Finding]:
    yield from judge_switches(rule, project, "SESSION_COOKIE_SECURE", "REMEMBER_COOKIE_SECURE", "JWT_COOKIE_SECURE")


@rule.call(MORSEL)
def changed_later(call: Call) -> Iterator[Finding]:
    yield from judge_morsel(rule, call, "secure", off=_OFF)


@rule.project
def session_cookie(project: Project) -> Iterator[Finding]:
    """The setting decides, unless code of the site decides it anew for each answer or once it has read its configuration."""
    for settings in project.settings:
        value = settings.get("SESSION_COOKIE_SECURE")
        if value.value is False and (value.certainty is not Certainty.ABSENT or has_sessions(settings)):
            elsewhere = (
                sets_session_cookie(settings, project)
                or is_assigned(project, value.name)
                or is_to_be_built_on(settings, value)
                or not are_begun(project, settings)
                or serves_itself(project)
                or keeps_to_https(settings, project)
            )
            audience = Audience.STRICT if elsewhere else Audience.DEFAULT
            yield from judge_setting(rule, settings, value, what="the session cookie", why=_why(value), audience=audience)
    for settings in project.loose_settings:
        value = settings.get("SESSION_COOKIE_SECURE")
        if value.value is False and value.certainty is not Certainty.ABSENT:
            yield from judge_setting(rule, settings, value, what="the session cookie", why=_why(value), audience=Audience.AUDIT)


@rule.setting("CSRF_COOKIE_SECURE", "LANGUAGE_COOKIE_SECURE")
def other_cookies(settings: Settings, value: SettingValue) -> Iterator[Finding]:
    """The CSRF token is worth little without a session; it is a matter for the strict, and the language for auditors."""
    csrf = value.name.startswith("CSRF")
    if value.value is False and (value.certainty is not Certainty.ABSENT or (csrf and has_sessions(settings))):
        audience = Audience.STRICT if csrf else Audience.AUDIT
        what = "the CSRF cookie" if csrf else "the language cookie"
        yield from judge_setting(rule, settings, value, what=what, why=_why(value), audience=audience)


@rule.setting("REST_AUTH")
def token_cookie(settings: Settings, value: SettingValue) -> Iterator[Finding]:
    """The cookie in which dj-rest-auth keeps its token is not secure unless it is told to be."""
    name, flag = value.at("JWT_AUTH_COOKIE"), value.at("JWT_AUTH_SECURE")
    if isinstance(name.value, str) and (flag.certainty is Certainty.ABSENT or flag.value is False):
        why = f"`JWT_AUTH_SECURE` of `{value.name}` is off" + (" unless it is set" if flag.certainty is Certainty.ABSENT else "")
        yield from judge_setting(
            rule, settings, name if flag.span is None else flag, what=f"the cookie `{name.value}` with a token", why=why
        )


@rule.fix(Safety.SAFE, "add `secure=True`, or the site's own setting for its session cookie")
def secured(finding: Finding, desk: Desk) -> Iterator[Edit]:
    yield from add_flag(finding, desk, "secure", "True", setting="SESSION_COOKIE_SECURE")


@rule.fix(Safety.SAFE, "turn the setting on for production", uncovers=("cookie-without-secure",))
def set_for_production(finding: Finding, desk: Desk) -> Iterator[Edit]:
    settings = settings_at(desk, finding.span.path, finding.symbol)
    yield from set_to(desk, settings, setting_of(finding), "True", only_secure=True)


@rule.fix(
    Safety.UNSAFE, "let it be on unless the environment says otherwise", "who uses the site over plain HTTP sets the variable"
)
def on_by_default(finding: Finding, desk: Desk) -> Iterator[Edit]:
    settings = settings_at(desk, finding.span.path, finding.symbol)
    yield from set_default(desk, settings, setting_of(finding), "True", only_secure=True)


def _why(value: SettingValue) -> str:
    if value.certainty is Certainty.ABSENT:
        return f"`{value.name}` is not set"
    return (
        f"`{value.name}` is off unless the environment says otherwise"
        if value.certainty is Certainty.DEFAULTED
        else f"`{value.name}` is off"
    )
