"""
## What it finds
A function that keeps a password, a key or a card number in a parameter or a local variable, and is not under `sensitive_variables`, in a
project whose error reports show local variables.

## Why it matters
`AdminEmailHandler` with `include_html` mails Django's debug page for every error: all local variables of all functions on the way to it.
The password of whoever was there at that moment is then in the mailboxes of all `ADMINS`. The decorator of the view does not help: Django
masks function by function.

## How to fix it
Put `@sensitive_variables("password")` on the function, or take `include_html` out of `LOGGING`.

## When it is fine
The function, or each function of the project that calls it, is under `sensitive_variables`. Where no handler mails the debug page nothing
is reported: a mail in plain text holds no local variables. What an operator runs by hand is not reported either.

A function that only compares and measures what it holds, and raises nothing but a `ValidationError`, makes no report.

For the strict only: a function that is not given the request and is no method of a form, a serializer, a view, a login backend or a
middleware. It may run for a visitor, for a task or for nobody.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from leaktight.edit import Desk, Written, decorate
from leaktight.model import Audience, Edit, Finding, Safety, Severity, Span, Step
from leaktight.policy import Channel, Safeguard
from leaktight.project import Project
from leaktight.project.posted import secret_label
from leaktight.project.symbols import ClassRef, FunctionRef
from leaktight.rules.api import Example, Rule
from leaktight.rules.errors.masking import definition, require_async
from leaktight.rules.judging import heading, is_run_by_hand
from leaktight.source.code import Code, Function, Op, Parameter, last_name

_DECORATOR = "sensitive_variables"
_FOR_VISITORS = ("Form", "Serializer", "View", "ViewSet", "Backend", "Middleware", "MiddlewareMixin")
"""Endings of the names of classes from outside whose methods run within a request."""

_TAKEN = frozenset({"ValidationError"})
_HARMLESS = frozenset(
    {"get", "len", "str", "bool", "strip", "lower", "upper", "isinstance", "super", "_", "gettext", "gettext_lazy", "ngettext"}
)
"""What fails on nothing a visitor may send: texts, lengths, an entry of the cleaned data."""

rule = Rule(
    __name__,
    severity=Severity.MEDIUM,
    cwe=(209, 532),
    step="S2",
    channel=Channel.ERROR_REPORT,
    missing=(Safeguard.MASKED,),
    message="error reports show the local variable `{name}` of this function",
    remedy="Put `@sensitive_variables` with the names of the variables on the function.",
    asvs=("16.5.1", "16.2.5"),
    examples=(
        Example(
            "A handler that mails local variables",
            bad={
                "shop/settings.py": """\
DEBUG = False
ADMINS = [("Operations", "ops@harbour-goods.com")]
LOGGING = {
    "version": 1,
    "handlers": {"mail": {"class": "django.utils.log.AdminEmailHandler", "include_html": True}},
    "root": {"handlers": ["mail"]},
}
""",
                "shop/wsgi.py": """\
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
application = get_wsgi_application()
""",
                "shop/directory.py": """\
from shop.clients import bind


def sign_in(name: str, password: str) -> bool:  # finds: unmasked-variables
    return bind(name, password)
""",
            },
            good={
                "shop/directory.py": """\
from django.views.decorators.debug import sensitive_variables

from shop.clients import bind


@sensitive_variables("password")
def sign_in(name: str, password: str) -> bool:
    return bind(name, password)
