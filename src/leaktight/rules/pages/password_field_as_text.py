"""
## What it finds
An input for a password whose type is `text`, or that has no type.

## Why it matters
The password can be read on the screen, and the browser treats it as any other text: it is offered again on shared computers, checked by
spelling services, kept when the page is restored, and caught by screen recordings.

## How to fix it
Give it `type="password"` with `autocomplete="current-password"` or `"new-password"`. A button may switch the type for as long as the
person wants to see it.

## When it is fine
The page shows a password it has made, in a field that can't be edited; such fields are not reported. A template that
no file of the site names is a matter for the strict.
"""

from __future__ import annotations

from collections.abc import Iterator

from leaktight.edit import Desk
from leaktight.edit.markup import with_attribute
from leaktight.model import Audience, Confidence, Edit, Finding, Safety, Severity
from leaktight.policy import Channel, Safeguard
from leaktight.project import Project
from leaktight.project.templates import Element, Template
from leaktight.rules.api import Example, Rule
from leaktight.rules.pages.evidence import named
from leaktight.rules.pages.shown import is_shown

rule = Rule(
    __name__,
    severity=Severity.LOW,
    doubted=True,
    cwe=(549,),
    step="S0",
    channel=Channel.PAGE,
    missing=(Safeguard.MASKED,),
    message="the {label} typed into `{name}` is shown on the screen",
    remedy='Give the input `type="password"`.',
    asvs=("6.2.6",),
    examples=(
        Example(
            "A login form",
            bad={
                "shop/templates/shop/login.html": '<form method="post">{% csrf_token %}\n'
                '  <input type="text" name="password">{# finds: password-field-as-text #}\n'
                "</form>\n"
            },
            good={
                "shop/templates/shop/login.html": '<form method="post">{% csrf_token %}\n'
                '  <input type="password" name="password" autocomplete="current-password">\n'
                "</form>\n"
            },
        ),
    ),
)

_SHOWN = ("text", "search", "")
_SWITCHED = (":type", "v-bind:type", "x-bind:type", "[type]", "ng-attr-type", "readonly", "disabled", "hidden")


@rule.tag("input")
def typed_in_the_open(element: Element, template: Template, project: Project) -> Iterator[Finding]:
    name = element.attribute("name") or element.attribute("id")
    evidence = named(name.text) if name is not None and name.is_constant else None
    if (
        evidence is None
        or evidence.label != "password"
        or not evidence.strong
        or name is None
        or element.is_open_ended
        or element.get("type").lower() not in _SHOWN
        or any(attribute.name in _SWITCHED for attribute in element.attributes)
        or "security" in element.get("style") + element.get("class")
    ):
        return
    audience = None if is_shown(project, template) else Audience.STRICT
    yield rule.finding(element.span, label="password", confidence=Confidence.MEDIUM, audience=audience, name=name.text)


@rule.fix(Safety.UNSAFE, 'make it `type="password"`', "the browser hides what is typed")
def hidden(finding: Finding, desk: Desk) -> Iterator[Edit]:
    yield with_attribute(desk.text(finding.span.path), finding.span, "type", "password")
