"""
## What it finds
A password, a card number, a key, an identity number or a health record in the payload of a JSON web token.

## Why it matters
A token of this kind is signed, not encrypted: whoever holds it, and everybody it passes, decodes the payload without a key. It lies in browsers,
in logs of proxies, and in other servers' hands.

## How to fix it
Put an identifier into the token, and look the rest up where the token is checked. Where the payload has to be secret, use an encrypted token (JWE).

## When it is fine
The token never leaves the server that made it. Names and e-mail addresses of the token's own user are what such tokens are for; they are not
reported.
"""

from __future__ import annotations

from collections.abc import Iterator

from leaktight.flow.events import Call, confidence
from leaktight.flow.value import Value, all_facts
from leaktight.model import Audience, Confidence, Finding, Severity
from leaktight.policy import Channel, Safeguard, Strength
from leaktight.rules.api import Example, NotPossible, Rule
from leaktight.rules.judging import EXPIRING, is_grave

rule = Rule(
    __name__,
    severity=Severity.HIGH,
    cwe=(522, 312),
    step="S5",
    channel=Channel.RESPONSE_BODY,
    missing=(Safeguard.ENCRYPTED,),
    message="{label} stands in the payload of a token, which everybody can decode",
    remedy="Put an identifier into the token, and look the rest up.",
    asvs=("9.2.1", "14.2.4"),
    unfixable=NotPossible("who reads the token has to get the value from the server"),
    examples=(
        Example(
            "A card number that travels with every request",
            bad={
                "shop/tokens.py": """\
import jwt
from django.conf import settings


def token_for(order, card_number):
    payload = {"order": order.pk, "card": card_number}
    return jwt.encode(payload, settings.TOKEN_KEY, algorithm="HS256")  # finds: secret-in-token
"""
            },
            good={
                "shop/tokens.py": """\
import jwt
from django.conf import settings


def token_for(order, payment):
    payload = {"order": order.pk, "payment": payment.pk}
    return jwt.encode(payload, settings.TOKEN_KEY, algorithm="HS256")
"""
            },
        ),
    ),
)


@rule.call("jwt.encode")
def in_the_payload(call: Call) -> Iterator[Finding]:
    value = call.argument("payload")
    for fact in all_facts(value) if value is not None else ():
        if is_grave(fact.label) and fact.label not in EXPIRING and fact.state.is_readable:
            how_sure = confidence(fact)
            audience = Audience.DEFAULT if how_sure is not Confidence.LOW else Audience.STRICT if fact.strong else Audience.AUDIT
            yield rule.finding(
                call.place("payload"),
                label=fact.label,
                confidence=how_sure,
                audience=audience,
                symbol=call.symbol,
                flow=(*call.machine.steps(fact.trace), *call.steps()),
            )
    if value is not None and not any(is_grave(fact.label) for fact in all_facts(value)):
        yield from _named(call, value)


def _named(call: Call, payload: Value) -> Iterator[Finding]:
    """An entry of the payload that is called after a secret, though nothing is known of what is under it."""
    for key, inner in (payload.fields or {}).items():
        match = call.project.recogniser.recognise(key) if isinstance(key, str) else None
        if match is None or match.strength is not Strength.STRONG or not is_grave(match.label) or match.label in EXPIRING:
            continue
        if match.state.is_readable and inner.type != "bool" and inner.const not in (None, "", True, False):
            yield rule.finding(
                call.place("payload"),
                label=match.label,
                confidence=Confidence.LOW,
                audience=Audience.AUDIT,
                symbol=call.symbol,
                flow=call.steps(),
            )
            return
