"""
## What it finds
A POST form to this site that brings no CSRF token: not in its own text, not from an include, a block of another template, a tag of the
project, a form library, or a script.

## Why it matters
With Django's CSRF middleware such a form is answered with 403. Where it works, the protection is off for its view, and any other site
can make a visitor's browser send the same request with the visitor's session.

## How to fix it
Put `{% csrf_token %}` behind the opening tag (`{{ csrf_input }}` in Jinja), and take `csrf_exempt` off the view.

## When it is fine
The view knows the sender by something a browser does not send by itself: a signature, or a one-time link. Forms to other sites are
never reported: they must not get the token. Shown to everybody is a form whose view is seen to be taken out of the check. Where the check
is in force the form is broken rather than dangerous, or a script sends it with the token in a header; where the view checks a signature it
is meant to be so; and where a site has no check at all, `csrf-missing` says it once: these forms are shown to the strict audience.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from leaktight.edit import Desk
from leaktight.edit.markup import with_token
from leaktight.model import Audience, Confidence, Edit, Finding, Safety, Severity
from leaktight.policy import Channel, Safeguard
from leaktight.project import Project
from leaktight.project.templates import Attribute, Element, Template, Token
from leaktight.rules.api import Example, Rule
from leaktight.rules.pages.handling import is_open_without_token
from leaktight.rules.pages.sending import is_sent_by_script
from leaktight.source.template_lexer import HOLE
from leaktight.source.template_url import origins

rule = Rule(
    __name__,
    severity=Severity.MEDIUM,
    doubted=True,
    cwe=(352,),
    step="S6",
    channel=Channel.REQUEST_BODY,
    missing=(Safeguard.CSRF,),
    message="a POST form has no CSRF token",
    remedy="Put `{% csrf_token %}` inside the form.",
    asvs=("3.5.1",),
    examples=(
        Example(
            "A form to change an address",
            bad={
                "shop/templates/shop/address.html": '<form method="post">{# finds: form-without-csrf-token #}\n'
                "  {{ form.as_p }}<button>Save</button>\n"
                "</form>\n"
            },
            good={
                "shop/templates/shop/address.html": '<form method="post">\n'
                "  {% csrf_token %}{{ form.as_p }}<button>Save</button>\n"
                "</form>\n"
            },
        ),
    ),
)

_OWN_URL = re.compile(r"\{%-?\s*url\s|\{\{-?\s*(?:url|url_for|reverse)\s*\(|\{\{-?\s*request\.(?:path|get_full_path)")


@rule.tag("form")
def posted_without_token(element: Element, template: Template, project: Project) -> Iterator[Finding]:
    form = element.form
    if (
        form is None
        or form.method != "post"
        or template.is_mail
        or is_sent_by_script(element)
        or (form.action is not None and origins(form.action))
        or template.csrf_token(form) is not Token.ABSENT
    ):
        return
    # A script of the page may send the token, the target may be another site, the page may be no template at all.
    doubtful = template.file.mentions_csrf or not template.file.has_tags or not _stays(form.action)
    yield rule.finding(
        element.span,
        confidence=Confidence.LOW if doubtful else Confidence.MEDIUM,
        audience=None if is_open_without_token(form, template, project) else Audience.STRICT,
    )


@rule.fix(Safety.SAFE, "put `{% csrf_token %}` into the form")
def token_put_in(finding: Finding, desk: Desk) -> Iterator[Edit]:
    yield with_token(desk.text(finding.span.path), finding.span)


def _stays(action: Attribute | None) -> bool:
    """Tell whether a form surely goes to its own site."""
    if action is None:
        return True
    return not action.shape.strip().startswith(HOLE) or _OWN_URL.match(action.text.strip()) is not None
