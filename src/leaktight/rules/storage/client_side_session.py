"""
## What it finds
`SESSION_ENGINE` set to signed cookies in production while the code puts sensitive data into the session: the setting is reported, with the
place that stores the data. Without such a place known it is shown to the strict. A flash message that holds a password, a key or another
secret is reported when messages travel in a cookie, as they do unless `MESSAGE_STORAGE` says otherwise.

## Why it matters
A signed cookie cannot be changed, and can be read by everybody who holds it: the browser's owner, the next user of the computer, its
backups and extensions. Such a session cannot be ended either: after the logout a copy of the cookie still works.

## How to fix it
Set `SESSION_ENGINE` to `django.contrib.sessions.backends.db` or `cached_db`, and `MESSAGE_STORAGE` to
`django.contrib.messages.storage.session.SessionStorage`. Keep secrets out of messages altogether.

## When it is fine
Nothing is kept in the session that its owner may not read, and nobody relies on the end of a session. Only development uses cookies.
What a message tells an administrator who made a new password or key, once, is shown to the strict, and so is the token of a link that is
made to be passed on.
"""

from __future__ import annotations

from collections.abc import Iterator

from leaktight.edit import Desk, NotPossible, OtherKind, set_to, settings_at
from leaktight.flow.events import Arrival
from leaktight.model import Audience, Confidence, Edit, Finding, Safety, Severity, Style
from leaktight.policy import Channel, LabelKind, Safeguard
from leaktight.project.environment import Environment
from leaktight.project.settings import Settings, SettingValue
from leaktight.rules.administrators import is_for_administrators, is_in_admin
from leaktight.rules.api import Example, Rule
from leaktight.rules.guarding import EFFECT as NEEDS
from leaktight.rules.guarding import installed
from leaktight.rules.judging import IN_LINKS, at_least, audience_of, harm, is_grave, kind_of, lets_in
from leaktight.rules.sessions import COOKIE_ENGINE, are_messages_in_cookies, as_step, cookie_engine, place
from leaktight.rules.wording import an

rule = Rule(
    __name__,
    severity=Severity.MEDIUM,
    doubted=True,
    cwe=(315, 312, 539),
    step="S5",
    channel=Channel.SESSION,
    missing=(Safeguard.SERVER_SIDE,),
    message="{what} in a cookie that its holder can read",
    remedy="Keep sessions and messages on the server: set `SESSION_ENGINE` to the database or cache backend.",
    asvs=("14.3.3", "7.4.1"),
    examples=(
        Example(
            "Sessions in cookies, and a recovery code in the session",
            bad={
                "shop/settings.py": """\
DEBUG = False
SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"  # finds: client-side-session
""",
                "shop/wsgi.py": """\
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
application = get_wsgi_application()
""",
                "shop/views.py": """\
from django.shortcuts import redirect
from django.views.decorators.debug import sensitive_post_parameters


@sensitive_post_parameters("recovery_code")
def recover(request):
    request.session["used"] = request.POST["recovery_code"]
    return redirect("next-step")
""",
            },
            good={
                "shop/settings.py": """\
DEBUG = False
SECURE_SSL_REDIRECT = True
SECURE_HSTS_SECONDS = 63072000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
MIDDLEWARE = ["django.middleware.security.SecurityMiddleware"]
""",
                "shop/wsgi.py": """\
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
application = get_wsgi_application()
""",
                "shop/views.py": """\
from django.shortcuts import redirect


def start(request):
    request.session["basket"] = request.POST.getlist("item")
    return redirect("next-step")
""",
            },
        ),
    ),
)


@rule.setting("SESSION_ENGINE")
def kept_in_cookies(settings: Settings, value: SettingValue) -> Iterator[Finding]:
    """By itself the engine is a choice; what is stored makes it a leak."""
    if value.value == COOKIE_ENGINE and settings.environment not in {Environment.DEVELOPMENT, Environment.TEST}:
        yield rule.finding(
            place(value, settings),
            confidence=Confidence.LOW,
            audience=Audience.STRICT,
            symbol=settings.module,
            related=value.chain,
            what="whatever is put into the session is kept",
        )


