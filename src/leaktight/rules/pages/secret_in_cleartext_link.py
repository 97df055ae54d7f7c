"""
## What it finds
A link with a fixed `http://` that carries a secret: a token or code in its query or path, or the address of a page that resets a
password, activates an account or accepts an invitation. Links in HTML pages, in mails and in plain-text templates.

## Why it matters
Whoever follows the link sends the secret over the network as it is. Anybody on the way can use it first. A redirect to HTTPS comes too
late: the request with the secret was already sent.

## How to fix it
Write `https://`, or pass in the scheme (`{{ protocol }}://{{ domain }}`, as Django's own mails do) and make it `https` in production.

## When it is fine
The host is this machine or a name only a closed network knows; such links are not reported.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from leaktight.edit import Desk
from leaktight.model import Confidence, Edit, Finding, Safety, Severity
from leaktight.policy import Channel, Safeguard
from leaktight.project import Project
from leaktight.project.templates import Attribute, Element, Template
from leaktight.rules.api import Example, Rule
from leaktight.rules.https import EFFECT, TITLE, to_https
from leaktight.rules.pages.evidence import Evidence, named, printed
from leaktight.rules.pages.sending import cleartext_origins, shown
from leaktight.source.code import Code, Op
from leaktight.source.template_expression import constant, split

rule = Rule(
    __name__,
    severity=Severity.HIGH,
    doubted=True,
    cwe=(319,),
    step="S1",
    channel=Channel.REQUEST_URL,
    missing=(Safeguard.HTTPS,),
    message="a link takes the {label} over plain HTTP to {host}",
    remedy="Write `https://`, or let the scheme be passed in and make it `https` in production.",
    asvs=("12.2.1",),
    examples=(
        Example(
            "A mail to reset a password",
            bad={
                "shop/templates/registration/password_reset_email.html": "Choose a new password: "
                "http://{{ domain }}{% url 'password_reset_confirm' uidb64=uid token=token %}"
                "{# finds: secret-in-cleartext-link #}\n"
            },
            good={
                "shop/templates/registration/password_reset_email.html": "Choose a new password: "
                "{{ protocol }}://{{ domain }}{% url 'password_reset_confirm' uidb64=uid token=token %}\n"
            },
        ),
    ),
)

_MAKES_LINKS = frozenset({"domain", "get_current_site", "get_current", "get_host", "make_token", "site_domain"})
"""One of these is named where a host is put into the context of a mail."""
_SCHEMES = ("protocol", "scheme")
_HOSTS = frozenset({"domain", "host", "site", "site_domain", "base_domain", "hostname"})
_ROUTE = re.compile(r"\{%-?\s*url\s+(.*?)-?%\}")
# Pages whose address is a secret by itself, because it proves who reads the mail.
_SECRET_PAGE = re.compile(
    r"reset[-_]?(?:password|confirm)|password[-_]reset|activat|confirm[-_]?email|magic[-_]?link|invit\w*[-_]accept|accept[-_]invit"
)


@rule.tag("a", "area")
def secret_over_http(element: Element, template: Template, project: Project) -> Iterator[Finding]:
    href = element.attribute("href")
    if href is None or not (reached := cleartext_origins(href)):
        return
    evidence = next(_secrets(href, template), None)
    if evidence is not None:
        yield rule.finding(
            href.span,
            label=evidence.label,
            confidence=Confidence.HIGH if evidence.strong else Confidence.MEDIUM,
            host=shown(reached[0]),
        )


def _secrets(href: Attribute, template: Template) -> Iterator[Evidence]:
    outputs = template.outputs_in(href)
    for output in outputs:
        name = output.context.parameter or output.value.keyword
        for evidence in (printed(output.value), named(name)):
            if evidence is not None and evidence.is_grave:
                yield evidence
    for match in _ROUTE.finditer(href.text):
        words = split(match[1])
        route = constant(words[0]) or ""
        if len(words) > 1 and _SECRET_PAGE.search(route):
            yield Evidence("token", strong=False, word=route)


@rule.project
def scheme_passed_in(project: Project) -> Iterator[Finding]:
    """`{"protocol": "http", "domain": …}`: what a template makes its links of."""
    program = project.program
    for ref in program.functions():
        if _MAKES_LINKS.isdisjoint(program.function(ref).names):
            continue
        for code in program.pieces(ref):
            given = _given(code)
            scheme = next((given[name] for name in _SCHEMES if name in given), None)
            if scheme is None or scheme[0] != Op.CONST or scheme[2] not in {"http", "http://"} or _HOSTS.isdisjoint(given):
                continue
            secret = next((found for name in given if name and (found := named(name)) is not None and found.is_grave), None)
            yield rule.finding(
                project.span(ref.path, scheme[1]),
                label=secret.label if secret else None,
                severity=Severity.HIGH if secret else Severity.MEDIUM,
                confidence=Confidence.HIGH if secret else Confidence.LOW,
                symbol=project.symbol(ref.path, ref),
                message="links are made with `http` in front, so that following them takes {what} over plain HTTP",
                what=f"the {secret.label.replace('-', ' ')}" if secret else "what they hold",
            )


@rule.fix(Safety.UNSAFE, TITLE, EFFECT)
def over_https(finding: Finding, desk: Desk) -> Iterator[Edit]:
    yield from to_https(finding, desk)


def _given(code: Code) -> dict[str, Code]:
    """What a dictionary holds, or a call is given by keyword, by name."""
    if code[0] == Op.DICT:
        return {key[2]: value for key, value in code[2] if key is not None and key[0] == Op.CONST and isinstance(key[2], str)}
    return {name: value for name, value in code[4] if name is not None} if code[0] == Op.CALL else {}
