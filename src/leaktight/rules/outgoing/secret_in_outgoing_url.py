"""
## What it finds
A password, key, token, card or identity number that becomes part of the address of an outgoing HTTP request: in its query (`params=`), in
its path, or as user and password in front of the host.

## Why it matters
TLS hides an address on the way, but not where it is used: addresses are written to the logs of the other side, of its proxies and of our
own HTTP library, they are part of error messages, and they go along to other sites when there is a redirect.

## How to fix it
Send the secret in a header (`headers={"Authorization": …}`, `auth=`) or in the body of a POST request. Most services that take a key in
the address take it in a header as well.

## When it is fine
Some interfaces take their key or token in no other way; allow it there, and keep the HTTP library's log quiet. Where nothing says otherwise, it
is taken for such a one and shown to the strict: it is for everybody when the interface is known to take it in a header or a body, or when the
address is in clear. A key that is meant for browsers, such as one of a map service, is no secret. The number of a card of which nothing says that it pays
(`CardNo` of a door) is for the strict. Where the site's configuration chooses between the address and a header or body, the
finding is shown to the strict.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

from leaktight.flow.events import Arrival, Call
from leaktight.flow.knowledge import load
from leaktight.flow.naming import may_be_secret
from leaktight.flow.value import Made, all_facts
from leaktight.model import Audience, Confidence, Finding, Severity
from leaktight.policy import Channel, LabelKind, Safeguard, Strength, recognise
from leaktight.rules.api import Example, NotPossible, Rule
from leaktight.rules.judging import at_least, at_most_medium, audience_of, harm, is_only_random, kind_of, milder
from leaktight.rules.outgoing.keys_of_services import is_asked_for_there
from leaktight.source.code import Code, Op, walk

rule = Rule(
    __name__,
    severity=Severity.HIGH,
    doubted=True,
    cwe=(598, 201),
    step="S4",
    channel=Channel.OUTGOING_HTTP,
    missing=(Safeguard.POST,),
    message="{label} is part of the address of a request to another site",
    remedy="Send it in a header, or in the body of a POST request.",
    asvs=("14.2.1",),
    unfixable=NotPossible("the other side decides in which header or field it takes the value"),
    examples=(
        Example(
            "An API key in the query of a request",
            bad={
                "shop/messages.py": """\
import requests
from django.conf import settings


def send(text):
    question = {"api_key": settings.MESSAGES_API_KEY, "text": text}
    return requests.get("https://send.quick-messages.net/v2", params=question, timeout=5)  # finds: secret-in-outgoing-url
"""
            },
            good={
                "shop/messages.py": """\
import requests
from django.conf import settings


def send(text):
    signed_in = {"Authorization": f"Bearer {settings.MESSAGES_API_KEY}"}
    return requests.post("https://send.quick-messages.net/v2", json={"text": text}, headers=signed_in, timeout=5)
"""
            },
        ),
    ),
)

_ADDRESS = frozenset({"url", "query", "path"})
_OF_PAYMENT = re.compile(r"credit|debit|pay|bank|pan\b|cv[vc]|security|expir|holder|cc_?n|visa|amex|gift")
"""In a name that only the card of a payment has."""
_PLACES = frozenset({"address", "location"})
"""Words that mean the URL itself as often as a place on earth."""


@rule.flow(Channel.OUTGOING_HTTP)
def secret_in_address(arrival: Arrival) -> Iterator[Finding]:
    kind, part = kind_of(arrival.label), arrival.fact.part or arrival.sink.part
    if (
        part not in _ADDRESS
        or arrival.sink.part not in {"", *_ADDRESS}
        or not arrival.fact.state.is_readable
        or kind is LabelKind.INTERNAL
    ):
        return
    if (arrival.label in _PLACES and part != "query") or isinstance(arrival.value.origin, Made):
        return  # what a request object holds was judged when the object was made
    severity = harm(arrival.label)
    is_meant = (
        is_only_random(arrival.fact)
        or _is_place_configured(arrival)
        or is_asked_for_there(arrival)
        or (arrival.label == "card" and _is_number_of_any_card(arrival))
    )
    least = Audience.STRICT if is_meant else Audience.DEFAULT
    yield rule.finding(
        arrival.span,
        label=arrival.label,
        severity=milder(severity) if arrival.label == "one-time-code" else severity,
        confidence=at_most_medium(arrival.confidence),
        audience=at_least(audience_of(arrival), least),
        symbol=arrival.call.symbol,
        flow=arrival.flow,
    )


def _is_number_of_any_card(arrival: Arrival) -> bool:
    """Tell a card that may open a door: nothing sent with it is of a payment, and its name does not say so either."""
    beside = {fact.word.lower() for value in arrival.call.arguments.values() for fact in all_facts(value) if fact.label == "card"}
    return not any(_OF_PAYMENT.search(word) for word in beside)


def _is_place_configured(arrival: Arrival) -> bool:
    """`if self.token_place == "QUERY": url += …` — each site says for its provider whether the address holds it."""
    function = arrival.call.function
    codes = arrival.project.program.pieces(function) if function is not None else ()
    place = arrival.call.places.get(arrival.parameter)
    names = {
        code[2]
        for call in codes
        if call[0] == Op.CALL and call[1] == arrival.call.packed
        for argument in (*call[3], *(value for _, value in call[4]))
        if argument[1] == place
        for code in walk(argument)
        if code[0] == Op.NAME
    }
    return any(
        code[0] == Op.IF and _compares_attribute(code[2]) and any(not names.isdisjoint(_changed(inner)) for inner in code[3])
        for code in codes
    )


def _compares_attribute(test: Code) -> bool:
    return test[0] == Op.TEST and [operand[0] for operand in test[2]] == [Op.ATTR, Op.CONST] and isinstance(test[2][1][2], str)


def _changed(code: Code) -> set[str]:
    """The names a statement gives another value, or puts something into."""
    targets = code[2] if code[0] == Op.ASSIGN else [code[2]] if code[0] == Op.AUGMENT else []
    targets = [part for target in targets for part in (target[3] if target[0] == Op.LIST else [target])]
    held = [target[2] if target[0] == Op.ITEM else target for target in targets]
    return {target[2] for target in held if target[0] == Op.NAME}


@rule.call(*load().names(lambda spec: any(sink.part in _ADDRESS for sink in spec.sinks.values())))
def secret_in_literal(call: Call) -> Iterator[Finding]:
    """An address in the code that holds a login, or a secret in its query."""
    for parameter, sink in call.spec.sinks.items() if call.spec is not None else ():
        value = call.argument(parameter) if sink.channel == Channel.OUTGOING_HTTP and sink.part in _ADDRESS else None
        found = _written_secret(value.text) if value is not None and value.text is not None else None
        if found is not None:
            label, secret = found
            sure = may_be_secret(secret)
            yield rule.finding(
                call.place(parameter),
                label=label,
                severity=milder(harm(label)),
                confidence=Confidence.MEDIUM if sure else Confidence.LOW,
                audience=Audience.STRICT if sure else Audience.AUDIT,
                symbol=call.symbol,
                flow=call.steps(),
            )


def _written_secret(text: str) -> tuple[str, str] | None:
    """The label of a secret in an address, and the secret, which is told to nobody."""
    try:
        parts = urlsplit(text)
        if parts.password:
            return "password", parts.password
        query = parse_qsl(parts.query)
    except ValueError:
        return None
    for name, value in query:
        match = recognise(name)
        if match is not None and kind_of(match.label) is LabelKind.CREDENTIAL and match.strength is Strength.STRONG and value:
            return match.label, value
    return None
