"""
## What it finds
A server that the code starts itself and that others can reach: a socket, or a server of the standard library, Flask, uvicorn, waitress and others, bound
to every address of the machine (`""`, `0.0.0.0`, `::`), and an HTTP server of the standard library that is started without TLS.

## Why it matters
Such a server has no proxy in front that ends TLS and asks who somebody is. What it answers, and what it is sent, goes over every network the machine
has a foot in, in clear.

## How to fix it
Bind to `127.0.0.1`, or to the address of the one network it is for, and let a proxy with TLS stand in front.

## When it is fine
A container in which the proxy of the cluster is the only one that gets through. The rule is for auditors, but for a server that believes everybody's
word about who they are and whether they came by HTTPS (`forwarded_allow_ips="*"`), which the strict audience sees.
"""

from __future__ import annotations

from collections.abc import Iterator

from leaktight.flow.events import Call
from leaktight.model import Confidence, Finding, Severity
from leaktight.policy import Channel, Safeguard
from leaktight.rules.api import Example, NotPossible, Rule
from leaktight.rules.outgoing.protections import given_up, giving_up

rule = Rule(
    __name__,
    severity=Severity.LOW,
    cwe=(319, 200, 668),
    step="S1",
    channel=Channel.RESPONSE_BODY,
    missing=(Safeguard.HTTPS,),
    message="a server the code starts is open to others: {why}",
    remedy="Bind it to one address, and let a proxy with TLS stand in front.",
    asvs=("12.2.1", "13.2.4"),
    unfixable=NotPossible("which network the server is for is not in the code"),
    examples=(
        Example(
            "A page for the whole network",
            bad={
                "shop/board.py": """\
from http.server import HTTPServer, SimpleHTTPRequestHandler


def board():
    return HTTPServer(("0.0.0.0", 8000), SimpleHTTPRequestHandler)  # finds: exposed-server
"""
            },
            good={
                "shop/board.py": """\
from http.server import HTTPServer, SimpleHTTPRequestHandler


def board():
    return HTTPServer(("127.0.0.1", 8000), SimpleHTTPRequestHandler)
"""
            },
        ),
    ),
)

_WHY = {
    "seclusion": "it listens on every address of the machine",
    "https": "it speaks HTTP without TLS",
    "secure-origin": "it believes everybody's word about where a request came from",
}


@rule.call(*giving_up(*_WHY))
def open_to_others(call: Call) -> Iterator[Finding]:
    for given in given_up(call, *_WHY):
        yield rule.finding(
            given.span,
            confidence=Confidence.LOW,
            audience=given.audience,
            symbol=call.symbol,
            flow=call.steps(),
            related=given.related,
            why=_WHY[given.spec.gives_up],
        )
