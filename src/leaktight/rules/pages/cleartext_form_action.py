"""
## What it finds
A form, or a button with an action of its own, whose action begins with `http://` and leads to a host other people's networks lie before.

## Why it matters
What is typed in crosses the network as it is: anybody on the way can read it and change it. The page itself may have come over HTTPS,
with a lock in the address bar, so the person has no reason to doubt.

## How to fix it
Write `https://`, or for a form of this site only the path, best with `{% url %}`: then the form uses the scheme of its page.

## When it is fine
The host is this machine, a reserved name such as `example.com`, or a name that only a closed network knows; those are not reported.
"""

from __future__ import annotations

from collections.abc import Iterator

from leaktight.edit import Desk
from leaktight.model import Confidence, Edit, Finding, Safety, Severity
from leaktight.policy import Channel, Safeguard
from leaktight.project import Project
from leaktight.project.templates import Attribute, Element, Form, Template
from leaktight.rules.api import Example, Rule
from leaktight.rules.https import EFFECT, TITLE, to_https
from leaktight.rules.pages.evidence import of_form
from leaktight.rules.pages.sending import cleartext_origins, shown

rule = Rule(
    __name__,
    severity=Severity.MEDIUM,
    doubted=True,
    cwe=(319,),
    step="S1",
    channel=Channel.REQUEST_BODY,
    missing=(Safeguard.HTTPS,),
    message="the form sends {what} over plain HTTP to {host}",
    remedy="Write `https://` in the action, or only the path when the form belongs to this site.",
    asvs=("12.2.1",),
    examples=(
        Example(
            "A login form with a fixed scheme",
            bad={
                "shop/templates/shop/login.html": '<form method="post" action="http://www.shop.nl/login/">'
                "{# finds: cleartext-form-action, csrf-token-sent-away #}\n"
                '  {% csrf_token %}<input type="password" name="password" autocomplete="current-password">\n'
                "</form>\n"
            },
            good={
                "shop/templates/shop/login.html": '<form method="post" action="{% url \'login\' %}">\n'
                '  {% csrf_token %}<input type="password" name="password" autocomplete="current-password">\n'
                "</form>\n"
            },
        ),
    ),
)


@rule.tag("form")
def sent_in_clear(element: Element, template: Template, project: Project) -> Iterator[Finding]:
    if element.form is not None and element.form.action is not None:
        yield from _judge(element.form.action, element, element.form)


@rule.tag("button", "input")
def sent_in_clear_by_button(element: Element, template: Template, project: Project) -> Iterator[Finding]:
    if (action := element.attribute("formaction")) is not None:
        yield from _judge(action, element, None)


@rule.fix(Safety.UNSAFE, TITLE, EFFECT)
def over_https(finding: Finding, desk: Desk) -> Iterator[Edit]:
    yield from to_https(finding, desk)


def _judge(action: Attribute, element: Element, form: Form | None) -> Iterator[Finding]:
    for origin in cleartext_origins(action)[:1]:
        gravest = next((evidence for evidence in of_form(form) if evidence.strong), None) if form else None
        harmless = form is not None and form.method == "get" and gravest is None
        yield rule.finding(
            element.span,
            label=gravest.label if gravest else None,
            channel=Channel.REQUEST_URL if form is not None and form.method == "get" else None,
            severity=Severity.HIGH if gravest else Severity.LOW if harmless else None,
            confidence=Confidence.MEDIUM if origin.is_dynamic else Confidence.HIGH,
            what=f"the {gravest.label.replace('-', ' ')}" if gravest else "what is typed in",
            host=shown(origin),
        )
