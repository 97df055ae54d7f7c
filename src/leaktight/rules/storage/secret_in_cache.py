"""
## What it finds
A password, a key, a card number or another secret put into the cache in clear, or made a part of a cache key.

## Why it matters
A cache is shared, mostly has no access rights of its own, is often reached without encryption, and is dumped to disk. Keys show up in
monitoring. Nobody thinks of the cache when access to secrets is reviewed.

## How to fix it
Encrypt the value before it is cached, and use a hash of the secret in the key. Mostly the secret need not be cached at all.

## When it is fine
The value is encrypted or hashed. Tokens and codes that run out by themselves are shown to the strict audience, as is a private
key that the site makes while it runs, for all its processes.
"""

from __future__ import annotations

from collections.abc import Iterator

from leaktight.flow.events import Arrival
from leaktight.model import Audience, Finding, Severity
from leaktight.policy import Channel, Safeguard
from leaktight.rules.api import Example, NotPossible, Rule
from leaktight.rules.judging import EXPIRING, at_least, harm, is_grave, milder

rule = Rule(
    __name__,
    severity=Severity.MEDIUM,
    doubted=True,
    cwe=(312, 524),
    step="S5",
    channel=Channel.CACHE,
    missing=(Safeguard.ENCRYPTED,),
    message="{label} is {done}",
    remedy="Encrypt it before it is cached, and hash what goes into the key.",
    asvs=("14.2.2",),
    unfixable=NotPossible("what reads the value from the cache has to get it from elsewhere"),
    examples=(
        Example(
            "A password between two pages",
            bad={
                "shop/sign_up.py": """\
from django.core.cache import cache


def first_page(user, password):
    cache.set(f"sign-up:{user.pk}", {"password": password}, 600)  # finds: secret-in-cache
"""
            },
            good={
                "shop/sign_up.py": """\
from django.contrib.auth.hashers import make_password
from django.core.cache import cache
from django.views.decorators.debug import sensitive_variables


@sensitive_variables("password")
def first_page(user, password):
    cache.set(f"sign-up:{user.pk}", {"password": make_password(password)}, 600)
"""
            },
        ),
    ),
)


@rule.flow(Channel.CACHE)
def cached(arrival: Arrival) -> Iterator[Finding]:
    fact = arrival.fact
    if not is_grave(fact.label) or not fact.state.is_readable:
        return
    in_key = arrival.sink.part == "key"
    audience = arrival.audience
    if in_key or fact.label in EXPIRING or (fact.label == "private-key" and not fact.source):
        audience = at_least(
            audience, Audience.STRICT
        )  # a key that was just made is shared by the processes of the site, and made again
    yield rule.finding(
        arrival.span,
        label=fact.label,
        severity=milder(harm(fact.label)),
        confidence=arrival.confidence,
        audience=audience,
        symbol=arrival.call.symbol,
        flow=arrival.flow,
        done="part of a cache key" if in_key else "cached in clear",
    )
