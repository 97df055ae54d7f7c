"""
## What it finds
A URL in a page (`href`, `src`, `action`, …) whose query or path is filled with sensitive data: the expression is called so, the
parameter is, or both.

## Why it matters
A URL is written down everywhere: in the browser's history and bookmarks, in logs of servers, proxies and scanners, in analytics. It is
sent on as `Referer` to every site the next page links to. People copy it into chats and mails.

## How to fix it
Link to an id, and let the view look up the secret for a signed-in person. Send it by a POST form when it has to travel. For a link that
must hold a token, let the view take it into the session and redirect to a URL without it, as Django's password reset does.

## When it is fine
The value is public by design, such as the key of a maps script that only works on your domain, or a key that a route of the site takes out of
its addresses: for the strict. Links in mails are not
judged by this rule unless they hold a password, a key, or payment data; a secret key there is for the strict, and so is one in a link by which
one thing is switched or unsubscribed from (`{% url "disable_alert" alert.secret_key %}`).

For the strict only: a code, and a token whose name does not say that it opens an account, because links are made of these; what
only the name of the parameter calls sensitive; and personal data whose two names agree. A token in a path is a choice of the URLconf, made
once and not in each link: for auditors.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from leaktight.model import Audience, Confidence, Finding, Severity
from leaktight.policy import Channel, Safeguard
from leaktight.project import Project
from leaktight.project.templates import Attribute, Element, Output, Part, Template
from leaktight.rules.api import Example, NotPossible, Rule
from leaktight.rules.judging import harm, kind_of, opens_account
from leaktight.rules.pages.evidence import Evidence, key_of_a_row, named, printed

rule = Rule(
    __name__,
    severity=Severity.MEDIUM,
    doubted=True,
    cwe=(598,),
    step="S4",
    channel=Channel.REQUEST_URL,
    missing=(Safeguard.POST,),
    message="the {label} in `{word}` is put into the {part} of a URL",
    remedy="Link to an id instead and let the view look the secret up, or send it by a POST form.",
    asvs=("14.2.1", "3.4.5"),
    unfixable=NotPossible("a form, and a view that takes POST, have to stand in the place of the link"),
    examples=(
        Example(
            "A download link with the key of the account",
            bad={
                "shop/templates/shop/export.html": '<a href="/export/?api_key={{ user.api_key }}">Export</a>'
                "{# finds: secret-in-link #}\n"
            },
            good={
                "shop/templates/shop/export.html": '<form method="post" action="{% url \'export\' %}">{% csrf_token %}'
                "<button>Export</button></form>\n"
            },
        ),
    ),
)

_ROUTE = re.compile(r"""\burl\s*\(?\s*["']([\w:.-]+)["']""")
_CHANGES_ONE_THING = re.compile(r"subscri|enable|disable|opt_?(?:in|out)|toggle|activate|confirm|mute|snooze", re.IGNORECASE)
"""In the name of a route that whoever got its link may use, for the one thing that the link's key belongs to."""
_SENT_BY_MAIL = frozenset({"token", "one-time-code", "email", "name"})
"""What links in mails are made of: whoever reads the mail may have it."""


@rule.tag(
    "a", "area", "form", "button", "input", "img", "script", "iframe", "link", "source", "video", "audio", "embed", "object"
)
def secret_in_url(element: Element, template: Template, project: Project) -> Iterator[Finding]:
    for attribute in element.attributes:
        best: Finding | None = None
        for output in template.outputs_in(attribute):
            found = _judge(element, attribute, output, template, project)
            if found is not None and (best is None or found.confidence.rank > best.confidence.rank):
                best = found
        if best is not None:
            yield best


def _judge(element: Element, attribute: Attribute, output: Output, template: Template, project: Project) -> Finding | None:
    context = output.context
    if context.part not in (Part.URL_QUERY, Part.URL_PATH):
        return None
    inside_tag = output.value.keyword if output.value.through else ""
    value = printed(output.value) or key_of_a_row(output.value, template, project)
    name = named(context.parameter or inside_tag)
    verdict = _weigh(value, name, in_query=context.part is Part.URL_QUERY)
    if verdict is None:
        return None
    evidence, confidence, audience = verdict
    if (
        evidence.label == "one-time-code" or (evidence.label == "token" and not opens_account(evidence.word))
    ) and audience is None:
        audience = Audience.STRICT  # what links are made of
    if template.is_mail and evidence.label in _SENT_BY_MAIL:
        return None
    is_of_a_row = template.is_mail or any(_CHANGES_ONE_THING.search(name) for name in _ROUTE.findall(attribute.text))
    if is_of_a_row and evidence.label == "secret-key" and audience is None:
        audience = Audience.STRICT  # by which a link without a login knows what to change
    if audience is None and evidence.word.rpartition(".")[2] in project.keys_in_addresses:
        audience = Audience.STRICT  # a route takes it: the link opens one thing for whoever has it
    if _is_published(element, output, evidence):
        confidence, audience = Confidence.LOW, Audience.STRICT
    return rule.finding(
        attribute.span,
        label=evidence.label,
        severity=harm(evidence.label),
        confidence=confidence,
        audience=audience,
        part="query" if context.part is Part.URL_QUERY else "path",
        word=evidence.word,
    )


def _weigh(
    value: Evidence | None, name: Evidence | None, *, in_query: bool
) -> tuple[Evidence, Confidence, Audience | None] | None:
    """Let the expression's name and the parameter's add up."""
    evidence = value or name
    if value is None and name is not None and not (name.strong and in_query):
        return None
    if evidence is None or not evidence.is_judged:
        return None
    agree = value is not None and name is not None and (value.label == name.label or kind_of(value.label) is kind_of(name.label))
    strong = (value is not None and value.strong) or (name is not None and name.strong)
    if not evidence.is_grave:
        return (evidence, Confidence.LOW, Audience.STRICT if agree or strong else Audience.AUDIT)
    if not in_query and (evidence.label in _SENT_BY_MAIL or value is None or not value.strong):
        # A route with a token in its path is a choice of the URLconf, made once and not in each link.
        return (evidence, Confidence.LOW, Audience.AUDIT)
    if agree and strong:
        return (evidence, Confidence.HIGH, None)
    if agree or (value is not None and value.strong):
        return (evidence, Confidence.MEDIUM, None)
    return (evidence, Confidence.LOW, Audience.STRICT if strong else Audience.AUDIT)


def _is_published(element: Element, output: Output, evidence: Evidence) -> bool:
    """Tell a key of the site that a script or picture of a provider needs in every page, like a maps key."""
    constant = output.path[-1].isupper() or output.path[0] in ("settings", "config")
    return element.tag in ("script", "img", "link", "iframe") and (constant or evidence.label == "secret-key")
