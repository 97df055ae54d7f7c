"""
## What it finds
A password, card data, a key, a one-time code or an identity number that is stored in a cookie, also when it is signed, encoded, or packed
into a token that is only signed.

## Why it matters
A cookie is a file on somebody's device. It is read by whoever uses the device next, by its backups, by extensions, and by the site's own
scripts when it is not `HttpOnly`; and it travels with every single request. A signature keeps it from being changed, not from being read.

## How to fix it
Keep the data on the server, in the session or in a table, and let the cookie hold only a random handle. Encrypt what must travel.

## When it is fine
The cookie holds a random token that means nothing outside the site: its flags are judged by rules of their own. What is encrypted, hashed
or masked is fine.
"""

from __future__ import annotations

from collections.abc import Iterator

from leaktight.flow.events import Arrival
from leaktight.model import Audience, Finding, Severity
from leaktight.policy import Channel, LabelKind, Safeguard
from leaktight.rules.api import Example, NotPossible, Rule
from leaktight.rules.judging import at_least, audience_of, harm, kind_of
from leaktight.rules.wording import an

rule = Rule(
    __name__,
    severity=Severity.HIGH,
    cwe=(315, 539),
    step="S5",
    channel=Channel.COOKIE,
    missing=(Safeguard.SERVER_SIDE,),
    message="{what} (`{word}`) is stored in a cookie{how}",
    remedy="Keep it on the server and let the cookie hold a random handle.",
    asvs=("14.3.3",),
    unfixable=NotPossible("what reads the cookie has to get the value from the server"),
    examples=(
        Example(
            "A card number in a signed cookie",
            bad={
                "shop/views.py": """\
from django.shortcuts import redirect
from django.views.decorators.debug import sensitive_post_parameters


@sensitive_post_parameters("card_number")
def pay(request):
    response = redirect("thanks")
    response.set_signed_cookie("payer", request.POST["card_number"], secure=True, httponly=True, samesite="Lax")  # finds: secret-in-cookie
    return response
"""
            },
            good={
                "shop/views.py": """\
from django.shortcuts import redirect
from django.views.decorators.debug import sensitive_post_parameters


@sensitive_post_parameters("card_number")
def pay(request):
    response = redirect("thanks")
    response.set_signed_cookie("payer", request.POST["card_number"][-4:], secure=True, httponly=True, samesite="Lax")
    return response
"""
            },
        ),
    ),
)

_HANDLES = frozenset({"token", "session-id"})
"""What cookies are for."""


@rule.flow(Channel.COOKIE)
def stored(arrival: Arrival) -> Iterator[Finding]:
    fact = arrival.fact
    kind = kind_of(fact.label)
    if kind is LabelKind.INTERNAL or fact.label in _HANDLES or not fact.state.is_readable or fact.source == "cookie":
        return
    audience = audience_of(arrival)
    if kind is LabelKind.PERSONAL:
        audience = at_least(audience, Audience.AUDIT if fact.label in {"name", "location"} else Audience.STRICT)
    yield rule.finding(
        arrival.span,
        label=fact.label,
        severity=harm(fact.label),
        confidence=arrival.confidence,
        audience=audience,
        symbol=arrival.call.symbol,
        flow=arrival.flow,
        what=an(fact.label),
        word=fact.word,
        how=", signed but readable" if "signed" in {arrival.sink.part, fact.state} else "",
    )
