"""
## What it finds
A whole container of foreign data that becomes part of a log line: `request.POST`, `request.data`, `request.body`, the headers or `META`,
the cookies, the session, `os.environ`, the `cleaned_data` of a form that is not known.

## Why it matters
Whatever a client sends is then in the log: the password of a login, the card number of a payment, the `Authorization` header and the
session cookie of every request. Nobody decided to log them; they came along, and so will the next field somebody adds.

## How to fix it
Log the few values that matter by name. If it has to be many, take them by a list of allowed names; a list of forbidden ones misses the
next one.

## When it is fine
Only chosen keys are taken, the sensitive ones were taken out or overwritten first, or only the names of the fields are logged.
What a query string or the command line holds is in other logs anyway and is shown to the strict audience; so is what is written at
the level of debug messages, which production does not write as a rule, bodies that are only put beside the message (`extra`), whatever is
below the level that production gives the logger, the body of one view that takes nothing sensitive from it by name, what a webhook takes
that proves where it comes from, and reports that browsers send to be logged.
"""

from __future__ import annotations

from collections.abc import Iterator

from leaktight.edit import Desk
from leaktight.flow.events import Arrival
from leaktight.model import Audience, Confidence, Edit, Finding, Safety, Severity
from leaktight.policy import Channel, Safeguard
from leaktight.project import Project
from leaktight.project.environment import words_of
from leaktight.project.symbols import FunctionRef
from leaktight.rules.access import reach_of
from leaktight.rules.api import Example, Rule
from leaktight.rules.bodies import takes_nothing_sensitive
from leaktight.rules.judging import at_least, at_most_medium, is_command, milder
from leaktight.rules.logs.levels import is_left_out
from leaktight.rules.logs.silencing import silence
from leaktight.rules.requests.exemptions import exemptions, proves_itself
from leaktight.source.code import Code, Op, last_name, walk

_WHOLE = {
    "request-body": ("the whole request body is", Severity.HIGH),
    "request-header": ("all request headers, cookies among them, are", Severity.HIGH),
    "cookie": ("all cookies are", Severity.HIGH),
    "environment": ("the whole environment is", Severity.HIGH),
    "session": ("the whole session is", Severity.MEDIUM),
    "form": ("all that was typed into a form is", Severity.MEDIUM),
    "serializer": ("all that was sent to a serializer is", Severity.MEDIUM),
    "request-url": ("the whole query string is", Severity.LOW),
    "command-line": ("the whole command line is", Severity.LOW),
}
"""Where the container came in by → what it holds, and how bad it is when strangers read it."""

_CONTAINERS = {
    "META": "request-header", "headers": "request-header", "COOKIES": "cookie", "POST": "request-body", "data": "request-body",
    "body": "request-body",
}  # fmt: skip
_LOGGING = frozenset(
    {"logging.Formatter", "logging.Filter", "logging.LoggerAdapter", "pythonjsonlogger.jsonlogger.JsonFormatter"}
)

_BODIES = frozenset({"request-body", "form", "serializer"})
"""What one view takes in; headers, sessions and environments bring the same secrets to every view."""
_OF_A_REQUEST = _BODIES | {"request-header", "cookie", "request-url"}
_REPORT = frozenset({"report", "reports", "violation", "violations"})
"""Next to `csp` in the name of a view that browsers send their reports to."""
_IN_OTHER_LOGS = frozenset({"request-url", "command-line"})

rule = Rule(
    __name__,
    severity=Severity.HIGH,
    doubted=True,
    cwe=(532,),
    step="S2",
    channel=Channel.LOG,
    missing=(Safeguard.MASKED,),
    message="{what} {done}",
    remedy="Log only the values that matter, chosen by name.",
    asvs=("16.2.5",),
    examples=(
        Example(
            "A middleware that logs the headers",
            bad={
                "shop/middleware.py": """\
import logging

logger = logging.getLogger(__name__)


class TimingMiddleware:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        logger.info("%s with %s", request.path, dict(request.headers))  # finds: whole-request-in-log
        return self.get_response(request)
"""
            },
            good={
                "shop/middleware.py": """\
import logging

logger = logging.getLogger(__name__)

USEFUL = ("User-Agent", "Accept-Language")


class TimingMiddleware:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        logger.info("%s with %s", request.path, {name: request.headers.get(name) for name in USEFUL})
        return self.get_response(request)
"""
            },
        ),
    ),
)


