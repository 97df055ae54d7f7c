"""
## What it finds
A password, key, token, card number, identity number or health record that becomes part of a log line: as an argument of a logging call,
inside its message, in `extra`, bound to a structlog or loguru logger, through the text of an object, or in the text of an exception.
What is printed counts as well, since a service's output is collected like its log.

## Why it matters
Logs are copied: to files, to a collector, to backups, to a support ticket. They are kept for months and read by people and programs that
were never meant to know the secret. A password in a log is a password everybody with access to the log can sign in with.

## How to fix it
Log what identifies the event instead: the id of the user, the name of the key, whether there was a token. If a trace of the value itself
is needed, log its last four characters or a keyed hash.

## When it is fine
The value is hashed, encrypted, masked or cut to its last characters; it is a type that hides itself, such as pydantic's `SecretStr`; a
management command prints to the person who typed it. What the first file of an installed command prints is shown to the strict audience.
Personal data such as mail addresses is shown to the strict audience only: many
sites log it on purpose, and should know that they do.
"""

from __future__ import annotations

from collections.abc import Iterator

from leaktight.edit import Desk
from leaktight.flow.events import Arrival
from leaktight.model import Audience, Edit, Finding, Safety, Severity
from leaktight.policy import Channel, LabelKind, Safeguard
from leaktight.rules.api import Example, Rule
from leaktight.rules.beside import is_entry_of_command
from leaktight.rules.judging import at_least, audience_of, harm, is_command, kind_of, milder, put_in
from leaktight.rules.logs.silencing import silence

rule = Rule(
    __name__,
    severity=Severity.HIGH,
    cwe=(532,),
    step="S2",
    channel=Channel.LOG,
    missing=(Safeguard.MASKED,),
    message="{label} is {done}",
    remedy="Log an id, or the last four characters, instead of the value.",
    asvs=("16.2.5",),
    examples=(
        Example(
            "A login that logs what was typed",
            bad={
                "shop/views.py": """\
import logging

from django.contrib.auth import authenticate

logger = logging.getLogger(__name__)


def check(request):
    name, password = request.POST["username"], request.POST["password"]
    user = authenticate(request, username=name, password=password)
    if user is None:
        logger.warning("wrong login %s/%s", name, password)  # finds: secret-in-log
    return user
"""
            },
            good={
                "shop/views.py": """\
import logging

from django.contrib.auth import authenticate
from django.views.decorators.debug import sensitive_variables

logger = logging.getLogger(__name__)


@sensitive_variables("password")
def check(name: str, password: str):
    user = authenticate(username=name, password=password)
    if user is None:
        logger.warning("wrong login, password of %d characters", len(password))
    return user
"""
            },
        ),
    ),
)


@rule.flow(Channel.LOG)
def written(arrival: Arrival) -> Iterator[Finding]:
    if kind_of(arrival.label) is LabelKind.INTERNAL or not arrival.fact.state.is_readable or _goes_elsewhere(arrival):
        return
    severity, audience, done = harm(arrival.label), audience_of(arrival), "written to the log"
    if arrival.sink.part == "output":
        severity, done = milder(severity), "printed"
        if is_command(arrival.call):
            audience = at_least(audience, Audience.AUDIT)
        elif is_entry_of_command(arrival.project, arrival.call.path):
            audience = at_least(audience, Audience.STRICT)
    yield rule.finding(
        put_in(arrival),
        label=arrival.label,
        severity=severity,
        confidence=arrival.confidence,
        audience=audience,
        symbol=arrival.call.symbol,
        flow=arrival.flow,
        done=done,
    )


@rule.fix(Safety.SAFE, "take it out of the log")
def silenced(finding: Finding, desk: Desk) -> Iterator[Edit]:
    yield from silence(finding, desk)


def _goes_elsewhere(arrival: Arrival) -> bool:
    """`print(…, file=…)` writes to what it is given."""
    file = arrival.call.argument("file")
    return arrival.sink.part == "output" and file is not None and file.type != "io.Terminal"
