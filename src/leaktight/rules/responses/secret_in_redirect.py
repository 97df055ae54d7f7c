"""
## What it finds
A redirect whose address holds a password, a key, a token, a code, a card or identity number: put into the query, into the path, or into
the address as a whole, here or in the helper that builds it.

## Why it matters
The address of a redirect is written down twice: by the server that sends it and by the browser that follows it. It stays in histories and
logs, and the page it leads to tells it to every site it loads something from. A token that resets a password is then anybody's.

## How to fix it
Put the secret into the session (`request.session`) and redirect to an address without it. Send people on with an id that is worth nothing
without their login.

## When it is fine
The address leads away from a token instead of to one. The code of an OAuth redirect is made to travel so.

For the strict only, because links are made of them and the code does not tell whether they still open anything afterwards: a code or a
secret, a token in the path, as Django's own reset link has, and a token in the query whose name does not say that it opens an account. So
is the key of a row in the link that opens it, a session made to hand something over, an address of an app (`shop://…`), the identity token that tells a provider
who signs out, and a random text that only a word with many meanings calls secret. Take a token into the session first. Personal data in such an address is for auditors.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from leaktight.flow.events import Arrival
from leaktight.model import Audience, Confidence, Finding, Severity
from leaktight.policy import Channel, LabelKind, Safeguard
from leaktight.project.symbols import ClassRef, FunctionRef
from leaktight.rules.api import Example, NotPossible, Rule
from leaktight.rules.judging import (
    IN_LINKS,
    at_least,
    at_most_medium,
    audience_of,
    harm,
    is_only_random,
    is_vague,
    kind_of,
    lets_in,
)
from leaktight.rules.wording import an

rule = Rule(
    __name__,
    severity=Severity.HIGH,
    doubted_if_unsure=True,
    cwe=(598, 200),
    step="S3",
    channel=Channel.REDIRECT,
    missing=(Safeguard.SERVER_SIDE,),
    message="{what} (`{word}`) is put into {where} of the address of a redirect",
    remedy="Keep it in the session and redirect to an address without it.",
    asvs=("14.2.1", "3.7.2"),
    unfixable=NotPossible("the page that is redirected to has to read the value from the session"),
    examples=(
        Example(
            "A start password in the query of the next page",
            bad={
                "shop/views.py": """\
from urllib.parse import urlencode

from django.shortcuts import redirect
from django.urls import reverse


def opened(request, user, password):
    user.set_password(password)
    user.save()
    return redirect(reverse("welcome") + "?" + urlencode({"name": user.username, "start": password}))  # finds: secret-in-redirect
"""
            },
            good={
                "shop/views.py": """\
from urllib.parse import urlencode

from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.debug import sensitive_variables


@sensitive_variables("password")
def opened(request, user, password):
    user.set_password(password)
    user.save()
    return redirect(reverse("welcome") + "?" + urlencode({"name": user.username}))
"""
            },
        ),
    ),
)

_HANDED_ON = "result of django.views.generic."
_IDENTITY = re.compile(r"id_?token", re.IGNORECASE)
"""What tells a provider who signs out: OpenID Connect puts it into the address itself."""
_INTO_AN_APP = re.compile(r"(?!https?:)[a-z][a-z0-9+.-]*://", re.IGNORECASE)
"""The address of a program on the same device, which no server ever sees."""
_PLACES = {"query": "the query", "path": "the path"}


@rule.flow(Channel.REDIRECT, Channel.RESPONSE_HEADER)
def in_the_address(arrival: Arrival) -> Iterator[Finding]:
    if arrival.channel is Channel.RESPONSE_HEADER and str(arrival.call.constant("key")).lower() != "location":
        return
    fact = arrival.fact
    if kind_of(fact.label) is LabelKind.INTERNAL or not fact.state.is_readable or is_only_random(fact):
        return
    if fact.key not in {inner.key for inner in arrival.value.facts}:
        return  # a field of an object, which only gives its own address
    if arrival.call.name.startswith(_HANDED_ON) and _redirects_itself(arrival):
        return
    part = fact.part or arrival.sink.part
    audience = at_least(audience_of(arrival), _least(arrival, part))
    yield rule.finding(
        arrival.span,
        label=fact.label,
        channel=Channel.REDIRECT,
        severity=harm(fact.label),
        confidence=at_most_medium(arrival.confidence),
        audience=audience,
        symbol=arrival.call.symbol,
        flow=arrival.flow,
        what=an(fact.label),
        word=fact.word,
        where=_PLACES.get(part, "the text"),
    )


def _least(arrival: Arrival, part: str) -> Audience:
    """The largest audience such data in a redirect is worth showing to: keys of rows and what links are made of are put there on purpose."""
    fact = arrival.fact
    if kind_of(fact.label) is LabelKind.PERSONAL:
        return Audience.AUDIT
    if fact.label == "secret-key" and fact.source in {"", "field"}:
        return Audience.STRICT  # the key of a row, in the link that opens it
    if fact.label == "session-id" and arrival.confidence is not Confidence.HIGH:
        return Audience.STRICT  # a session made to hand something over
    if (fact.label in IN_LINKS and (part == "path" or not lets_in(fact))) or is_vague(fact):
        return Audience.STRICT
    if fact.label == "token" and (_IDENTITY.search(fact.word) or _INTO_AN_APP.match(arrival.value.start)):
        return Audience.STRICT
    return Audience.DEFAULT


def _redirects_itself(arrival: Arrival) -> bool:
    """A class whose own methods redirect to the address it makes: that redirect is reported."""
    program = arrival.project.program
    classes = [
        item
        for view in arrival.project.views.of(arrival.call.function)
        if isinstance(view.ref, ClassRef)
        for item in program.mro(view.ref)
        if isinstance(item, ClassRef)
    ]
    names = [
        program.function(FunctionRef(cls.path, index)).names for cls in classes for index in program.class_(cls).methods.values()
    ]
    method = arrival.call.name.rpartition(".")[2]
    return any(method in used and not {"redirect", "HttpResponseRedirect"}.isdisjoint(used) for used in names)
