"""
## What it finds
A CSRF token where others come to know it: in a form that is sent by GET, in a form to another site, or in the query of a link.

## Why it matters
The token proves that a request was begun on this site. In a URL it is kept in the history, in logs of servers and proxies, and is sent
on as `Referer`; in a form to another site that site gets it. Whoever has it can forge the requests it is there to prevent.

## How to fix it
Take `{% csrf_token %}` out of forms that are sent by GET or to other sites. A form that changes something is sent by POST.

## When it is fine
The absolute address is this site's own. Write only the path, then it is not reported. A form that a script keeps the browser from sending, all
of whose buttons hand their click to a script, or most of whose fields have no names, is shown to the strict audience, and so are one in a
template that no file of the site names and a token that is the `state` of a sign-in elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator

from leaktight.edit import Desk, NotPossible
from leaktight.edit.markup import without_token
from leaktight.model import Audience, Confidence, Edit, Finding, Safety, Severity
from leaktight.policy import Channel, Safeguard
from leaktight.project import Project
from leaktight.project.templates import Element, Part, Template, Token
from leaktight.rules.api import Example, Rule
from leaktight.rules.judging import at_most_medium
from leaktight.rules.pages.sending import (
    foreign_origins,
    has_handled_buttons,
    has_submit,
    is_read_by_script,
    is_sent_by_script,
    may_post,
)
from leaktight.rules.pages.shown import is_shown
from leaktight.source.template_form import is_csrf_token

rule = Rule(
    __name__,
    severity=Severity.MEDIUM,
    doubted_if_unsure=True,
    cwe=(352, 598),
    step="S6",
    channel=Channel.REQUEST_URL,
    missing=(Safeguard.POST,),
    message="the CSRF token goes {where}",
    remedy="Take the CSRF token out of what is sent by GET or to another site.",
    asvs=("14.2.1", "3.5.1"),
    examples=(
        Example(
            "A search form",
            bad={
                "shop/templates/shop/search.html": '<form method="get" action="/search/">{# finds: csrf-token-sent-away #}\n'
                '  {% csrf_token %}<input name="q"><button>Search</button>\n'
                "</form>\n"
            },
            good={
                "shop/templates/shop/search.html": '<form method="get" action="/search/">\n'
                '  <input name="q"><button>Search</button>\n'
                "</form>\n"
            },
        ),
    ),
)


@rule.tag("form")
def token_in_form(element: Element, template: Template, project: Project) -> Iterator[Finding]:
    form = element.form
    if form is None or is_sent_by_script(element) or template.csrf_token(form) is not Token.PRESENT:
        return
    if form.action is not None and (foreign := foreign_origins(form.action)):
        yield rule.finding(
            element.span,
            channel=Channel.THIRD_PARTY,
            missing=(Safeguard.TRUSTED_ORIGIN,),
            confidence=Confidence.MEDIUM,
            where=f"to another site, {foreign[0].host}",
        )
    elif form.method == "get" and not may_post(form):
        # Without a method, an action and a button the form is often read by a script that sends it its own way.
        plain = form.action is not None and has_submit(form)
        sure = Confidence.HIGH if form.has_method else Confidence.MEDIUM if plain else Confidence.LOW
        # It leaks on the day the script fails.
        taken_over = element.get("id") in project.forms_taken_over or is_read_by_script(form) or has_handled_buttons(form)
        yield rule.finding(
            element.span,
            confidence=at_most_medium(sure) if taken_over else sure,
            audience=Audience.STRICT if taken_over or not is_shown(project, template) else None,
            where="into the URL: the form is sent by GET",
        )


@rule.tag("a", "area", "form", "img", "iframe", "script", "link", "button", "input")
def token_in_link(element: Element, template: Template, project: Project) -> Iterator[Finding]:
    for attribute in element.attributes:
        for output in template.outputs_in(attribute):
            if output.context.part is Part.URL_QUERY and any("csrf" in part.lower() for part in output.path):
                # As the `state` of a sign-in elsewhere it is meant to come back; under a name of the view's own it may be empty.
                is_guess = output.context.parameter == "state" or not is_csrf_token(output.path)
                yield rule.finding(
                    attribute.span,
                    confidence=Confidence.MEDIUM if is_guess else Confidence.HIGH,
                    audience=Audience.STRICT if is_guess else None,
                    where="into the query of a URL",
                )
                break


@rule.fix(Safety.SAFE, "take the token out of the form")
def token_taken_out(finding: Finding, desk: Desk) -> Iterator[Edit]:
    if finding.confidence is not Confidence.HIGH and finding.channel != Channel.THIRD_PARTY:
        raise NotPossible("a script may send the form by POST, which needs the token")
    yield without_token(desk.text(finding.span.path), finding.span)
