"""
## What it finds
A view, an authentication class or a helper that reads a password, a key, a token, a card or identity number from the query string:
`request.GET["api_key"]`, `request.query_params.get("access_token")`, `self.request.GET`.

## Why it matters
Whoever calls such a view has to write the secret into the address. Addresses are kept in the browser's history, in the logs of servers,
proxies and load balancers, in analytics and bookmarks, and are told to other sites as `Referer`. HTTPS protects none of these places.

## How to fix it
Read the secret from a header (`Authorization: …`) for programs, or from the body of a POST for forms. A link that has to carry a token
should lead to a view that takes the token into the session and redirects to an address without it.

## When it is fine
The token works once and for minutes, and the next address does not hold it any more. Names such as `page_token` are not secrets.

For the strict only: a key, token or code. Whoever built an interface that takes one so did it on purpose, its callers have to change with it, and
often a header is read first; a link is made of a token, by which it opens one thing or signs somebody in, and nothing in the code tells for how
long. Also what `check_token` is given, which is used once; a name with several meanings; and a password, a card or an identity number in the path
of an address.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from leaktight.flow.events import Call, confidence
from leaktight.flow.value import Evidence, Fact
from leaktight.model import Audience, Confidence, Finding, Severity, Span, Step
from leaktight.policy import Channel, LabelKind, Safeguard
from leaktight.rules.api import Example, NotPossible, Rule
from leaktight.rules.judging import at_most_medium, harm, is_grave, kind_of
from leaktight.rules.wording import an

rule = Rule(
    __name__,
    severity=Severity.HIGH,
    doubted_if_unsure=True,
    cwe=(598,),
    step="S4",
    channel=Channel.REQUEST_URL,
    missing=(Safeguard.POST,),
    message="{what} is taken from the URL: `{word}` in its query",
    remedy="Read it from a header or from the body of a POST.",
    asvs=("14.2.1",),
    unfixable=NotPossible("whoever makes the address has to send the value otherwise first"),
    examples=(
        Example(
            "An API that takes its key from the query",
            bad={
                "shop/views.py": """\
from django.http import HttpResponseForbidden, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from shop.models import Client, Order


@never_cache
@require_GET
def orders(request):
    client = Client.objects.filter(digest=Client.digest_of(request.GET.get("api_key", ""))).first()  # finds: secret-in-query
    if client is None:
        return HttpResponseForbidden()
    return JsonResponse({"orders": list(Order.objects.filter(client=client).values("id", "state"))})
"""
            },
            good={
                "shop/views.py": """\
from django.http import HttpResponseForbidden, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from shop.models import Client, Order


@never_cache
@require_GET
def orders(request):
    client = Client.objects.filter(digest=Client.digest_of(request.headers.get("X-Api-Key", ""))).first()
    if client is None:
        return HttpResponseForbidden()
    return JsonResponse({"orders": list(Order.objects.filter(client=client).values("id", "state"))})
"""
            },
        ),
    ),
)

_CHECKS = (
    "django.contrib.auth.authenticate",
    "django.contrib.auth.tokens.default_token_generator.check_token",
    "django.contrib.auth.tokens.PasswordResetTokenGenerator.check_token",
)


@rule.call("read:request-url", "read:url-path")
def read_from_the_url(call: Call) -> Iterator[Finding]:
    value = call.argument("value")
    for found in value.facts if value is not None else ():
        fact = replace(found, evidence=found.evidence | Evidence.SOURCE)
        if is_grave(fact.label) and fact.state.is_readable:
            audience = _audience(fact, in_path=call.name == "read:url-path")
            if audience is not None:
                yield _finding(call, fact, call.span, confidence(fact), audience)


def _audience(fact: Fact, *, in_path: bool) -> Audience | None:
    """What people type is for everybody; what programs and links bring, for the strict."""
    by_hand = fact.label == "password" or kind_of(fact.label) is not LabelKind.CREDENTIAL
    if in_path:
        return Audience.STRICT if fact.strong and by_hand else None
    return Audience.DEFAULT if fact.strong and by_hand else Audience.STRICT


@rule.call(*_CHECKS)
def checked_as_credential(call: Call) -> Iterator[Finding]:
    """What a check of credentials is given from the query is one, whatever its name."""
    for parameter in call.spec.consumes if call.spec is not None else ():
        value = call.argument(parameter)
        for fact in value.facts if value is not None else ():
            if fact.source == "request-url":
                origin = call.machine.steps(fact.trace)[0]
                audience = Audience.STRICT if call.name.endswith("check_token") else Audience.DEFAULT  # a link, to be used once
                yield _finding(call, fact, origin.span, Confidence.HIGH, audience, Step(call.span, "is checked here"))


def _finding(call: Call, fact: Fact, span: Span, sure: Confidence, audience: Audience, *related: Step) -> Finding:
    return rule.finding(
        span,
        label=fact.label,
        severity=harm(fact.label),
        confidence=at_most_medium(sure),
        audience=audience,
        symbol=call.symbol,
        flow=call.machine.steps(fact.trace),
        related=related,
        what=an(fact.label),
        word=fact.word,
    )
