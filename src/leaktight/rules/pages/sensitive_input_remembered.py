"""
## What it finds
An input for a card, a government's number, a code, a bank account or health data that lets the browser keep what is typed: it, and its form, say
nothing about `autocomplete`. Inputs for passwords, and for the name that goes with one, are shown to auditors.

## Why it matters
Browsers keep what is typed into inputs and offer it to whoever types there next. On a shared computer that is somebody else, and what is
kept lies in a file of the browser's that other programs read.

## How to fix it
Say what the input is for, so that the browser keeps it as what it is, or not at all: `autocomplete="off"`, `"cc-number"`, `"one-time-code"`,
`"current-password"` or `"new-password"`.

## When it is fine
Nobody shares the computers the page is for. What an input says about `autocomplete` is taken as meant, whatever it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from leaktight.edit import Desk
from leaktight.edit.markup import with_attribute
from leaktight.model import Audience, Confidence, Edit, Finding, Safety, Severity
from leaktight.policy import LABELS, Channel, LabelKind, Safeguard
from leaktight.project import Project
from leaktight.project.templates import Element, Template
from leaktight.rules.api import Example, Rule
from leaktight.rules.pages.evidence import Evidence, of_input
from leaktight.source.template import Form

rule = Rule(
    __name__,
    severity=Severity.LOW,
    cwe=(524, 525),
    step="S5",
    channel=Channel.BROWSER_STORAGE,
    missing=(Safeguard.NO_STORE,),
    message="the browser keeps {what} typed into `{name}`, and offers it to whoever comes next",
    remedy='Say what the input is for: `autocomplete="off"`, `"cc-number"`, `"current-password"`.',
    asvs=("14.3.3",),
    examples=(
        Example(
            "A number that the next visitor is offered",
            bad={
                "shop/templates/shop/identity.html": '<form method="post">{% csrf_token %}\n'
                '  <input name="passport_number">{# finds: sensitive-input-remembered #}\n'
                "</form>\n"
            },
            good={
                "shop/templates/shop/identity.html": '<form method="post">{% csrf_token %}\n'
                '  <input name="passport_number" autocomplete="off">\n'
                "</form>\n"
            },
        ),
    ),
)

_TEXT = frozenset({"", "text", "number", "search", "tel", "password", "email"})
_KEPT = frozenset({LabelKind.PAYMENT, LabelKind.SPECIAL})
_LOGIN_NAME = re.compile(r"(?:^|[_-])(?:user|user[_-]?name|login|account)$", re.IGNORECASE)
_BOUND = (":autocomplete", "v-bind:autocomplete", "x-bind:autocomplete", "[autocomplete]", "autocomplete", "readonly", "disabled")


@rule.tag("input")
def kept_by_the_browser(element: Element, template: Template, project: Project) -> Iterator[Finding]:
    kind = element.get("type").lower()
    if kind not in _TEXT or element.is_open_ended or any(attribute.name in _BOUND for attribute in element.attributes):
        return
    form = next((one for one in template.elements if one.form is not None and element in one.form.inputs), None)
    if form is not None and (form.is_open_ended or form.attribute("autocomplete") is not None):
        return
    evidence = of_input(element)
    if evidence is not None and _is_kept(evidence):
        is_password = evidence.label == "password"
        yield rule.finding(
            element.span,
            label=evidence.label,
            confidence=Confidence.MEDIUM if evidence.strong and not is_password else Confidence.LOW,
            audience=Audience.AUDIT if is_password or not evidence.strong else Audience.STRICT,
            what=f"the {evidence.label.replace('-', ' ')}",
            name=evidence.word,
        )
    elif form is not None and form.form is not None and (name := _login_name(element, form.form)):
        yield rule.finding(
            element.span, confidence=Confidence.LOW, audience=Audience.AUDIT, what="the name somebody signs in with", name=name
        )


def _is_kept(evidence: Evidence) -> bool:
    """Tell what a stranger must not be offered; names and addresses are what the browser is asked to keep."""
    return evidence.label in {"password", "one-time-code"} or (evidence.label in LABELS and LABELS[evidence.label].kind in _KEPT)


def _login_name(element: Element, form: Form) -> str:
    """The name of an input that stands beside one for a password and is for who signs in; empty for any other."""
    name = element.get("name") or element.get("id")
    beside = any(other.get("type").lower() == "password" for other in form.inputs)
    return name if beside and element.get("type").lower() in {"", "text", "email"} and _LOGIN_NAME.search(name) else ""


@rule.fix(
    Safety.UNSAFE, 'add `autocomplete="off"`', "browsers do not offer what was typed before; most still offer passwords they keep"
)
def not_kept(finding: Finding, desk: Desk) -> Iterator[Edit]:
    yield with_attribute(desk.text(finding.span.path), finding.span, "autocomplete", "off")
