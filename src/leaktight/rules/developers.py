"""What only developers get: views routed only with `DEBUG` on, their pages, and classes that only settings of developers name."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator

from leaktight.model import Span
from leaktight.project import Project
from leaktight.project.environment import Environment, environment_of, words_of
from leaktight.project.symbols import ClassRef, FunctionRef, ModuleRef
from leaktight.project.views import with_debug
from leaktight.rules.pages.handling import by_template
from leaktight.rules.reach import module_statements
from leaktight.rules.transport.enforcement import is_public
from leaktight.source.code import Code, Op, holds, packed, walk
from leaktight.source.roles import is_in_tests

_NAMING = frozenset({Op.NAME, Op.ATTR, Op.CONST})
_SETTINGS = frozenset({"settings", "setting", "config", "configs", "conf"})
_DOTTED = re.compile(r"[A-Za-z_]\w*(?:\.\w+)+")


def is_for_developers(project: Project, span: Span) -> bool:
    """Tell a place in code that runs on the machines of developers only, or in a page that only such code shows."""
    if span.path in project.program.modules:
        return any(first <= span.line <= last for first, last in _places(project).get(span.path, ()))
    template = project.templates.at(span.path)
    if template is None:
        return False
    shown_by = by_template(project).get(template.name, []) if any(map(project.views.is_with_debug, project.views)) else []
    return (bool(shown_by) and all(map(project.views.is_with_debug, shown_by))) or _is_named_with_debug(project, template.name)


def _is_named_with_debug(project: Project, name: str) -> bool:
    """`if settings.DEBUG: urlpatterns += [path("styles/", TemplateView.as_view(template_name="styles.html"))]`, and nothing else names it."""
    words, found = packed(name), False
    for path, module in project.program.modules.items():
        if is_in_tests(path):
            continue
        if any(holds(function.body, words) for function in module.functions) or name in _names_of_definitions(project, path):
            return False
        if holds(module.body, words):
            body = module_statements(project.program, path)
            if sum(_is_text(code, name) for code in walk(body)) > sum(_is_text(code, name) for code in with_debug(body)):
                return False
            found = True
    return found


def _is_text(code: Code, text: str) -> bool:
    return bool(code[0] == Op.CONST and code[2] == text)


def _places(project: Project) -> dict[str, list[tuple[int, int]]]:
    """First and last lines of what only developers get, by file."""
    memo = project.program.memo
    known: dict[str, list[tuple[int, int]]] | None = memo.get("places for developers")
    if known is None:
        known = memo["places for developers"] = {}
        views = [view.ref for view in project.views if project.views.is_with_debug(view)]
        for ref in (*views, *_named_by_developers(project)):
            known.setdefault(ref.path, []).append(_lines(project, ref))
    return known


def _lines(project: Project, ref: FunctionRef | ClassRef | ModuleRef) -> tuple[int, int]:
    program = project.program
    if isinstance(ref, ModuleRef):
        return 1, sys.maxsize
    definition = program.function(ref) if isinstance(ref, FunctionRef) else program.class_(ref)
    spans = [project.span(ref.path, packed) for packed in (definition.span, *(code[1] for code in definition.decorators))]
    return min(span.line for span in spans), spans[0].end_line


def _named_by_developers(project: Project) -> Iterator[ClassRef | ModuleRef]:
    """Classes of the project that settings of developers name in a text, and no other code names at all.

    So are modules, as a URLconf of theirs, when their name says as well whom they are for.
    """
    program = project.program
    public = {settings.path for settings in project.settings if is_public(settings)}
    apart = {path for path in program.modules if path not in public and _is_of_developers(path)}
    importers = _importers(project) if apart else {}
    apart = {path for path in apart if importers.get(path, set()) <= apart}
    found: dict[ClassRef, str] = {}
    for path in apart:
        for text in _texts(project, path):
            symbol = program.resolve_qualified(text, path)
            if isinstance(symbol, ClassRef):
                found[symbol] = text
            elif isinstance(symbol, ModuleRef) and environment_of(text.rpartition(".")[2]) is Environment.DEVELOPMENT:
                if importers.get(symbol.path, set()) <= apart:
                    yield symbol
    for path in program.modules:
        if found and path not in apart and not is_in_tests(path):
            named = _names_of_definitions(project, path)
            for ref, text in tuple(found.items()):
                if _names(project, path, ref, text, named):
                    del found[ref]
    yield from found


def _is_of_developers(path: str) -> bool:
    """Tell by its path a file of settings for the machines of developers."""
    folders, _, name = path.removesuffix(".py").rpartition("/")
    words = {word for part in (*folders.split("/")[-1:], name) for word in words_of(part)}
    return not words.isdisjoint(_SETTINGS) and environment_of(name) is Environment.DEVELOPMENT


def _texts(project: Project, path: str) -> set[str]:
    texts = {
        code[2] for code in walk(module_statements(project.program, path)) if code[0] == Op.CONST and isinstance(code[2], str)
    }
    return {text for text in texts if _DOTTED.fullmatch(text)}


def _importers(project: Project) -> dict[str, set[str]]:
    """The files that import something of a file."""
    found: dict[str, set[str]] = {}
    for path, module in project.program.modules.items():
        for qualified in (*module.imports.values(), *module.inner_imports.values(), *module.stars):
            target = project.program.resolve_qualified(qualified, path)
            if isinstance(target, ModuleRef | FunctionRef | ClassRef):
                found.setdefault(target.path, set()).add(path)
    return found


def _names(project: Project, path: str, ref: ClassRef, text: str, named: set[object]) -> bool:
    """Tell whether a file names a class, by its name or in a text; `named` is what its imports and classes name."""
    module = project.program.modules[path]
    name = project.program.class_(ref).name
    if name in named or text in named:
        return True
    words = packed(name, text)
    if any(holds(function.body, words) for function in module.functions):
        return True
    # Its own file has the name of the class where it is made.
    return holds(module.body, words) and not {name, text}.isdisjoint(_named_in(module_statements(project.program, path)))


def _names_of_definitions(project: Project, path: str) -> set[object]:
    """What the imports of a file and the definitions of its classes name."""
    module = project.program.modules[path]
    imported = {qualified.rpartition(".")[2] for qualified in (*module.imports.values(), *module.inner_imports.values())}
    return imported | _named_in([code for cls in module.classes for code in (*cls.bases, *cls.body, *cls.decorators)])


def _named_in(codes: list[Code]) -> set[object]:
    return {code[-1] for code in walk(codes) if code[0] in _NAMING}
