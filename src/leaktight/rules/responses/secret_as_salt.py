"""
## What it finds
A key or another secret of the site that is the salt of Hashids, or a key for one of its relatives, which make short texts of numbers.

## Why it matters
Hashids is no encryption: from some numbers and the texts they became, which a site shows in its addresses, the salt can be worked out. With
`SECRET_KEY` an attacker can then sign sessions, password reset links and everything else the site signs.

## How to fix it
Use a salt of its own, which opens nothing else. Where the numbers themselves are secret, use random identifiers instead.

## When it is fine
The texts never leave the server.
"""

from __future__ import annotations

from collections.abc import Iterator

from leaktight.flow.events import Call, confidence
from leaktight.flow.value import all_facts
from leaktight.model import Audience, Confidence, Finding, Severity
from leaktight.policy import Channel, LabelKind, Safeguard
from leaktight.rules.api import Example, NotPossible, Rule
from leaktight.rules.judging import kind_of

rule = Rule(
    __name__,
    severity=Severity.HIGH,
    cwe=(327, 200),
    step="S0",
    channel=Channel.RESPONSE_BODY,
    missing=(Safeguard.ENCRYPTED,),
    message="{label} can be worked out from what Hashids makes with it",
    remedy="Use a salt that opens nothing else.",
    asvs=("11.3.3",),
    unfixable=NotPossible("what was signed or hashed with it can't be read any more once the salt is another"),
    examples=(
        Example(
            "The site's key in every address",
            bad={
                "shop/ids.py": """\
from django.conf import settings
from hashids import Hashids

ids = Hashids(salt=settings.SECRET_KEY, min_length=8)  # finds: secret-as-salt
"""
            },
            good={
                "shop/ids.py": """\
from django.conf import settings
from hashids import Hashids

ids = Hashids(salt=settings.ORDER_NUMBERS, min_length=8)
"""
            },
        ),
    ),
)


@rule.call("hashids.Hashids")
def salted_with_a_secret(call: Call) -> Iterator[Finding]:
    value = call.argument("salt")
    for fact in all_facts(value) if value is not None else ():
        if kind_of(fact.label) is LabelKind.CREDENTIAL and fact.state.is_readable:
            how_sure = confidence(fact)
            yield rule.finding(
                call.place("salt"),
                label=fact.label,
                confidence=how_sure,
                audience=Audience.STRICT if how_sure is Confidence.LOW else Audience.DEFAULT,
                symbol=call.symbol,
                flow=(*call.machine.steps(fact.trace), *call.steps()),
            )