@rule.flow(Channel.LOG)
def written(arrival: Arrival) -> Iterator[Finding]:
    source = arrival.fact.source
    if arrival.label != "request-data" or source not in _WHOLE or not arrival.fact.state.is_readable:
        return
    if arrival.call.name.startswith("result of "):
        return  # what formatters put into their lines is judged where they do
    what, severity = _WHOLE[source]
    audience = Audience.STRICT if source in _IN_OTHER_LOGS else arrival.audience
    beside = arrival.parameter == "extra"  # most formatters leave out what is only put beside the message
    if source in _BODIES and (beside or arrival.call.name.endswith(".debug") or takes_nothing_sensitive(arrival)):
        audience = at_least(audience, Audience.STRICT)
    if _is_sent_to_be_logged(arrival) or _is_of_a_hook(arrival) or is_left_out(arrival):
        audience = at_least(audience, Audience.STRICT)
    done = "written to the log"
    if arrival.sink.part == "output":
        severity, done = milder(severity), "printed"
        if is_command(arrival.call):
            audience = at_least(audience, Audience.AUDIT)
    yield rule.finding(
        arrival.span,
        label=arrival.label,
        severity=severity,
        confidence=at_most_medium(arrival.confidence) if source in _BODIES else arrival.confidence,
        audience=audience,
        symbol=arrival.call.symbol,
        flow=arrival.flow,
        what=what,
        done=done,
    )


@rule.fix(Safety.SAFE, "take it out of the log")
def silenced(finding: Finding, desk: Desk) -> Iterator[Edit]:
    yield from silence(finding, desk)


@rule.project
def put_into_every_line(project: Project) -> Iterator[Finding]:
    """A formatter or filter of the project that keeps a whole container of the request with the record."""
    program = project.program
    for ref in program.classes():
        if _LOGGING.isdisjoint(program.ancestors(ref)):
            continue
        for index in program.class_(ref).methods.values():
            method = FunctionRef(ref.path, index)
            tests = [code for code in program.pieces(method) if code[0] == Op.IF and _asks_for_attribute(code[2])]
            for code in program.pieces(method):
                source = _kept(code)
                if source is not None:
                    asked_for = any(code is inner for test in tests for inner in walk(test[3]))
                    what, severity = _WHOLE[source]
                    yield rule.finding(
                        project.span(ref.path, code[1]),
                        severity=severity,
                        confidence=Confidence.LOW if asked_for else Confidence.MEDIUM,
                        audience=Audience.STRICT if asked_for else None,
                        symbol=project.symbol(ref.path, method),
                        what=what,
                        done="put into every line of the log",
                    )


def _asks_for_attribute(test: Code) -> bool:
    """`hasattr(request, "data")`: what only some requests have is not in every line."""
    return any(
        code[0] == Op.CALL
        and last_name(code[2]) == "hasattr"
        and len(code[3]) == 2
        and code[3][0][0] in {Op.NAME, Op.ATTR}
        and code[3][0][-1] == "request"
        for code in walk(test)
    )


def _is_of_a_hook(arrival: Arrival) -> bool:
    """Tell what another service sends, which a view takes without the CSRF check and knows by a proof of its own: no visitor's cookie is in it."""
    if arrival.call.function is None or arrival.fact.source not in _OF_A_REQUEST:
        return False
    project = arrival.project
    return any(
        any(True for _ in exemptions(view, project)) and proves_itself(reach_of(project, view, "post"), project.program)
        for view in project.views.of(arrival.call.function)
    )


def _is_sent_to_be_logged(arrival: Arrival) -> bool:
    """Tell the body of a report about the site's policy, which browsers send to be read in the log."""
    function = arrival.call.function
    if function is None or arrival.fact.source != "request-body":
        return False
    words = set(words_of(arrival.project.program.function(function).qualified))
    return "csp" in words and not _REPORT.isdisjoint(words)


def _kept(code: Code) -> str | None:
    """The container of a request in `line["request"] = request.META` and `record.request = dict(request.headers)`."""
    if code[0] != Op.ASSIGN or code[3] is None or not any(target[0] in {Op.ITEM, Op.ATTR} for target in code[2]):
        return None
    value = code[3]
    if value[0] == Op.CALL and value[2][0] == Op.NAME and value[2][2] in {"dict", "str", "repr"} and len(value[3]) == 1:
        value = value[3][0]
    if value[0] != Op.ATTR or value[2][0] not in {Op.NAME, Op.ATTR} or value[2][-1] != "request":
        return None
    return _CONTAINERS.get(value[3])
