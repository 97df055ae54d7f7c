"""
## What it finds
A password, key, token, card number, identity number or health record handed to a service of somebody else: an error tracker, monitoring,
analytics, a language model, a chat, a text message.

## Why it matters
What the service keeps is out of your hands: its staff, its other customers in case of a mistake, its sub-contractors and whoever breaks
into it can read it. There is no way to take it back, and data of people may not be handed on without a contract.

## How to fix it
Hand over an id, and mask the value before the call. For error trackers prefer a scrubber that masks by value.

## When it is fine
The value is masked or hashed. A code that works once may be sent to a phone. Personal data, such as the mail address of the user an error
happened to, is shown to the strict audience: many do it on purpose; so is the whole body of a request of which nothing sensitive is taken by
name, and for which no serializer or form of the view has a sensitive field; and to auditors only where the tracker's events pass a scrubber.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from leaktight.flow.addresses import MADE
from leaktight.flow.events import Arrival, Call, confidence
from leaktight.model import Audience, Finding, Severity
from leaktight.policy import Channel, LabelKind, Safeguard, State
from leaktight.rules.api import Example, NotPossible, Rule
from leaktight.rules.bodies import holds_something_sensitive
from leaktight.rules.judging import at_least, at_most_medium, audience_of, harm, kind_of
from leaktight.rules.messages.scrubbers import is_scrubbed
from leaktight.rules.messages.tokens import is_lasting

_DRAWS = re.compile(r"https?://[^/]*(chart|qr|barcode|image)|https?://[^?]*(chart|qr_?code|create-qr|barcode)", re.IGNORECASE)
"""Addresses of sites that draw what they are given."""
_DRAWN = frozenset(
    {"secret-key", "password", "one-time-code", "private-key", "session-id", "card", "bank-account", "government-id"}
)

_PARTS = {"chat": "posted to a chat", "sms": "sent by text message", "push": "sent as a push message"}

rule = Rule(
    __name__,
    severity=Severity.HIGH,
    doubted=True,
    cwe=(201, 359),
    step="S7",
    channel=Channel.THIRD_PARTY,
    missing=(Safeguard.MASKED,),
    message="{label} is {done}",
    remedy="Hand over an id, or mask the value before.",
    asvs=("14.2.3",),
    unfixable=NotPossible("what the other side needs of it is agreed with them"),
    examples=(
        Example(
            "A card number as context of an error",
            bad={
                "shop/payment.py": """\
import sentry_sdk


def pay(order, card_number):
    sentry_sdk.set_context("payment", {"order": order.pk, "card": card_number})  # finds: secret-to-third-party
    order.gateway.charge(order.total, card_number)
"""
            },
            good={
                "shop/payment.py": """\
import sentry_sdk
from django.views.decorators.debug import sensitive_variables


@sensitive_variables("card_number")
def pay(order, card_number):
    sentry_sdk.set_context("payment", {"order": order.pk, "card": card_number[-4:]})
    order.gateway.charge(order.total, card_number)
"""
            },
        ),
    ),
)


@rule.flow(Channel.THIRD_PARTY, Channel.MESSAGE)
def handed_over(arrival: Arrival) -> Iterator[Finding]:
    fact = arrival.fact
    if kind_of(fact.label) is LabelKind.INTERNAL and fact.label != "request-data":
        return
    if not fact.state.is_readable or (arrival.channel is Channel.MESSAGE and _is_meant(arrival)) or _is_compared(arrival):
        return
    if fact.label == "request-data" and fact.source not in {"request-body", "request-header", "cookie", "environment"}:
        return
    audience = arrival.audience if fact.label == "request-data" else audience_of(arrival)
    sure = arrival.confidence
    if fact.label == "request-data" and fact.source == "request-body" and not holds_something_sensitive(arrival):
        audience, sure = at_least(audience, Audience.STRICT), at_most_medium(sure)
    if kind_of(fact.label) is LabelKind.PERSONAL and is_scrubbed(arrival.call):
        audience = Audience.AUDIT
    yield rule.finding(
        arrival.span,
        label=fact.label,
        channel=arrival.channel,
        severity=Severity.HIGH if fact.label == "request-data" else harm(fact.label),
        confidence=sure,
        audience=audience,
        symbol=arrival.call.symbol,
        flow=arrival.flow,
        done=_PARTS.get(arrival.sink.part, "handed to a third party"),
    )


@rule.call(MADE)
def drawn_by_others(call: Call) -> Iterator[Finding]:
    """An address from which another site draws a picture of what is in it, such as a QR code."""
    value = call.argument("address")
    if value is None or not _DRAWS.match(value.start):
        return
    drawn = [fact for fact in value.facts if fact.label in _DRAWN and fact.state in {State.PLAIN, State.ENCODED}]
    if drawn:
        surest = max(drawn, key=lambda fact: confidence(fact).rank)
        yield rule.finding(
            call.span,
            label=surest.label,
            severity=harm(surest.label),
            confidence=confidence(surest),
            symbol=call.symbol,
            flow=call.machine.steps(surest.trace),
            done="put into the address of a picture that another site draws",
        )


def _is_compared(arrival: Arrival) -> bool:
    """Tell what rows of a warehouse are compared with: a query keeps nothing of it there."""
    query = next((value for name in _QUERIES if (value := arrival.call.argument(name)) is not None), None)
    return arrival.parameter in _COMPARED and query is not None and query.start.lstrip().upper().startswith("SELECT")


_QUERIES = ("query", "cmd")
_COMPARED = frozenset({"params", "parameters"})
"""Parameters of the clients of warehouses that hold a query, and what is put in the places it leaves open."""


def _is_meant(arrival: Arrival) -> bool:
    """A message to one person may hold a code that works once, and that person's own data."""
    label = arrival.label
    if kind_of(label) is LabelKind.PERSONAL or label in {"one-time-code", "secret"}:
        return True
    return label == "token" and not is_lasting(arrival.fact.word)
