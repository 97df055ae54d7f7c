"""Repairs of decorators that stand where they do nothing, or harm: they are put where Django sees them."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from leaktight.edit import Definition, Desk, NotPossible, PythonDocument, give
from leaktight.edit.decorators import last_part
from leaktight.model import Edit, Finding
from leaktight.rules.errors.masking import DECORATOR


def apply_well(finding: Finding, desk: Desk) -> Iterator[Edit]:
    """Put the decorator a finding is about where it protects."""
    document = desk.python(finding.span.path)
    node, decorator = _decorated(document, finding)
    if "only the innermost" in finding.message:
        yield from _merged(document, node, decorator)
    elif "no effect on a method" in finding.message:
        yield _deleted(document, decorator)
    elif "needs `name=`" in finding.message:
        assert isinstance(decorator, ast.Call)  # the rule speaks of calls of `method_decorator`
        yield document.add_argument(decorator, f"name={document.quoted('dispatch')}")
    else:
        wrap, imported = document.imports.need("django.utils.decorators", "method_decorator")
        yield from imported
        start, end = document.place(decorator)
        where = f", name={document.quoted('dispatch')}" if isinstance(node, ast.ClassDef) else ""
        yield document.insert(start, f"{wrap}(")
        yield document.insert(end, f"{where})")


def _decorated(document: PythonDocument, finding: Finding) -> tuple[Definition, ast.expr]:
    place = document.range_of(finding.span)
    for node in document.every(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef):
        for decorator in node.decorator_list:
            if document.place(decorator) == place:
                return node, decorator
    raise NotPossible("the decorator is not where the finding is")


def _merged(document: PythonDocument, node: Definition, decorator: ast.expr) -> Iterator[Edit]:
    """Give the names to the innermost decorator of the kind, which is the one that counts."""
    calls = {given: _masking(given) for given in node.decorator_list}
    kept = [call for call in calls.values() if call is not None][-1]
    own = calls[decorator]
    if own is None or own is kept or not all(isinstance(argument, ast.Constant) for argument in [*own.args, *kept.args]):
        raise NotPossible("what it masks is not written out")
    present = {argument.value for argument in kept.args if isinstance(argument, ast.Constant)}
    missing = [document.source(item) for item in own.args if isinstance(item, ast.Constant) and item.value not in present]
    if missing:
        yield give(document, node, kept, missing)
    yield _deleted(document, decorator)


def _masking(decorator: ast.expr) -> ast.Call | None:
    found = (node for node in ast.walk(decorator) if isinstance(node, ast.Call) and last_part(node.func) == DECORATOR)
    return next(found, None)


def _deleted(document: PythonDocument, decorator: ast.expr) -> Edit:
    start, end = document.place(decorator)
    first, last = document.line_of(start), document.line_of(end)
    return document.edit(document.line_start(first), document.line_start(last + 1), "")
