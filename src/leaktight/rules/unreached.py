"""Views that no address leads to: routes that were commented out, classes that are left over."""

from __future__ import annotations

from leaktight.model import Span
from leaktight.project import Project
from leaktight.project.symbols import ClassRef
from leaktight.project.views import View
from leaktight.rules.reach import module_statements
from leaktight.source.code import Code, Op, holds, packed, walk
from leaktight.source.roles import is_in_tests

_NAMING = frozenset({Op.NAME, Op.ATTR, Op.CONST})
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
    found = [
        view
        for view in project.views
        if view.path in routed
        and not (view.routes or project.views.is_in_urls(view.name))
        and all(item.name.startswith(_NOT_REGISTERING) for item in view.decorators)
        and not (isinstance(view.ref, ClassRef) and program.subclasses(view.ref))
    ]
    if not found:
        return []
    named = _named(project)
    return [view for view in found if view.name not in named and not _is_in_bodies(project, view)]


def _named(project: Project) -> set[object]:
    """What imports, classes and statements at module level name, apart from definitions."""
    program = project.program
    names: set[object] = set()
    for path, module in program.modules.items():
        if is_in_tests(path):
            continue
        names.update(qualified.rpartition(".")[2] for qualified in (*module.imports.values(), *module.inner_imports.values()))
        codes: list[Code] = [*module_statements(program, path)]
        for cls in module.classes:
            codes += [*cls.bases, *cls.body, *cls.decorators]
        for function in module.functions:
            codes += function.decorators
        names.update(_last(code[-1]) for code in walk(codes) if code[0] in _NAMING)
    return names


def _last(name: object) -> object:
    """`View` of `"shop.views.View"`."""
    return name.rpartition(".")[2] if isinstance(name, str) else name


def _is_in_bodies(project: Project, view: View) -> bool:
    words = packed(view.name)
    return any(
        holds(function.body, words)
        for path, module in project.program.modules.items()
        if not is_in_tests(path)
        for function in module.functions
    )
