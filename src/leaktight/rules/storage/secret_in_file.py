"""
## What it finds
A password, a card number, an identity number, a health record or another secret written to a file in clear.

## Why it matters
Files outlive the process: they are backed up, copied to other machines, and left behind in temporary folders where other programs read
them. Whether a file may be read is decided far from the line that writes it.

## How to fix it
Encrypt what is written, or do not write it: hand it over in memory, through standard input or a pipe.

## When it is fine
The content is encrypted, hashed or masked. Commands an operator runs by hand write where they are told. Keys and tokens are shown to the
strict audience, since many programs take them from files only; so is whatever has only a name to tell what it is.
"""

from __future__ import annotations

from collections.abc import Iterator

from leaktight.flow.events import Arrival
from leaktight.model import Audience, Confidence, Finding, Severity
from leaktight.policy import Channel, Safeguard
from leaktight.rules.api import Example, NotPossible, Rule
from leaktight.rules.judging import at_least, harm, is_command, is_grave, milder

_GIVEN_BY_FILE = frozenset({"secret-key", "private-key", "token", "secret", "one-time-code", "session-id"})

rule = Rule(
    __name__,
    severity=Severity.MEDIUM,
    cwe=(312,),
    step="S7",
    channel=Channel.FILE,
    missing=(Safeguard.ENCRYPTED,),
    message="{label} is written to a file in clear",
    remedy="Encrypt it before it is written, or hand it over without a file.",
    asvs=("14.2.4",),
    unfixable=NotPossible("what reads the file has to get the value from elsewhere"),
    examples=(
        Example(
            "A login for another program",
            bad={
                "shop/mirror.py": """\
from pathlib import Path

from django.conf import settings


def write_login(folder):
    with open(folder + "/.netrc", "w") as file:
        file.write(f"machine mirror login shop password {settings.MIRROR_PASSWORD}")  # finds: secret-in-file
"""
            },
            good={
                "shop/mirror.py": """\
import subprocess

from django.conf import settings


def fetch(address):
    subprocess.run(["mirror", address], input=settings.MIRROR_PASSWORD, text=True, check=True)
"""
            },
        ),
    ),
)


@rule.flow(Channel.LOG)
def printed(arrival: Arrival) -> Iterator[Finding]:
    """`print(…, file=…)` writes to the file it is given."""
    file = arrival.call.argument("file")
    if file is not None and file.type == "io.File":
        yield from written(arrival)


@rule.flow(Channel.FILE)
def written(arrival: Arrival) -> Iterator[Finding]:
    fact = arrival.fact
    if not is_grave(fact.label) or not fact.state.is_readable:
        return
    audience = arrival.audience
    if fact.label in _GIVEN_BY_FILE or arrival.confidence is not Confidence.HIGH:
        audience = at_least(audience, Audience.STRICT)
    if is_command(arrival.call):
        audience = at_least(audience, Audience.AUDIT)
    yield rule.finding(
        arrival.span,
        label=fact.label,
        channel=Channel.FILE,
        severity=milder(harm(fact.label)),
        confidence=arrival.confidence,
        audience=audience,
        symbol=arrival.call.symbol,
        flow=arrival.flow,
    )
