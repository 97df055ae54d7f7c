"""
## What it finds
A handler for GET that answers with a password, a key, a stored token, card data or another secret: the `get` of a class-based view, a
function limited to GET or not limited at all, the reading methods of an API.

## Why it matters
GET is meant to be repeated. Browsers keep the answer, reload it, fetch it in advance and show it again with the back button; caches and
proxies may store it; other sites can make a signed-in browser ask for it. What is told by GET is told again to whoever sits down next.

## How to fix it
Take the sensitive part out of the answer. What must be told once is told in the answer to a POST with a CSRF token; what a later page
needs is kept in the session on the server, and the POST redirects there.

## When it is fine
A function without a limit of methods may answer with the secret to POST only, so it is shown to the strict audience. Rendered pages are
shown to the strict as well, since `secret-in-response` speaks of them already; so is what that rule takes for meant, as a token from a view
called after it. A password or key that the view makes and sets anew is for
everybody either way: whoever follows a link to it replaces the old one.
"""

from __future__ import annotations

from collections.abc import Iterator

from leaktight.edit import Desk
from leaktight.flow.events import Arrival
from leaktight.model import Audience, Confidence, Edit, Finding, Safety, Severity, Step, Style
from leaktight.policy import Channel, Safeguard
from leaktight.project.symbols import FunctionRef
from leaktight.rules.access import is_action, methods_of
from leaktight.rules.api import Example, Rule
from leaktight.rules.judging import at_least, harm
from leaktight.rules.reach import heading, reach
from leaktight.rules.requests.posting import (
    EFFECT,
    GUARDED_EFFECT,
    GUARDED_TITLE,
    TITLE,
    UNCOVERED,
    post_and_hand_over,
    post_and_redirect,
)
from leaktight.rules.responses.disclosure import disclosed, is_made_anew

rule = Rule(
    __name__,
    severity=Severity.MEDIUM,
    cwe=(201, 598),
    step="S0",
    channel=Channel.RESPONSE_BODY,
    missing=(Safeguard.POST, Safeguard.NO_STORE),
    message="{what} (`{word}`) is handed out to a GET request",
    remedy="Tell it in the answer to a POST, once, or keep it in the session and redirect to a page that does not need it.",
    asvs=("14.3.2", "14.2.6"),
    examples=(
        Example(
            "A view that answers GET with a secret",
            bad={
                "shop/views.py": """\
from django.http import HttpResponse
from django.views import View


class Treasure(View):
    def get(self, request):  # finds: secret-on-get
        confidential = "The chest stands below the old pear tree."
        return HttpResponse(confidential)  # finds: secret-in-response
"""
            },
            good={
                "shop/views.py": """\
from django.http import HttpResponse
from django.views import View


class Treasure(View):
    def get(self, request):
        return HttpResponse("Ask the captain.")
"""
            },
        ),
    ),
)


@rule.flow(Channel.RESPONSE_BODY, Channel.PAGE)
def told_to_get(arrival: Arrival) -> Iterator[Finding]:
    function = arrival.call.function
    methods = methods_of(arrival.project, function)
    if function is None or not methods & {"get", "*"}:
        return
    verdict = disclosed(arrival)
    if verdict is None:
        return
    audience, confidence = verdict.audience, verdict.confidence
    if is_made_anew(arrival) and ("get" in methods or not _asks_for_method(arrival, function)):
        # Whoever follows a link to it replaces the secret.
        audience = Audience.STRICT if confidence is Confidence.LOW else Audience.DEFAULT
    else:
        if "get" not in methods:
            audience, confidence = (
                at_least(audience, Audience.STRICT),
                min(confidence, Confidence.MEDIUM, key=lambda item: item.rank),
            )
        if arrival.channel is Channel.PAGE:
            audience = at_least(audience, Audience.STRICT)
    handler = _handler(arrival, function)
    yield rule.finding(
        heading(arrival.project, handler),
        label=arrival.label,
        severity=min(rule.severity, harm(arrival.label), key=lambda item: item.rank),
        confidence=confidence,
        audience=audience,
        symbol=arrival.call.machine.symbol(handler.path, handler),
        flow=arrival.flow,
        related=(Step(arrival.span, "the answer"),),
        what=verdict.what,
        word=arrival.fact.word,
    )


def _asks_for_method(arrival: Arrival, function: FunctionRef) -> bool:
    """Tell a view that looks at the method itself, or leaves that to a decorator."""
    seen = reach(arrival.project.program, function)
    return not {"method", "POST", "require_POST", "require_http_methods"}.isdisjoint(seen.used | seen.called)


def _handler(arrival: Arrival, function: FunctionRef) -> FunctionRef:
    """The function that answers GET in the view the answer is made in."""
    if is_action(arrival.project, function):
        return function
    for view in arrival.project.views.of(function):
        handler = view.handlers.get("get") or view.handlers.get("*")
        if handler is not None:
            return handler
    return function


@rule.fix(Safety.UNSAFE, GUARDED_TITLE, GUARDED_EFFECT, uncovers=UNCOVERED, style=Style.GUARD)
def handed_over(finding: Finding, desk: Desk) -> Iterator[Edit]:
    yield from post_and_hand_over(finding, desk)


@rule.fix(Safety.UNSAFE, TITLE, EFFECT, uncovers=UNCOVERED)
def shown_once_after_a_post(finding: Finding, desk: Desk) -> Iterator[Edit]:
    yield from post_and_redirect(finding, desk)
