"""
## What it finds
A password, a card number, a key, an identity number or a health record in the payload of a JSON web token, or of another text that is
signed: `signing.dumps()` of Django, a serializer of `itsdangerous`, a JWS. An object that is put into such a token whole (`user.__dict__`, or
whatever a caller hands over) is shown to auditors.

## Why it matters
A token of this kind is signed, not encrypted: whoever holds it, and everybody it passes, decodes the payload without a key. It lies in browsers,
in logs of proxies, and in other servers' hands.

## How to fix it
Put an identifier into the token, and look the rest up where the token is checked. Where the payload has to be secret, use an encrypted token (JWE).

## When it is fine
The token never leaves the server that made it. Names and e-mail addresses of the token's own user are what such tokens are for; they are
shown to auditors only.
"""

from __future__ import annotations

from collections.abc import Iterator

from leaktight.flow.events import Call, confidence
from leaktight.flow.value import Value, all_facts
from leaktight.model import Audience, Confidence, Finding, Severity
from leaktight.policy import Channel, LabelKind, Safeguard, Strength
from leaktight.rules.api import Example, NotPossible, Rule
from leaktight.rules.judging import EXPIRING, is_grave, kind_of
from leaktight.rules.outgoing.protections import is_decided_by_callers

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


_PAYLOADS = {
    "jwt.encode": ("payload",),
    "jwt.jws.sign": ("payload",),
    "authlib.jose.jwt.encode": ("payload",),
    "joserfc.jwt.encode": ("payload", "claims"),
    "flask_jwt_extended.create_access_token": ("identity", "additional_claims", "user_claims"),
    "flask_jwt_extended.create_refresh_token": ("identity", "additional_claims", "user_claims"),
    "django.core.signing.dumps": ("value",),
    "itsdangerous.Serializer.dumps": ("obj",),
}
"""What makes a token → the parameters that hold what everybody can decode."""


@rule.call(*_PAYLOADS)
def in_the_payload(call: Call) -> Iterator[Finding]:
    for parameter in _PAYLOADS[call.name]:
        value = call.argument(parameter)
        if value is not None:
            yield from _judged(call, parameter, value)


def _judged(call: Call, parameter: str, value: Value) -> Iterator[Finding]:
    for fact in all_facts(value):
        is_personal = kind_of(fact.label) is LabelKind.PERSONAL
        if (is_personal or (is_grave(fact.label) and fact.label not in EXPIRING)) and fact.state.is_readable:
            how_sure = confidence(fact)
            audience = Audience.DEFAULT if how_sure is not Confidence.LOW else Audience.STRICT if fact.strong else Audience.AUDIT
            audience = Audience.AUDIT if is_personal else audience
            yield rule.finding(
                call.place(parameter),
                label=fact.label,
                confidence=how_sure,
                audience=audience,
                symbol=call.symbol,
                flow=(*call.machine.steps(fact.trace), *call.steps()),
            )
    if not any(is_grave(fact.label) for fact in all_facts(value)):
        yield from _named(call, parameter, value)
        if call.name == "jwt.encode" and _is_whole(call, value):
            yield rule.finding(
                call.place(parameter),
                confidence=Confidence.LOW,
                audience=Audience.AUDIT,
                symbol=call.symbol,
                flow=call.steps(),
                message="an object is put into the payload of a token whole, and everybody can decode what is in it",
            )


def _is_whole(call: Call, value: Value) -> bool:
    """Tell what a caller hands over as it is, when nobody in the project does."""
    return (
        any(item.path in {(), ("__dict__",)} and not item.text for item in value.depends)
        and not value.fields
        and not is_decided_by_callers(call)
    )


def _named(call: Call, parameter: str, payload: Value) -> Iterator[Finding]:
    """An entry of the payload that is called after a secret, though nothing is known of what is under it."""
    for key, inner in (payload.fields or {}).items():
        match = call.project.recogniser.recognise(key) if isinstance(key, str) else None
        if match is None or match.strength is not Strength.STRONG or not is_grave(match.label) or match.label in EXPIRING:
            continue
        if match.state.is_readable and inner.type != "bool" and inner.const not in (None, "", True, False):
            yield rule.finding(
                call.place(parameter),
                label=match.label,
                confidence=Confidence.LOW,
                audience=Audience.AUDIT,
                symbol=call.symbol,
                flow=call.steps(),
            )
            return
