"""
## What it finds
Every place where the CSRF check is switched off: `csrf_exempt` on a view or in a URLconf, Flask-WTF's `exempt`, `WTF_CSRF_ENABLED = False` and
`csrf = False` of a form, Pyramid's `require_csrf=False` and `check_origin=False`; and applications of Flask that get no check from anywhere.
Views that check a signature or a key themselves are left out.

## Why it matters
An exemption is taken for one reason and stays when the view does something else. What it opens today is judged by `csrf-missing`; this is the
list of places to look at again.

## How to fix it
Remove the exemption, and send the token along. Where other servers call the view, check their signature.

## When it is fine
Nobody's browser signs in by a cookie there, or the view changes nothing. The rule is for auditors.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from leaktight.flow.events import Call
from leaktight.model import Audience, Confidence, Finding, Severity
from leaktight.policy import Channel, Safeguard
from leaktight.project import Project
from leaktight.project.symbols import FunctionRef
from leaktight.rules.api import Example, NotPossible, Rule
from leaktight.rules.reach import module_statements, reach
from leaktight.rules.requests.exemptions import proves_itself
from leaktight.rules.written import is_off, places, switches
from leaktight.source.code import Code, Module, Op, last_name, walk

rule = Rule(
    __name__,
    severity=Severity.LOW,
    cwe=(352,),
    step="S6",
    channel=Channel.REQUEST_BODY,
    missing=(Safeguard.CSRF,),
    message="the CSRF check is switched off: {what}",
    remedy="Remove the exemption, or check a signature in its place.",
    asvs=("3.5.1",),
    unfixable=NotPossible("who sends the request decides how it proves itself: that is not written in the project"),
    examples=(
        Example(
            "An exemption nobody needs any more",
            bad={
                "shop/views.py": """\
from django.http import HttpResponse
from django.views.decorators.csrf import csrf_exempt


@csrf_exempt  # finds: csrf-exemption
def ping(request):
    return HttpResponse("here")
"""
            },
            good={
                "shop/views.py": """\
from django.http import HttpResponse


def ping(request):
    return HttpResponse("here")
"""
            },
        ),
    ),
)

_PROTECTION = re.compile("csrf", re.IGNORECASE)
_SWITCHES = ("WTF_CSRF_ENABLED", "WTF_CSRF_CHECK_DEFAULT", "require_csrf", "check_origin")
_PACKAGES = frozenset({"flask", "flask_wtf", "quart", "pyramid"})


@rule.project
def exempted(project: Project) -> Iterator[Finding]:
    """Decorators of functions and classes, and calls at module level such as those of a URLconf."""
    program = project.program
    for path in sorted(program.modules):
        module = program.modules[path]
        dotted = path.removesuffix(".py").replace("/", ".")
        for index, function in enumerate(module.functions):
            for code in map(_exemption, function.decorators):
                if code is not None and not proves_itself(reach(program, FunctionRef(path, index)), program):
                    yield _finding(project, path, code, f"{dotted}.{function.qualified}", f"`{function.name}` is exempt")
        for cls in module.classes:
            for code in map(_exemption, cls.decorators):
                if code is not None and not _class_proves_itself(project, path, cls.methods):
                    yield _finding(project, path, code, f"{dotted}.{cls.qualified}", f"`{cls.name}` is exempt")
        if not _PACKAGES.isdisjoint(module.packages):
            for symbol, codes in places(project, path):
                for code in walk(codes):
                    if code[0] == Op.CALL and code[3] and _exemption(code[2]) is not None:
                        yield _finding(project, path, code, symbol, "a view is exempt here")
        if "django" in module.packages:
            for code in walk(module_statements(program, path)):
                if code[0] == Op.CALL and code[3] and last_name(code[2]) == "csrf_exempt":
                    yield _finding(project, path, code, dotted, "a view is exempt here")


def _exemption(decorator: Code) -> Code | None:
    """A decorator that exempts: `@csrf_exempt`, `@method_decorator(csrf_exempt, …)`, Flask-WTF's `@csrf.exempt`."""
    if last_name(decorator) == "csrf_exempt":
        return decorator
    if last_name(decorator) == "exempt" and decorator[0] == Op.ATTR and _PROTECTION.search(last_name(decorator[2])):
        return decorator
    given = decorator[3] if decorator[0] == Op.CALL and last_name(decorator) == "method_decorator" else []
    return decorator if any(last_name(code) == "csrf_exempt" for code in walk(given)) else None


def _class_proves_itself(project: Project, path: str, methods: dict[str, int]) -> bool:
    return any(proves_itself(reach(project.program, FunctionRef(path, index)), project.program) for index in methods.values())


@rule.project
def switched_off(project: Project) -> Iterator[Finding]:
    """Switches of other frameworks."""
    for path in sorted(project.program.modules):
        if _PACKAGES.isdisjoint(project.program.modules[path].packages) and not _is_configuration(path):
            continue
        for switch in switches(project, path, _SWITCHES):
            named = not _PACKAGES.isdisjoint(project.program.modules[path].packages) or switch.name.isupper()
            if is_off(switch.value) and named and "TESTING" not in switch.beside:
                yield rule.finding(
                    switch.span,
                    confidence=Confidence.MEDIUM,
                    audience=Audience.AUDIT,
                    symbol=switch.symbol,
                    what=f"`{switch.name}` is off",
                )


@rule.call("flask.Flask")
def nothing_protects_it(call: Call) -> Iterator[Finding]:
    """An application of Flask, which checks nothing by itself, in a project that takes no protection from anywhere."""
    if not any(_brings_protection(module) for module in call.project.program.modules.values()):
        yield rule.finding(
            call.span,
            confidence=Confidence.LOW,
            audience=Audience.AUDIT,
            symbol=call.symbol,
            message="nothing checks where the requests of this application come from: Flask has no CSRF check of its own",
        )


def _brings_protection(module: Module) -> bool:
    return any(
        _PROTECTION.search(name) or "seasurf" in name.lower()
        for name in (*module.imports.values(), *module.inner_imports.values())
    )


@rule.project
def form_without_a_token(project: Project) -> Iterator[Finding]:
    """A form of Flask-WTF that asks for no token: `class Meta: csrf = False`, `Form(meta={"csrf": False})`, `Form(csrf_enabled=False)`."""
    for path in sorted(project.program.modules):
        if "flask_wtf" not in project.program.modules[path].packages:
            continue
        for symbol, codes in places(project, path):
            for code in walk(codes):
                for value in _told_of_forms(code, in_meta=symbol.endswith(".Meta")):
                    if is_off(value):
                        yield _finding(project, path, value, symbol, "the token of a form is off")


def _told_of_forms(code: Code, *, in_meta: bool) -> list[Code]:
    match code:
        case [Op.ASSIGN, int(), [[Op.NAME, int(), "csrf"]], value, *_] if in_meta:
            return [value]
        case [Op.CALL, int(), _, _, [*keywords]]:
            metas = [value for name, value in keywords if name == "meta" and value[0] == Op.DICT]
            inner = [
                value for meta in metas for key, value in meta[2] if key is not None and key[0] == Op.CONST and key[2] == "csrf"
            ]
            return [*(value for name, value in keywords if name == "csrf_enabled"), *inner]
        case _:
            return []


def _is_configuration(path: str) -> bool:
    return re.search(r"(config|settings)\w*(/\w+)?\.py$", path) is not None


def _finding(project: Project, path: str, code: Code, symbol: str, what: str) -> Finding:
    return rule.finding(project.span(path, code[1]), confidence=Confidence.LOW, audience=Audience.AUDIT, symbol=symbol, what=what)
