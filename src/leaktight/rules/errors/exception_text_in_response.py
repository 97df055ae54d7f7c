"""
## What it finds
The text of an exception, a traceback or what the database said, in what a visitor gets: the body of a response, a flash message, the
reason phrase, or an exception that the API framework turns into an answer.

## Why it matters
Such texts are written for developers. They name files, tables, hosts and library versions, quote SQL, and hold whatever the failing call
was given: a URL with a key in it, a connection string, the row of another customer. Attackers make things fail on purpose to read them.

## How to fix it
Log it with `logger.exception()` and answer with a fixed sentence, and with an id by which the log entry is found.

## When it is fine
The exception is made for users: a validation error, `Http404`, an exception class of the project that is raised with fixed texts only.

First comes a traceback, and whatever a catch-all answers to people who did not sign in and bring no key: of the texts that only people
with an account read, those who looked at such findings on real projects left three of four as they were. These are for the strict, and so are:
classes such as `ValueError`, a parser's error or a mail server's, and an `IntegrityError`, whose text is as often a sentence about what the
visitor sent; a catch-all around a function of the project that raises `Exception` with a sentence of its own, which is meant to be read;
whatever is raised where the code only reads or validates what it is given, or tries something out because somebody asked whether it works
(`test_smtp`, `check_connection`); what a request to a public address raises that the code writes out, with no secret in its query;
`error.message`, which the classes of the language do not have; and even the tracebacks of views that only administrators, or holders of a
permission somebody gave them, get to. Auditors alone see an exception that is put into JSON as it is: no encoder takes it, and the answer is the
general one of an error.
"""

from __future__ import annotations

from collections.abc import Iterator

from leaktight.edit import Desk
from leaktight.flow.caught import Caught
from leaktight.flow.events import Arrival
from leaktight.flow.value import Value, all_facts
from leaktight.model import Audience, Confidence, Edit, Finding, Safety, Severity
from leaktight.policy import Channel, Safeguard
from leaktight.project.symbols import ClassRef
from leaktight.rules.administrators import is_for_administrators, is_in_admin
from leaktight.rules.api import Example, Rule
from leaktight.rules.errors.withholding import withhold
from leaktight.rules.judging import at_least, at_most_medium
from leaktight.rules.permitted import is_for_anybody, is_for_permitted

_ANSWERS = ("rest_framework.exceptions.", "rest_framework.serializers.", "ninja.errors.", "graphql.")
"""Beginnings of the names of exceptions that a framework turns into an answer with their text."""

_SHOWN = {"flash": "shown as a message", "form": "shown by the form"}
"""Parts of a page that show a text as it is."""
_WRITE_JSON = frozenset({"django.http.JsonResponse", "rest_framework.response.Response"})
"""Answers whose encoder does not know exceptions: one that is put in as it is makes it fail."""
_LOOKING = frozenset({"validate", "validator", "clean"})
"""First words of the names of functions that look at what a visitor sent."""
_READING = frozenset({"parse", "to_internal_value", "run_validation"})

_FORM_ERRORS = ("django.forms.", "django.core.exceptions.ValidationError")

rule = Rule(
    __name__,
    severity=Severity.MEDIUM,
    doubted=True,
    cwe=(209,),
    step="S2",
    channel=Channel.RESPONSE_BODY,
    missing=(Safeguard.MASKED,),
    message="{what} is {shown}",
    remedy="Log the exception and answer with a fixed text.",
    asvs=("16.5.1",),
    mended_at_origin=True,
    examples=(
        Example(
            "Whatever went wrong",
            bad={
                "shop/views.py": """\
from django.http import JsonResponse

from shop.models import Article


def articles(request):
    try:
        return JsonResponse({"articles": list(Article.objects.values("id", "title"))})
    except Exception as error:
        return JsonResponse({"error": str(error)}, status=500)  # finds: exception-text-in-response
"""
            },
            good={
                "shop/views.py": """\
import logging

from django.http import JsonResponse

from shop.models import Article

logger = logging.getLogger(__name__)


def articles(request):
    try:
        return JsonResponse({"articles": list(Article.objects.values("id", "title"))})
    except Exception:
        logger.exception("articles")
        return JsonResponse({"error": "Please try again later."}, status=500)
"""
            },
        ),
    ),
)


