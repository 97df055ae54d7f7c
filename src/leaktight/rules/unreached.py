"""Code that nothing leads to: views whose routes were commented out, classes that are left over, modules that nobody imports."""

from __future__ import annotations

import re
from typing import Any

from leaktight.model import Span
from leaktight.project import Project
from leaktight.project.symbols import ClassRef, External, FunctionRef
from leaktight.project.views import View
from leaktight.rules.reach import module_statements
from leaktight.source.code import Code, Module, Op, holds, last_name, packed, walk
from leaktight.source.roles import is_in_tests

_NOT_REGISTERING = ("django.", "rest_framework.")
"""Beginnings of the names of decorators that give a view no address."""


_FOUND_BY_NAME = re.compile(
    r"(?:^|/)(?:__init__|__main__|manage|wsgi|asgi|conftest|setup|fabfile|models?|admins?|apps|urls|tasks|signals|receivers|handlers|hooks|checks|views?|api|viewsets?"
    r"|celery(?:app)?|routing|plugins?|settings?(?:[._]\w+)*|config|conf|schema|middlewares?|backends?|managers?|feeds|sitemaps|search_indexes|translation"
    r"|wagtail_hooks|cms_\w+|context_processors)\.py$"
    r"|(?:^|/)(?:commands|templatetags|settings|config|conf|models|migrations|scripts|bin|tools|plugins|jobs|tasks|cron|functions|lambda)/"
)
"""Files that are run by hand, named in settings, or found by a framework by their names."""
_IMPORTS_BY_NAME = frozenset({"importlib", "pkgutil", "imp", "glob", "stevedore", "pkg_resources", "autodiscover"})
"""Packages by which modules are imported whose names stand nowhere."""


def is_found_by_name(path: str) -> bool:
    """Tell a file that is run, or looked for, without an import of it."""
    return _FOUND_BY_NAME.search(path) is not None


def is_unreached(project: Project, span: Span) -> bool:
    """Tell a place in a view without a route that no other code of the project names, or in a module that nobody imports."""
    if any(first <= span.line <= last for first, last in _places(project).get(span.path, ())):
        return True
    return span.path in project.program.modules and _is_alone(project, span.path)


def _is_alone(project: Project, path: str) -> bool:
    """Tell a module of a site that no other one imports and no text names; where modules are looked for, none is."""
    memo = project.program.memo
    key = ("module alone", path)
    if key not in memo:
        stem = _stem(path)
        memo[key] = (
            any(view.routes for view in project.views)  # else it is not known how this site is put together
            and "/" in path
            and not is_found_by_name(path)
            and stem not in _imported(project)
            and not _looks_for_modules(project, path.partition("/")[0])
            and not project.spoken(
                frozenset(
                    {
                        f".{stem}.",
                        f".{stem}'",
                        f'.{stem}"',
                        f"'{stem}'",
                        f'"{stem}"',
                        f"{stem}:",
                        f".{stem} import",
                    }
                ),
                in_templates=False,
            )
        )
    return bool(memo[key])


def _imported(project: Project) -> frozenset[str]:
    """The parts of all names that files import."""
    memo = project.program.memo
    if "parts imported" not in memo:
        modules = project.program.modules.values()
        names = {name for module in modules for name in (*module.imports.values(), *module.inner_imports.values(), *module.stars)}
        names |= {package for module in modules for package in module.packages}
        memo["parts imported"] = frozenset(part for name in names for part in name.split("."))
    parts: frozenset[str] = memo["parts imported"]
    return parts


def _looks_for_modules(project: Project, top: str) -> bool:
    """Tell a folder some file of which imports modules by names it is given."""
    memo = project.program.memo
    key = ("looks for modules", top)
    if key not in memo:
        memo[key] = any(
            path.startswith(f"{top}/") and not _IMPORTS_BY_NAME.isdisjoint({*module.packages, *_parts(module)})
            for path, module in project.program.modules.items()
        )
    return bool(memo[key])


def _parts(module: Module) -> set[str]:
    return {part for name in module.imports.values() for part in name.split(".")}


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
