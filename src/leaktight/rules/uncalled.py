"""Functions of a site that nothing calls, hands on or names, neither itself nor by others like them."""

from __future__ import annotations

from collections.abc import Iterator

from leaktight.model import Span
from leaktight.project import Project
from leaktight.project.symbols import ClassRef, FunctionRef
from leaktight.rules.reach import module_statements
from leaktight.rules.unreached import is_found_by_name
from leaktight.source.code import Code, Op, holds, packed, unpack_span, walk
from leaktight.source.roles import is_in_tests

_CALLED_BY_OTHERS = frozenset({"main", "run", "setup", "handler", "lambda_handler", "application", "ready", "register"})
_OF_OTHERS = frozenset({"sender", "apps", "event", "self", "cls"})
"""First parameters of what a framework calls."""


def is_uncalled(project: Project, span: Span) -> bool:
    """Tell a place in a plain function that nothing of the site calls; where the site has no routes, it is a library, and others do."""
    function = _around(project, span)
    return function is not None and any(view.routes for view in project.views) and _is_uncalled(project, function)


def _around(project: Project, span: Span) -> FunctionRef | None:
    """The function at module level a place lies in."""
    module = project.program.modules.get(span.path)
    for index, function in enumerate(module.functions if module is not None else ()):
        first, _, last, _ = unpack_span(function.span)
        if function.owner < 0 and not function.nested and first <= span.line <= last:
            return FunctionRef(span.path, index)
    return None


def _is_uncalled(project: Project, ref: FunctionRef) -> bool:
    memo = project.program.memo
    key = ("uncalled", ref)
    if key not in memo:
        memo[key] = False  # what calls itself is called by nobody else
        memo[key] = (
            _is_plain(project, ref)
            and not _is_named(project, ref)
            and all(user == ref or _is_uncalled(project, user) for user in _users(project, ref))
        )
    return bool(memo[key])


def _is_plain(project: Project, ref: FunctionRef) -> bool:
    """Tell a function that no framework finds by its name, its file or a decorator."""
    function = project.program.function(ref)
    first = function.parameters[0].name if function.parameters else ""
    return (
        function.owner < 0
        and not function.nested
        and not function.decorators
        and not function.name.startswith("__")
        and function.name not in _CALLED_BY_OTHERS
        and first not in _OF_OTHERS
        and not is_found_by_name(ref.path)
    )


def _users(project: Project, ref: FunctionRef) -> Iterator[FunctionRef]:
    """The functions that mean it by a name, or may by an attribute of something that is not known."""
    program = project.program
    name = program.function(ref).name
    words = packed(name)
    for other in program.functions():
        if holds(program.function(other).body, words) and not is_in_tests(other.path):
            named = (code for code in program.pieces(other) if code[0] in {Op.NAME, Op.ATTR} and code[-1] == name)
            if any(_means(project, code, other.path, ref) for code in named):
                yield other


def _means(project: Project, code: Code, path: str, ref: FunctionRef) -> bool:
    symbol = project.program.resolve_code(code, path)
    return symbol == ref or (code[0] == Op.ATTR and not isinstance(symbol, FunctionRef | ClassRef))


def _is_named(project: Project, ref: FunctionRef) -> bool:
    """Tell a function that is named outside of functions: by a module, a class, a decorator, an import under another name, or a text."""
    name = project.program.function(ref).name
    if name in _names_outside(project):
        return True
    for path, module in project.program.modules.items():
        if holds(module.body, packed(name)) and not is_in_tests(path):
            codes = walk(module_statements(project.program, path))
            if any(code[0] in {Op.NAME, Op.ATTR} and code[-1] == name for code in codes):
                return True
    return bool(project.spoken(frozenset({f".{name}'", f'.{name}"', f"'{name}'", f'"{name}"', f":{name}"})))


def _names_outside(project: Project) -> frozenset[str]:
    """Names in classes and decorators, and of what is imported to be called otherwise or to be a part of a package."""
    memo = project.program.memo
    if "names outside of functions" not in memo:
        found: set[str] = set()
        for path, module in project.program.modules.items():
            if is_in_tests(path):
                continue
            is_package = path.endswith("__init__.py")
            for local, meant in (*module.imports.items(), *module.inner_imports.items()):
                if is_package or local != meant.rpartition(".")[2]:
                    found.add(meant.rpartition(".")[2])
            codes = [code for cls in module.classes for code in (*cls.bases, *cls.body, *cls.decorators)]
            codes += [code for function in module.functions for code in function.decorators]
            found |= {str(code[-1]) for code in walk(codes) if code[0] in {Op.NAME, Op.ATTR}}
        memo["names outside of functions"] = frozenset(found)
    names: frozenset[str] = memo["names outside of functions"]
    return names