@rule.flow(Channel.RESPONSE_BODY, Channel.PAGE)
def answered(arrival: Arrival) -> Iterator[Finding]:
    if arrival.label != "error-detail" or (arrival.channel is Channel.PAGE and arrival.sink.part not in _SHOWN):
        return
    if arrival.sink.part == "form":
        yield _finding(arrival, _SHOWN["form"], at_least(arrival.audience, Audience.STRICT))
    else:
        yield _finding(arrival, _SHOWN.get(arrival.sink.part, "in the response"), arrival.audience)


@rule.flow(Channel.EXCEPTION_TEXT)
def answered_by_framework(arrival: Arrival) -> Iterator[Finding]:
    if arrival.label != "error-detail":
        return
    kind = arrival.value.type
    name = kind if isinstance(kind, str) else _outside(arrival, kind)
    if name.startswith(_ANSWERS):
        audience = at_least(arrival.audience, Audience.STRICT) if _is_about_what_was_sent(arrival, name) else arrival.audience
        yield _finding(arrival, "answered by the framework", audience)
    elif name.startswith(_FORM_ERRORS):
        yield _finding(arrival, "shown by the form", at_least(arrival.audience, Audience.STRICT))


@rule.fix(
    Safety.UNSAFE,
    "log the exception and answer a fixed sentence",
    "visitors read a fixed sentence; what went wrong is in the log alone",
)
def withheld(finding: Finding, desk: Desk) -> Iterator[Edit]:
    yield from withhold(finding, desk)


def _is_about_what_was_sent(arrival: Arrival, name: str) -> bool:
    """Tell the text of whatever failed while code looked at what the visitor sent, as validation and parsers do."""
    if arrival.fact.word != "exception":
        return False  # a class that only the system or a database raises
    function = arrival.call.function
    if function is None:
        return False
    called = arrival.project.program.function(function).name.strip("_")
    return called.partition("_")[0] in _LOOKING or (called in _READING and name.endswith("ParseError"))


def _outside(arrival: Arrival, kind: object) -> str:
    """The framework's exception that a class of the project is one of."""
    if isinstance(kind, ClassRef):
        for name in sorted(arrival.project.program.ancestors(kind)):
            if name.startswith(_ANSWERS):
                return name
    return ""


def _finding(arrival: Arrival, shown: str, audience: Audience) -> Finding:
    is_traceback = arrival.fact.source != "exception"
    sure = at_most_medium(arrival.confidence)
    function = arrival.call.function
    if (
        _is_for_administrators(arrival)
        or is_for_permitted(arrival.project, function)
        or not (is_traceback or is_for_anybody(arrival.project, function))
    ):
        audience = at_least(audience, Audience.STRICT)
    if arrival.call.name in _WRITE_JSON and _is_as_it_is(arrival.value):
        audience = at_least(audience, Audience.AUDIT)
    return rule.finding(
        arrival.span,
        label=arrival.label,
        channel=arrival.channel,
        severity=Severity.LOW if sure is Confidence.LOW or arrival.channel is Channel.PAGE else None,
        confidence=sure,
        audience=audience,
        symbol=arrival.call.symbol,
        flow=arrival.flow,
        what="a traceback" if is_traceback else "the text of an exception",
        shown=shown,
    )


def _is_as_it_is(value: Value) -> bool:
    """Tell an exception that nobody made a text of; a part of it, such as `args`, is none."""
    if any(fact.label == "error-detail" for fact in value.facts):
        return isinstance(value.origin, Caught)
    telling = [inner for inner in (value.fields or {}).values() if any(fact.label == "error-detail" for fact in all_facts(inner))]
    return bool(telling) and all(map(_is_as_it_is, telling))


def _is_for_administrators(arrival: Arrival) -> bool:
    """Tell a text that only administrators read: where it comes from, or where it leaves, is for them."""
    paths = {arrival.call.path, *(step.span.path for step in arrival.flow[:1])}
    return any(map(is_in_admin, paths)) or is_for_administrators(arrival.project, arrival.call.function)
