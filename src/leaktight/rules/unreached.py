"""Views that no address leads to: routes that were commented out, classes that are left over."""

from __future__ import annotations

from typing import Any

from leaktight.model import Span
from leaktight.project import Project
from leaktight.project.symbols import ClassRef, External, FunctionRef
from leaktight.project.views import View
from leaktight.rules.reach import module_statements
from leaktight.source.code import Code, Op, holds, last_name, packed, walk
from leaktight.source.roles import is_in_tests

_NOT_REGISTERING = ("django.", "rest_framework.")
"""Beginnings of the names of decorators that give a view no address."""


def is_unreached(project: Project, span: Span) -> bool:
    """Tell a place in a view without a route that no other code of the project names."""
    return any(first <= span.line <= last for first, last in _places(project).get(span.path, ()))


def _places(project: Project) -> dict[str, list[tuple[int, int]]]:
    """First and last lines of such views, by file."""
    memo = project.program.memo
    known: dict[str, list[tuple[int, int]]] | None = memo.get("places nobody gets to")
    if known is None:
        known = memo["places nobody gets to"] = {}
        for view in _left_over(project):
            span = project.span(view.path, view.span)
            known.setdefault(view.path, []).append((span.line, span.end_line))
    return known


def _left_over(project: Project) -> list[View]:
    """Views beside others of their file that have routes, so that it is known how this file's views get theirs."""
    program = project.program
    routed = {view.path for view in project.views if view.routes}
    found = {
        view.ref: view
        for view in project.views
        if view.path in routed
        and not view.routes
        and all(item.name.startswith(_NOT_REGISTERING) for item in view.decorators)
        and not (isinstance(view.ref, ClassRef) and program.subclasses(view.ref))
    }
    for path in program.modules:
        if not found:
            break
        if not is_in_tests(path):
            for ref in _named_in(project, path, found):
                found.pop(ref, None)
    return list(found.values())


def _named_in(project: Project, path: str, views: dict[Any, View]) -> set[Any]:
    """The views that the code of a file may mean: by their names, by a text that ends like their place, by a module that is not known."""
    program, module = project.program, project.program.modules[path]
    names = {view.name for view in views.values()}
    words = packed(*names)
    codes: list[Code] = [*module_statements(program, path)] if holds(module.body, words) else []
    for cls in module.classes:
        codes += [*cls.bases, *cls.body, *cls.decorators]
    for index, function in enumerate(module.functions):
        codes += function.decorators
        if holds(function.body, words):
            codes += program.pieces(FunctionRef(path, index))
    found: set[Any] = set()
    for code in walk(codes):
        if code[0] == Op.CONST and isinstance(code[2], str) and "." in code[2]:
            found |= {ref for ref, view in views.items() if code[2].endswith(f"{_stem(view.path)}.{view.name}")}
        elif code[0] in {Op.NAME, Op.ATTR} and code[-1] in names:
            symbol = program.resolve_code(code, path)
            unknown = (
                (symbol is None or isinstance(symbol, External)) and code[0] == Op.ATTR and last_name(code[2]).endswith("views")
            )
            found |= {ref for ref, view in views.items() if ref == symbol or (unknown and view.name == code[-1])}
    return found


def _stem(path: str) -> str:
    return path.rpartition("/")[2].removesuffix(".py")
