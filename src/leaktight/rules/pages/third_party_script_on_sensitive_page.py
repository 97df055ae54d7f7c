"""
## What it finds
A script of another company that records visitors or tells who they are, on a page on which they type a password or a card number: in the template of
the page itself, or in one it extends.

## Why it matters
Such a script sees all of the page. Recordings of sessions have held passwords and card numbers, typed into fields that somebody forgot to mask, and
whoever changes the script at that company changes the page.

## How to fix it
Leave these scripts out of pages with such fields: put them into a block of the base template that those pages empty.

## When it is fine
A script of one's own, or one the page cannot do without, like that of the company that takes the payment; those are not looked for. Scripts that
only count visits are shown to the strict audience.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from leaktight.model import Audience, Confidence, Finding, Severity, Span, Step
from leaktight.policy import Channel, Safeguard
from leaktight.policy.tables import table
from leaktight.project import Project
from leaktight.project.templates import Element, Template
from leaktight.rules.api import Example, NotPossible, Rule

_BASE = """\
<html><body>
{% block content %}{% endblock %}
{% block analytics %}
<script src="https://static.hotjar.com/c/hotjar-1.js"></script>
{% endblock %}
</body></html>
"""
_LOGIN = """\
{% extends "shop/base.html" %}
{% block content %}
<form method="post">{% csrf_token %}<input type="password" name="password" autocomplete="current-password"></form>
{% endblock %}
"""

rule = Rule(
    __name__,
    severity=Severity.MEDIUM,
    cwe=(359, 829),
    unfixable=NotPossible("which pages the script is needed on is for its owner to say"),
    step="S0",
    channel=Channel.THIRD_PARTY,
    missing=(Safeguard.MASKED,),
    message="a script of `{host}` {what}, on a page where a {label} is typed in",
    remedy="Leave the script out of pages with such fields.",
    asvs=("14.2.3",),
    examples=(
        Example(
            "A recording of the login page",
            bad={
                "shop/templates/shop/base.html": _BASE.replace(
                    "></script>", "></script>{# finds: third-party-script-on-sensitive-page #}"
                ),
                "shop/templates/shop/login.html": _LOGIN,
            },
            good={
                "shop/templates/shop/base.html": _BASE,
                "shop/templates/shop/login.html": _LOGIN + "{% block analytics %}{% endblock %}\n",
            },
        ),
    ),
)

_TYPED = {"password": "password"}
_COMPLETED = {"current-password": "password", "new-password": "password", "cc-number": "card", "cc-csc": "card"}
_NOT_LOADED = re.compile(r"prefetch|preconnect|Content-Security-Policy|<a\s|^\s*(?:\{#|<!--|//|\*)")


@rule.project
def watched_while_typing(project: Project) -> Iterator[Finding]:
    asked: dict[str, tuple[Template, Element, str]] = {}
    loaded = {template.path: found for template in project.templates if (found := list(_loaded(template, project)))}
    if not loaded:
        return
    for template in project.templates:
        typed = next(((element, label) for element in template.elements if (label := _label(element)) is not None), None)
        if typed is None or template.is_mail:
            continue
        for place in _built_on(template, project):
            asked.setdefault(place.path, (template, *typed))
    for path, found in sorted(loaded.items()):
        if path not in asked:
            continue
        page, element, label = asked[path]
        for span, block, host, kind, what in found:
            if page.path != path and block in _blocks_of(page):
                continue  # the page puts something else there
            yield rule.finding(
                span,
                label=label,
                confidence=Confidence.MEDIUM if kind == "recording" else Confidence.LOW,
                audience=Audience.DEFAULT if kind == "recording" else Audience.STRICT,
                related=(Step(element.span, f"here the {label} is typed in"),),
                host=host,
                what=what,
            )


def _label(element: Element) -> str | None:
    if element.tag != "input":
        return None
    return _TYPED.get(element.get("type").lower()) or _COMPLETED.get(element.get("autocomplete").lower())


def _built_on(template: Template, project: Project) -> Iterator[Template]:
    """The template and those it extends."""
    seen: set[str] = set()
    current: Template | None = template
    while current is not None and current.path not in seen:
        seen.add(current.path)
        yield current
        name = current.file.extends
        current = project.templates.by_name(name, origin=current) if name else None


def _blocks_of(template: Template) -> frozenset[str]:
    return frozenset(block.name for block in template.file.blocks if not block.keeps_parent)


def _loaded(template: Template, project: Project) -> Iterator[tuple[Span, str, str, str, str]]:
    """Place, block, host and kind of what a template loads from a company that watches visitors."""
    lines = project.lines(template.path) or []
    offset = 0
    for number, line in enumerate(lines, 1):
        start, offset = offset, offset + len(line) + 1
        match = _hosts().search(line) if "//" in line else None
        if match is None or _NOT_LOADED.search(line):
            continue
        host = match["host"]
        kind = _kinds()[host]
        span = Span(template.path, number, match.start("host") + 1, number, match.end("host") + 1)
        around = [block for block in template.file.blocks if block.start <= start + match.start("host") < block.end]
        yield (
            span,
            max(around, key=lambda block: block.start).name if around else "",
            host.partition("/")[0],
            kind,
            table("trackers")[kind]["what"],
        )


@cache
def _kinds() -> dict[str, str]:
    hosts: dict[str, Any] = table("trackers")
    return {host: kind for kind, group in hosts.items() for host in group["hosts"]}


@cache
def _hosts() -> re.Pattern[str]:
    return re.compile(rf"//(?P<host>{'|'.join(map(re.escape, sorted(_kinds(), key=len, reverse=True)))})")
