"""
## What it finds
A new `SessionStore()` that a view fills and saves, while its key goes nowhere: not into `request.session`, not into a cookie, not into the
answer, and not to anybody who calls the function.

## Why it matters
The data is saved and lost at once: no browser learns the key, so no later request finds it. A page that should read a secret from the
session finds nothing, and people repair that by sending the secret to the browser after all. The orphaned session lies in the table, with
what is in it, until it is cleared.

## How to fix it
Write to the session of the request: `request.session["name"] = value`. Django makes its key, saves it and sends the cookie.

## When it is fine
The key is used: it is put into a cookie, stored with the account, sent on, or was given (`SessionStore(session_key=…)`). Commands, tasks
and tests may make sessions as they like.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from leaktight.edit import Desk, NotPossible
from leaktight.model import Confidence, Edit, Finding, Safety, Severity
from leaktight.policy import Channel, Safeguard
from leaktight.project import Project
from leaktight.project.symbols import FunctionRef
from leaktight.rules.api import Example, Rule
from leaktight.rules.judging import is_run_by_hand
from leaktight.rules.reach import statements
from leaktight.source.code import Code, Op, walk

rule = Rule(
    __name__,
    severity=Severity.MEDIUM,
    cwe=(922, 613),
    step="S5",
    channel=Channel.SESSION,
    missing=(Safeguard.SERVER_SIDE,),
    message="what is put into the new session `{name}` is saved under a key that nobody learns",
    remedy="Write to `request.session` instead of a new `SessionStore()`.",
    asvs=("7.2.1", "14.2.7"),
    examples=(
        Example(
            "A session of its own",
            bad={
                "shop/views.py": """\
from django.contrib.sessions.backends.db import SessionStore
from django.shortcuts import redirect


def start(request):
    store = SessionStore()  # finds: orphan-session
    store["basket"] = request.POST.getlist("item")
    store.save()
    return redirect("basket")
"""
            },
            good={
                "shop/views.py": """\
from django.shortcuts import redirect


def start(request):
    request.session["basket"] = request.POST.getlist("item")
    return redirect("basket")
"""
            },
        ),
    ),
)

_MAKER = "SessionStore"
_SAVING = frozenset({"save", "create", "asave", "acreate"})
_OWN_BUSINESS = frozenset(
    {"update", "set_expiry", "setdefault", "get", "flush", "cycle_key", "clear", "set_test_cookie", "pop", "items", "keys"}
)


@rule.project
def saved_and_lost(project: Project) -> Iterator[Finding]:
    for ref in project.program.functions():
        function = project.program.function(ref)
        module = project.program.modules[ref.path]
        known = _MAKER in module.imports or _MAKER in module.assigned or _MAKER in function.names
        if known and not is_run_by_hand(ref.path) and _answers_requests(project, ref):
            for name, made in _lost(statements(project.program, ref)):
                yield rule.finding(
                    project.span(ref.path, made[1]),
                    confidence=Confidence.HIGH,
                    symbol=f"{ref.path.removesuffix('.py').replace('/', '.')}.{function.qualified}",
                    name=name,
                )


def _answers_requests(project: Project, ref: FunctionRef) -> bool:
    parameters = project.program.function(ref).parameters
    return bool(project.views.of(ref)) or any(parameter.name == "request" for parameter in parameters)


def _lost(body: list[Code]) -> Iterator[tuple[str, Code]]:
    """New stores that are written and saved, with every use of them in sight and none that tells the key."""
    for code in walk(body):
        if (
            code[0] == Op.ASSIGN
            and code[3] is not None
            and _is_new_store(code[3])
            and [target[0] for target in code[2]] == [Op.NAME]
        ):
            name = code[2][0][2]
            uses = list(_uses(body, name, code))
            if "escapes" not in uses and "written" in uses and "saved" in uses:
                yield name, code


def _is_new_store(code: Code) -> bool:
    called = code[2] if code[0] == Op.CALL else []
    if not called or called[0] not in {Op.NAME, Op.ATTR} or called[-1] != _MAKER:
        return False
    given = [*code[3], *(value for key, value in code[4] if key in {"session_key", None})]
    return all(item[0] == Op.CONST and item[2] is None for item in given)


def _uses(code: object, name: str, made: Code) -> Iterator[str]:
    """How a name is used: `written`, `saved`, or `escapes` when it is handed on or its key is read."""
    if not isinstance(code, list) or code is made:
        return
    if _is(code, Op.CALL) and _is(code[2], Op.ATTR) and _names(code[2][2], name):
        method = code[2][3]
        yield "saved" if method in _SAVING else "written" if method in {"update", "setdefault"} else ""
        if method not in _SAVING | _OWN_BUSINESS:
            yield "escapes"
        yield from _uses(code[3], name, made)
        yield from _uses(code[4], name, made)
    elif _is(code, Op.ASSIGN) and any(_is(target, Op.ITEM) and _names(target[2], name) for target in code[2]):
        yield "written"
        yield from _uses(code[3], name, made)
    elif _is(code, Op.ITEM) and _names(code[2], name):
        yield from _uses(code[3], name, made)
    elif _is(code, Op.ATTR) and _names(code[2], name):
        yield "" if code[3] in {"modified", "accessed"} else "escapes"
    elif _names(code, name):
        yield "escapes"
    else:
        for inner in code:
            yield from _uses(inner, name, made)


def _is(code: object, op: int) -> bool:
    return isinstance(code, list) and len(code) > 2 and code[0] == op and isinstance(code[1], int)


def _names(code: object, name: str) -> bool:
    return _is(code, Op.NAME) and code[2] == name  # type: ignore[index]


@rule.fix(Safety.UNSAFE, "write to `request.session`", "what is kept reaches the visitor's next request, which it never did")
def in_the_request(finding: Finding, desk: Desk) -> Iterator[Edit]:
    document = desk.python(finding.span.path)
    made = document.at(finding.span, ast.Assign)
    function = document.at(finding.span, ast.FunctionDef, ast.AsyncFunctionDef)
    if not (isinstance(made, ast.Assign) and isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)):
        raise NotPossible("the store is not made by a plain assignment")
    if not isinstance(made.targets[0], ast.Name):
        raise NotPossible("the store is not made by a plain assignment")
    request = _request_of(function)
    name = made.targets[0].id
    saved = [node for node in ast.walk(function) if isinstance(node, ast.Expr) and _saves(node.value, name)]
    gone = {inner for statement in (made, *saved) for inner in ast.walk(statement)}
    for statement in (made, *saved):
        yield document.delete(statement)
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and node.id == name and node not in gone:
            yield document.replace(node, f"{request}.session")
    yield from document.imports.unneed("SessionStore")


def _request_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    """How the function writes the request."""
    names = [argument.arg for argument in [*function.args.posonlyargs, *function.args.args]]
    if "request" in names:
        return "request"
    if names[:1] == ["self"]:
        return "self.request"
    raise NotPossible("the function has no request at hand")


def _saves(code: ast.expr, name: str) -> bool:
    """`store.save()`, which `request.session` does by itself."""
    return (
        isinstance(code, ast.Call)
        and isinstance(code.func, ast.Attribute)
        and code.func.attr in _SAVING
        and isinstance(code.func.value, ast.Name)
        and code.func.value.id == name
    )
