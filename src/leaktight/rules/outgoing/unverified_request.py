"""
## What it finds
A request that goes over a client, a session or a context that was made without a check of who the other side is, at another place of the code.
The finding names that place.

## Why it matters
Where a check is switched off, `unverified-tls` tells. Here it becomes visible what goes over such connections, and so what an attacker on the
way could read and change.

## How to fix it
Switch the check on where the client is made. A request that is fine without one should have a client of its own.

## When it is fine
Nothing in the request or the answer has to be kept secret or unchanged. The rule is for auditors: there is one decision to change, and it is
reported by itself.
"""

from __future__ import annotations

from collections.abc import Iterator

from leaktight.flow.events import Call
from leaktight.flow.knowledge import FunctionSpec
from leaktight.flow.value import Made
from leaktight.model import Audience, Confidence, Finding, Severity, Step
from leaktight.policy import Channel, Safeguard
from leaktight.rules.api import Example, NotPossible, Rule
from leaktight.rules.outgoing.protections import Given, given_up, watched

rule = Rule(
    __name__,
    severity=Severity.MEDIUM,
    cwe=(295,),
    step="S7",
    channel=Channel.OUTGOING_HTTP,
    missing=(Safeguard.VERIFIED_TLS,),
    message="the request goes to whoever answers: its client was made with {shown}",
    remedy="Switch the check on where the client is made.",
    asvs=("12.3.2",),
    unfixable=NotPossible("the client is made elsewhere: that place is repaired by `unverified-tls`"),
    examples=(
        Example(
            "A pool that accepts every certificate, and what goes over it",
            bad={
                "shop/partner.py": """\
import urllib3

pool = urllib3.PoolManager(cert_reqs="CERT_NONE")  # finds: unverified-tls


def orders():
    return pool.request("GET", "https://orders.parcel-partner.net/v1")  # finds: unverified-request
"""
            },
            good={
                "shop/partner.py": """\
import urllib3

pool = urllib3.PoolManager(cert_reqs="CERT_REQUIRED", ca_certs="/etc/shop/partner-ca.pem")


def orders():
    return pool.request("GET", "https://orders.parcel-partner.net/v1")
"""
            },
        ),
    ),
)

MAX_MAKERS = 3
"""How far back the makers of clients and contexts are looked for: a context, a connector, a session."""


def _sends(spec: FunctionSpec) -> bool:
    return any(sink.channel == Channel.OUTGOING_HTTP for sink in spec.sinks.values())


@rule.call(*watched(_sends))
def over_what_was_made_without_a_check(call: Call) -> Iterator[Finding]:
    if next(given_up(call, "verification"), None) is not None:
        return  # decided here: told as that
    made = next(_made_unverified(call), None)
    if made is not None:
        yield rule.finding(
            call.span,
            confidence=Confidence.MEDIUM,
            audience=Audience.AUDIT,
            symbol=call.symbol,
            flow=call.steps(),
            related=(Step(made.span, "it was made here"),),
            shown=made.shown,
        )


def _made_unverified(call: Call, depth: int = 0) -> Iterator[Given]:
    """Where the client the call belongs to, or a context it is handed, was told to check nobody."""
    for value in (call.receiver, *call.arguments.values()):
        made = value.origin if value is not None else None
        for other in call.machine.calls_by_object.get(made, ()) if isinstance(made, Made) else ():
            if other is not call:
                yield from (given for given in given_up(other, "verification") if given.audience is not Audience.AUDIT)
                is_maker = other.receiver is None or not isinstance(other.receiver.origin, Made)
                if depth < MAX_MAKERS and is_maker:
                    yield from _made_unverified(other, depth + 1)
