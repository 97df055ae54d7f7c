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
management command prints to the person who typed it. Something random that no name calls a secret, and a word with many meanings such as
`session_id` that came in from outside, are shown to the strict audience; so are a line below the level that production gives its logger, `debug` lines where nothing gives it one, a token or code that came in by the URL, since the server's
log has it too, and a line that a switch named after it turns on (`if log_credentials:`). What the first file of an installed command prints is shown to the strict audience, as is the output of a file that is only started by hand
(`if __name__ == "__main__":`), or of a function that asks a question at the terminal.
Personal data such as mail addresses is shown to the strict audience only: many
sites log it on purpose, and should know that they do.
"""

from __future__ import annotations

from collections.abc import Iterator

from leaktight.edit import Desk
from leaktight.flow.events import Arrival, Call
from leaktight.model import Audience, Confidence, Edit, Finding, Safety, Severity
from leaktight.policy import Channel, LabelKind, Safeguard
from leaktight.project.environment import words_of
from leaktight.rules.api import Example, Rule
from leaktight.rules.beside import is_entry_of_command, is_read_by_who_runs_it
from leaktight.rules.judging import EXPIRING, at_least, audience_of, harm, is_command, is_only_random, kind_of, milder, put_in
from leaktight.rules.logs.announced import LOGGERS, announced
from leaktight.rules.logs.levels import is_left_out
from leaktight.rules.logs.silencing import silence
from leaktight.source.code import Op, walk

_SWITCHES = frozenset({"log", "logs", "logging", "verbose", "debug", "trace", "dump"})
"""Words that say what a switch is for."""

rule = Rule(
    __name__,
    severity=Severity.HIGH,
    doubted_if_unsure=True,
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
    in_other_logs = arrival.label in EXPIRING and arrival.fact.source in {"request-url", "url-path"}
    if is_only_random(arrival.fact) or in_other_logs or _is_opted_for(arrival) or is_left_out(arrival):
        audience = at_least(audience, Audience.STRICT)
    if arrival.sink.part == "output":
        severity, done = milder(severity), "printed"
        if is_command(arrival.call):
            audience = at_least(audience, Audience.AUDIT)
        elif is_entry_of_command(arrival.project, arrival.call.path) or is_read_by_who_runs_it(
            arrival.project, arrival.call.path, arrival.call.function
        ):
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


@rule.call(*LOGGERS)
def announced_by_the_text(call: Call) -> Iterator[Finding]:
    """The line itself says what it writes, and nothing is known that says otherwise: a matter for auditors."""
    for label, word in announced(call):
        yield rule.finding(
            call.span,
            label=label,
            severity=milder(harm(label)),
            confidence=Confidence.LOW,
            audience=Audience.AUDIT,
            symbol=call.symbol,
            flow=call.steps(),
            done=f"announced by the text of a log line: {word}",
        )
        return


@rule.fix(Safety.SAFE, "take it out of the log")
def silenced(finding: Finding, desk: Desk) -> Iterator[Edit]:
    yield from silence(finding, desk)


def _is_opted_for(arrival: Arrival) -> bool:
    """`if log_credentials:` — whoever runs the site asked for this line by a switch that says so."""
    function = arrival.call.function
    if function is None:
        return False
    packed, program = arrival.call.packed, arrival.project.program
    tests = [
        code[2]
        for code in program.pieces(function)
        if code[0] == Op.IF and any(inner[0] == Op.CALL and inner[1] == packed for inner in walk(code[3]))
    ]
    words = {word for test in tests for code in walk(test) if code[0] in {Op.NAME, Op.ATTR} for word in words_of(code[-1])}
    return not _SWITCHES.isdisjoint(words)


def _goes_elsewhere(arrival: Arrival) -> bool:
    """`print(…, file=…)` writes to what it is given."""
    file = arrival.call.argument("file")
    return arrival.sink.part == "output" and file is not None and file.type != "io.Terminal"
