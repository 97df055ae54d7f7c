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

For the strict only: a code, or a `token` or `secret` whose name does not say that it lets somebody in, because links are made of them and
nothing in the code tells for how long they work; what `check_token` is given, which is used once; a name with several meanings; a `secret_key`
or `private_key` whose name does not say whose it is, by which a link opens one thing that is shared; a token that the view signs somebody in
with before it redirects to the next address; what OAuth and OpenID put into the address, since their protocol asks for it; the
`client_secret` of one payment, and the session of another site that gives its callback beside it, which the other site puts there when it
sends people back; and a password, a card or an identity number in the path of an address.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec.structs import replace

from leaktight.flow.events import Call, confidence
from leaktight.flow.value import Evidence, Fact
from leaktight.model import Audience, Confidence, Finding, Severity, Span, Step
from leaktight.policy import Channel, LabelKind, Safeguard
from leaktight.project.environment import words_of
from leaktight.rules.api import Example, NotPossible, Rule
from leaktight.rules.judging import IN_LINKS, at_most_medium, harm, is_grave, kind_of, lets_in
from leaktight.rules.reach import reach
from leaktight.rules.wording import an
from leaktight.source.code import Op

rule = Rule(
    __name__,
    severity=Severity.HIGH,
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

_PROTOCOLS = frozenset({"oauth_token", "oauth_verifier", "oauth_token_secret", "openid.assoc_handle"})
"""What a protocol of others puts into the address it sends people back to."""
_PAYMENTS = frozenset({"source", "payment_intent", "setup_intent"})
_CALLBACKS = re.compile(r"call_?back_?(?:url|uri)?", re.IGNORECASE)
"""What another site tells beside its token: where it wants to be called with it."""
_KEYS = frozenset({"secret-key", "private-key"})
_OF_ACCOUNTS = frozenset(
    {
        "api",
        "apikey",
        "access",
        "auth",
        "app",
        "application",
        "client",
        "consumer",
        "user",
        "account",
        "admin",
        "service",
        "server",
    }
)
"""Words of a key that says who asks; a key without one opens the thing it belongs to."""
_SIGNS_IN = frozenset({"login", "django.contrib.auth.login"})
_REDIRECTS = frozenset({"redirect", "HttpResponseRedirect", "HttpResponseRedirectBase", "get_success_url"})

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
            if audience is not None and (_is_way_back(call, fact) or _is_taken_into_session(call, fact)):
                audience = Audience.STRICT
            if audience is not None:
                yield _finding(call, fact, call.span, confidence(fact), audience)


def _is_way_back(call: Call, fact: Fact) -> bool:
    """Tell where another site sends people back to, with a secret of the one payment, or of its own session, in the address."""
    program = call.project.program
    texts = (
        {code[2] for code in program.pieces(call.function) if code[0] == Op.CONST and isinstance(code[2], str)}
        if call.function
        else set()
    )
    if fact.word.lower() == "client_secret":
        return not _PAYMENTS.isdisjoint(texts)
    return fact.label == "session-id" and any(map(_CALLBACKS.fullmatch, texts))


def _is_taken_into_session(call: Call, fact: Fact) -> bool:
    """Tell a link that signs in: the token is exchanged for a session, and the next address does not hold it."""
    if call.function is None or fact.label != "token":
        return False
    called = reach(call.project.program, call.function, depth=0).called
    return not _SIGNS_IN.isdisjoint(called) and not _REDIRECTS.isdisjoint(called)


def _audience(fact: Fact, *, in_path: bool) -> Audience | None:
    """A name that hardly means anything else is for everybody; links that are made to hold a token for the strict."""
    credential = kind_of(fact.label) is LabelKind.CREDENTIAL
    if in_path:
        return Audience.STRICT if fact.strong and not (credential and fact.label != "password") else None
    if (fact.label in IN_LINKS and not lets_in(fact)) or not fact.strong or fact.word.lower() in _PROTOCOLS:
        return Audience.STRICT
    if fact.label in _KEYS and _OF_ACCOUNTS.isdisjoint(words_of(fact.word)):
        return Audience.STRICT  # the key of one thing that is shared by a link
    return Audience.DEFAULT


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