@rule.flow(Channel.SESSION)
def stored_in_such_a_session(arrival: Arrival) -> Iterator[Finding]:
    engine = cookie_engine(arrival.project)
    if engine is None or engine.span is None or not arrival.fact.state.is_readable or not is_grave(arrival.label):
        return
    yield rule.finding(
        engine.span,
        severity=harm(arrival.label),
        confidence=arrival.confidence,
        audience=audience_of(arrival),
        related=arrival.flow,
        what=f"{an(arrival.label)} (`{arrival.fact.word}`) is put into the session, which is kept",
    )


@rule.flow(Channel.PAGE)
def shown_in_a_message(arrival: Arrival) -> Iterator[Finding]:
    if arrival.sink.part != "flash" or not are_messages_in_cookies(arrival.project) or not arrival.fact.state.is_readable:
        return
    kind = kind_of(arrival.label)
    if kind is LabelKind.INTERNAL:
        return
    setting = arrival.project.setting("MESSAGE_STORAGE")
    audience = at_least(audience_of(arrival), Audience.AUDIT if kind is LabelKind.PERSONAL else Audience.DEFAULT)
    is_link = arrival.label in IN_LINKS and not lets_in(arrival.fact)
    if is_link or is_in_admin(arrival.call.path) or is_for_administrators(arrival.project, arrival.call.function):
        audience = at_least(audience, Audience.STRICT)
    yield rule.finding(
        arrival.span,
        label=arrival.label,
        channel=Channel.COOKIE,
        severity=harm(arrival.label),
        confidence=arrival.confidence,
        audience=audience,
        symbol=arrival.call.symbol,
        flow=arrival.flow,
        related=as_step(setting, "where messages are kept") if setting is not None else (),
        what=f"{an(arrival.label)} (`{arrival.fact.word}`) is shown in a message, which travels",
    )


@rule.fix(
    Safety.UNSAFE,
    "keep it on the server, encrypted",
    f"everybody has to sign in anew; {NEEDS}",
    uncovers=("clear-secret-in-session",),
    style=Style.GUARD,
)
def on_the_server_encrypted(finding: Finding, desk: Desk) -> Iterator[Edit]:
    if finding.channel == Channel.COOKIE and "shown in a message" in finding.message:
        raise OtherKind("it is about messages")
    yield from installed(desk, finding.span.path)
    yield from _engine(finding, desk, "leaktight.guard.sessions.db")


@rule.fix(
    Safety.UNSAFE,
    "keep it on the server",
    "everybody has to sign in anew, and sessions need their table: `manage.py migrate`, and `clearsessions` now and then",
    uncovers=("clear-secret-in-session",),
)
def on_the_server(finding: Finding, desk: Desk) -> Iterator[Edit]:
    settings = settings_at(desk, finding.span.path, finding.symbol)
    if finding.channel == Channel.COOKIE and "shown in a message" in finding.message:
        yield from _set(desk, settings, "MESSAGE_STORAGE", "django.contrib.messages.storage.session.SessionStorage")
        return
    yield from _engine(finding, desk, "django.contrib.sessions.backends.db")


def _engine(finding: Finding, desk: Desk, name: str) -> list[Edit]:
    settings = settings_at(desk, finding.span.path, finding.symbol)
    apps = settings.get("INSTALLED_APPS").value
    if not isinstance(apps, list | tuple) or "django.contrib.sessions" not in apps:
        raise NotPossible("`django.contrib.sessions`, which has the table, is not installed")
    return _set(desk, settings, "SESSION_ENGINE", name)


def _set(desk: Desk, settings: Settings, name: str, value: str) -> list[Edit]:
    return set_to(desk, settings, name, desk.python(settings.path).quoted(value))
