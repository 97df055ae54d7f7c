"""
## What it finds
A login at a directory (LDAP) without a password, or with an empty one.

## Why it matters
A directory takes a name with an empty password for nobody in particular, and says yes. Code that signs in with what a visitor typed, to see whether the
password is right, lets everybody in who types none; and what the directory tells without a login, it tells everybody.

## How to fix it
Sign in with a password of the service's own, and refuse an empty password before the directory is asked.

## When it is fine
The directory is public, as a list of certificates may be. The rule is for auditors.
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
    severity=Severity.MEDIUM,
    cwe=(287, 521),
    step="S7",
    channel=Channel.CONNECTION,
    missing=(Safeguard.AUTHENTICATED,),
    message="the directory is asked without a password: {shown}",
    remedy="Sign in with a password, and refuse an empty one before the directory is asked.",
    asvs=("13.2.1",),
    unfixable=NotPossible("the password is not in the code, and has to be handed in"),
    examples=(
        Example(
            "A name is enough",
            bad={
                "shop/staff.py": """\
import ldap


def known():
    directory = ldap.initialize("ldaps://staff.harbour-goods.com")
    directory.simple_bind_s("cn=shop", "")  # finds: login-without-password
    return directory
"""
            },
            good={
                "shop/staff.py": """\
import ldap
from django.conf import settings


def known():
    directory = ldap.initialize("ldaps://staff.harbour-goods.com")
    directory.simple_bind_s("cn=shop", settings.DIRECTORY_PASSWORD)
    return directory
"""
            },
        ),
    ),
)


@rule.call(*giving_up("password"))
def asked_by_nobody(call: Call) -> Iterator[Finding]:
    for given in given_up(call, "password"):
        yield rule.finding(
            given.span,
            confidence=Confidence.LOW,
            audience=given.audience,
            symbol=call.symbol,
            flow=call.steps(),
            related=given.related,
            shown=given.shown,
        )
