"""
## What it finds
A setting that holds a secret under a name that Django does not mask in error reports: `SMTP_PWD`, `WIFI_PSK`, `DATABASE_URL`, and before
Django 5.2 also `TWILIO_AUTH`. In a package, the same for the settings it asks its users to set.

## Why it matters
An error report lists all settings, on the page that `DEBUG` shows and in the mail to the administrators. Only values whose name holds `API`,
`AUTH`, `KEY`, `PASS`, `SECRET`, `SIGNATURE` or `TOKEN` are replaced by stars; every other secret is written out.

## How to fix it
Call the setting so that Django recognises it (`SMTP_PASSWORD`, `WEBHOOK_SECRET`), or name a filter of your own in
`DEFAULT_EXCEPTION_REPORTER_FILTER` whose `hidden_settings` knows the name too.

## When it is fine
A filter of the project is set: what it hides is not judged. For the strict: a site whose complete settings name no `ADMINS` and no error
tracker, so that nobody gets a report. Addresses of services and connection strings are for the strict, and for auditors as long as nothing
shows that they hold a password.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from leaktight.flow.naming import may_be_secret
from leaktight.model import Audience, Certainty, Confidence, Finding, Severity
from leaktight.policy import Channel, Safeguard, Strength
from leaktight.project import Project
from leaktight.project.settings import Settings, SettingValue
from leaktight.project.settings_reads import settings_reads
from leaktight.rules.api import Example, NotPossible, Rule
from leaktight.rules.errors.reporting import has_readers
from leaktight.rules.judging import is_grave
from leaktight.rules.sessions import place
from leaktight.rules.transport.enforcement import of_production
from leaktight.rules.wording import an

rule = Rule(
    __name__,
    severity=Severity.MEDIUM,
    doubted=True,
    cwe=(209, 532),
    step="S2",
    channel=Channel.ERROR_REPORT,
    missing=(Safeguard.MASKED,),
    message="{what} in the setting `{name}` is written out in error reports{until}",
    remedy="Give the setting a name that Django masks, or set a filter in `DEFAULT_EXCEPTION_REPORTER_FILTER` that knows it.",
    asvs=("16.2.5", "16.5.1"),
    unfixable=NotPossible("the setting is called so in other places, and in the environment"),
    examples=(
        Example(
            "A password under a name that is not masked",
            bad={
                "shop/settings.py": """\
import os

ROOT_URLCONF = "shop.urls"
SECRET_KEY = os.environ["SECRET_KEY"]
SECURE_SSL_REDIRECT = True
SMTP_PWD = os.environ["SMTP_PWD"]  # finds: unmasked-settings
"""
            },
            good={
                "shop/settings.py": """\
import os

ROOT_URLCONF = "shop.urls"
SECRET_KEY = os.environ["SECRET_KEY"]
SECURE_SSL_REDIRECT = True
SMTP_PASSWORD = os.environ["SMTP_PASSWORD"]
"""
            },
        ),
    ),
)

_MASKED = re.compile("API|TOKEN|KEY|SECRET|PASS|SIGNATURE|HTTP_COOKIE", re.IGNORECASE)
"""What Django looks for in names (`django.views.debug`); since 5.2 also `AUTH`."""
_AUTH = re.compile("AUTH", re.IGNORECASE)
_CALLED_AUTH = re.compile(r"(?:^|_)(?:AUTH|AUTHORIZATION)$")
_FILTER = "DEFAULT_EXCEPTION_REPORTER_FILTER"
_ADDRESS = re.compile(r"(?:URL|URI|DSN|CONN(?:ECTION)?_?STR(?:ING)?)S?$")
_WITH_PASSWORD = re.compile(r"^[\w+.-]+://[^/@\s:]*:[^/@\s]+@")


@rule.project
def set_under_another_name(project: Project) -> Iterator[Finding]:
    for settings in of_production(project):
        if settings.get(_FILTER).certainty is not Certainty.ABSENT:
            continue
        for name in settings.names():
            yield from _judge(project, settings, settings.get(name))


def _judge(project: Project, settings: Settings, value: SettingValue) -> Iterator[Finding]:
    if isinstance(value.value, dict) and not _is_masked(project, value.name):
        return  # Django masks inside of dictionaries key by key
    verdict = _verdict(project, value.name)
    if verdict is None or not _may_hold(value.value) or (value.value is None and value.env is None):
        return
    label, strength, until = verdict
    audience = Audience.DEFAULT if strength is Strength.STRONG and has_readers(project) else Audience.STRICT
    if _ADDRESS.search(value.name):
        with_password = isinstance(value.value, str) and _WITH_PASSWORD.match(value.value)
        audience = Audience.STRICT if with_password else Audience.AUDIT
    elif isinstance(value.value, str) and value.env is None and not may_be_secret(value.value):
        return
    yield rule.finding(
        place(value, settings),
        label=label,
        confidence=Confidence.MEDIUM if audience is Audience.DEFAULT else Confidence.LOW,
        audience=audience,
        symbol=settings.module,
        related=value.chain,
        what=an(label),
        name=value.name,
        until=until,
    )


@rule.project
def asked_for_by_a_package(project: Project) -> Iterator[Finding]:
    """A package has no settings of its own; the names it reads are those its users must set."""
    if project.settings:
        return
    seen: set[str] = set()
    for read in settings_reads(project.program):
        verdict = _verdict(project, read.name)
        if verdict is None or read.name in seen or _ADDRESS.search(read.name):
            continue
        seen.add(read.name)
        label, strength, until = verdict
        yield rule.finding(
            project.span(read.path, read.span),
            label=label,
            confidence=Confidence.LOW,
            audience=Audience.DEFAULT if strength is Strength.STRONG and not until else Audience.STRICT,
            symbol=project.symbol(read.path, read.function),
            what=an(label),
            name=read.name,
            until=until,
        )


def _verdict(project: Project, name: str) -> tuple[str, Strength, str] | None:
    """The label a name speaks of, how surely, and until when Django shows it; None for what is masked or no secret."""
    if _is_masked(project, name):
        return None
    match = project.recogniser.recognise(name)
    until = " before Django 5.2" if _AUTH.search(name) else ""
    if match is not None and is_grave(match.label) and match.state.is_readable:
        return match.label, match.strength, until
    return ("secret", Strength.WEAK, until) if _CALLED_AUTH.search(name) else None


def _is_masked(project: Project, name: str) -> bool:
    """Tell whether the Django the project asks for hides the setting; one that asks for none is taken for an old one."""
    if _MASKED.search(name):
        return True
    asked = [item.least for item in project.dependencies if item.name == "django" and item.least is not None]
    return bool(_AUTH.search(name)) and bool(asked) and min(asked) >= (5, 2)


def _may_hold(value: Any) -> bool:
    """Tell whether what is set can be a secret: not a switch, a number, a class or nothing."""
    return not isinstance(value, bool | int | float | dict) and value not in ("", (), [])
