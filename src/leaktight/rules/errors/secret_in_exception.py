"""
## What it finds
An exception that is raised with a password, key, token, card number, identity number or health record in its text.

## Why it matters
The text of an exception goes where nobody chose to send it: into the log of whoever catches it, into error reports and trackers, into the
result of a task, and often as `str(error)` into the answer. The function that raises it cannot know.

## How to fix it
Say what is wrong and about whom, not with which value: the id of the account, the name of the key, the length that was expected.

## When it is fine
Personal data such as an e-mail address is shown to auditors only. What is shown to the strict audience only: a secret that is none of
the site's own settings. What a visitor or a user of the site has sent is, as a rule, told to that person, who knows it. The value is masked, hashed or only its length or last characters are told; or it is kept as an attribute of an exception whose text,
given by `super().__init__(text)` or `__str__`, does not tell it.
"""

from __future__ import annotations

from collections.abc import Iterator

from leaktight.flow.events import Arrival
from leaktight.model import Audience, Finding, Severity
from leaktight.policy import Channel, LabelKind, Safeguard
from leaktight.rules.api import Example, NotPossible, Rule
from leaktight.rules.judging import at_least, harm, is_grave, kind_of, milder

rule = Rule(
    __name__,
    severity=Severity.MEDIUM,
    doubted=True,
    cwe=(209, 532),
    step="S2",
    channel=Channel.EXCEPTION_TEXT,
    missing=(Safeguard.MASKED,),
    message="{label} is in the text of an exception",
    remedy="Raise it with an id or a length instead of the value.",
    asvs=("16.5.1", "16.2.5"),
    unfixable=NotPossible("who catches the exception may depend on its text"),
    examples=(
        Example(
            "A key that is told in full",
            bad={
                "shop/partner.py": """\
from django.conf import settings


class PartnerError(Exception):
    pass


def headers():
    key = settings.PARTNER_API_KEY
    if len(key) != 40:
        raise PartnerError(f"{key} is no key of the partner")  # finds: secret-in-exception
    return {"Authorization": f"Bearer {key}"}
"""
            },
            good={
                "shop/partner.py": """\
from django.conf import settings


class PartnerError(Exception):
    pass


def headers():
    key = settings.PARTNER_API_KEY
    if len(key) != 40:
        raise PartnerError(f"the key of the partner has {len(key)} characters, not 40")
    return {"Authorization": f"Bearer {key}"}
"""
            },
        ),
    ),
)


@rule.flow(Channel.EXCEPTION_TEXT)
def raised(arrival: Arrival) -> Iterator[Finding]:
    if kind_of(arrival.label) is LabelKind.INTERNAL or not arrival.fact.state.is_readable:
        return
    yield rule.finding(
        arrival.span,
        label=arrival.label,
        severity=milder(harm(arrival.label)),
        confidence=arrival.confidence,
        audience=at_least(arrival.audience, _least(arrival)),
        symbol=arrival.call.symbol,
        flow=arrival.flow,
    )


def _is_of_the_site(arrival: Arrival) -> bool:
    """Tell a secret of the settings, or of a file beside them, from what came in with a request."""
    if arrival.fact.source:
        return arrival.fact.source == "settings"
    folders = {settings.path.rpartition("/")[0] for settings in arrival.project.settings}
    return any(step.span.path.rpartition("/")[0] in folders for step in arrival.flow[:1])


def _least(arrival: Arrival) -> Audience:
    """What is secret in a way nobody can name, such as the code of a voucher, is often raised for people who may know it."""
    if not is_grave(arrival.label):
        return Audience.AUDIT
    return Audience.STRICT if arrival.label == "secret" or not _is_of_the_site(arrival) else Audience.DEFAULT