""",
            },
        ),
    ),
)


@rule.project
def unmasked(project: Project) -> Iterator[Finding]:
    mailed = _mailed_in_full(project)
    if mailed is None:
        return
    callers = _callers(project)
    for ref in project.program.functions():
        function = project.program.function(ref)
        if function.nested or is_run_by_hand(ref.path):
            continue
        held = _held(project, function)
        if held is None or _is_masked(project, ref) or _masked_by_callers(project, ref, callers):
            continue
        name, label = held
        yield rule.finding(
            heading(project, ref.path, function.span, function.name),
            label=label,
            audience=Audience.DEFAULT if _serves_requests(project, function, ref.path) else Audience.STRICT,
            symbol=f"{ref.path.removesuffix('.py').replace('/', '.')}.{function.qualified}",
            related=(Step(mailed, "mails reports with local variables"),),
            name=name,
        )


@rule.fix(Safety.SAFE, "put `sensitive_variables` around the function")
def masked(finding: Finding, desk: Desk) -> Iterator[Edit]:
    program = desk.project.program
    for ref in program.functions():
        function = program.function(ref)
        if ref.path == finding.span.path and finding.symbol.endswith(f".{function.qualified}"):
            node = definition(ref, desk)
            if isinstance(node, ast.AsyncFunctionDef):
                require_async(desk)
            document = desk.python(ref.path)
            name, imported = document.imports.need("django.views.decorators.debug", _DECORATOR)
            yield from imported
            body = msgspec.msgpack.decode(function.body) if function.body else []
            names = dict.fromkeys(name for name, _ in _all_held(desk.project, function, body))
            yield decorate(document, node, Written(name, [document.quoted(item) for item in names]))
            return


def _held(project: Project, function: Function) -> tuple[str, str] | None:
    """The first secret a function keeps while it calls something that may fail, with its label."""
    body = msgspec.msgpack.decode(function.body) if function.body else []
    held = next(_all_held(project, function, body), None)
    return held if held is not None and any(_may_fail(code) for code in body) else None


def _all_held(project: Project, function: Function, body: list[Code]) -> Iterator[tuple[str, str]]:
    """The names of the secrets a function keeps, with their labels."""
    for parameter in function.parameters:
        if (
            parameter.kind in {"positional", "keyword"}
            and not _is_switch(parameter)
            and (label := secret_label(project, parameter.name))
        ):
            yield parameter.name, label
    for code in body:
        if code[0] == Op.ASSIGN and code[3] is not None and code[3][0] in {Op.ITEM, Op.CALL, Op.ATTR}:
            for target in code[2]:
                if target[0] == Op.NAME and (label := secret_label(project, target[2])):
                    yield target[2], label


def _is_switch(parameter: Parameter) -> bool:
    """Tell a parameter that is on or off: `new_password=False` asks whether there is one."""
    default, annotation = parameter.default, parameter.annotation
    return (default is not None and default[0] == Op.CONST and isinstance(default[2], bool)) or (
        annotation is not None and last_name(annotation) == "bool"
    )


def _serves_requests(project: Project, function: Function, path: str) -> bool:
    """Tell a function that runs for a visitor, as it is given the request or is a method of a form, a serializer or a view."""
    if any(parameter.name == "request" for parameter in function.parameters):
        return True
    if function.owner < 0:
        return False
    names = {name.rpartition(".")[2] for name in project.program.ancestors(ClassRef(path, function.owner))}
    return any(name.endswith(_FOR_VISITORS) for name in names)


def _may_fail(code: Any) -> bool:
    """Tell whether anything inside calls what may fail, or raises what nobody takes: a form takes its `ValidationError`."""
    if not isinstance(code, list):
        return False
    is_code = len(code) > 1 and isinstance(code[0], int) and isinstance(code[1], int)
    if is_code and code[0] == Op.RAISE and code[2] is not None and last_name(code[2]) in _TAKEN:
        return False
    if is_code and code[0] == Op.CALL and last_name(code[2]) in _HARMLESS:
        return any(_may_fail(inner) for inner in (*code[2][2:], code[3], code[4]))
    return (is_code and code[0] in {Op.CALL, Op.RAISE}) or any(_may_fail(inner) for inner in code)


def _is_masked(project: Project, ref: FunctionRef) -> bool:
    return any(item.name.rpartition(".")[2] == _DECORATOR for item in project.views.of_function(ref))


def _callers(project: Project) -> Mapping[str, list[FunctionRef]]:
    """Name of a function or method → the functions that call something of that name."""
    table: dict[str, list[FunctionRef]] = {}
    for ref in project.program.functions():
        for name in project.program.function(ref).names:
            table.setdefault(name, []).append(ref)
    return table


def _masked_by_callers(project: Project, ref: FunctionRef, callers: Mapping[str, list[FunctionRef]]) -> bool:
    """Django applies the nearest decorator above a function as well, so that helpers of masked functions are masked."""
    found = callers.get(project.program.function(ref).name, [])
    return bool(found) and all(_is_masked(project, caller) for caller in found)


def _mailed_in_full(project: Project) -> Span | None:
    """Where `LOGGING` has a handler that mails the debug page; None when it has none."""
    logging = project.setting("LOGGING")
    if logging is None or not isinstance(logging.value, dict) or logging.span is None:
        return None
    handlers = logging.value.get("handlers")
    for handler in handlers.values() if isinstance(handlers, dict) else ():
        if (
            isinstance(handler, dict)
            and handler.get("include_html") is True
            and str(handler.get("class")).endswith("AdminEmailHandler")
        ):
            return logging.span
    return None
