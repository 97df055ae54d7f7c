"""Decorators that are put on a definition, at the place where they see what they have to see."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from leaktight.edit.layout import Written
from leaktight.edit.python import Definition, PythonDocument
from leaktight.model import Edit

_REGISTERING = frozenset(
    "register route get post put patch delete head options trace path re_path receiver connect action websocket task".split()
)
"""What a decorator is called that hands what it is given to somebody else: nothing above it is in force there."""
_KINDS = frozenset({"staticmethod", "classmethod", "property", "cached_property"})


def decorate(document: PythonDocument, node: Definition, decorator: Written | str) -> Edit:
    """Put a decorator on a definition, outermost of those that wrap it, and below those that only register it."""
    indent = document.indent_of(node)
    lines = [f"@{decorator}"] if isinstance(decorator, str) else decorator.lines(document.width, indent=indent, lead="@")
    for given in node.decorator_list:
        if not _registers(given):
            return document.insert_lines(given.lineno, lines, indent)
    return document.insert_lines(node.lineno, lines, indent)


def give(document: PythonDocument, node: Definition, call: ast.Call, arguments: Sequence[str]) -> Edit:
    """Give a call in the decorators of a definition more arguments, laid out anew where its line would become too long."""
    decorator = next(given for given in node.decorator_list if any(inner is call for inner in ast.walk(given)))
    is_short = len(document.line(decorator.lineno)) + sum(len(argument) + 2 for argument in arguments) <= document.width
    written = _written(document, decorator, call, arguments)
    if is_short or decorator.lineno != decorator.end_lineno or not isinstance(written, Written):
        return document.add_argument(call, ", ".join(arguments))
    indent = document.indent_of(node)
    lines = written.lines(document.width, indent=indent, lead="@")
    return document.replace(decorator, f"\n{indent}".join(lines).removeprefix("@"))


def _written(document: PythonDocument, node: ast.expr, call: ast.Call, more: Sequence[str]) -> Written | str:
    """An expression around a call with more arguments, to be written anew."""
    if not isinstance(node, ast.Call):
        return document.source(node)
    given = (
        [_written(document, argument, call, more) for argument in node.args]
        if node is not call
        else [*map(document.source, node.args), *more]
    )
    named = [
        f"{keyword.arg}={document.source(keyword.value)}" if keyword.arg else f"**{document.source(keyword.value)}"
        for keyword in node.keywords
    ]
    return Written(document.source(node.func), [*given, *named])


def _registers(decorator: ast.expr) -> bool:
    if isinstance(decorator, ast.Name) and decorator.id in _KINDS:
        return True
    function = decorator.func if isinstance(decorator, ast.Call) else decorator
    return isinstance(function, ast.Attribute) and function.attr in _REGISTERING


def calls_of(node: Definition, name: str) -> list[ast.Call]:
    """Return the calls of a decorator of this name in the decorators of a definition, inside `method_decorator` too."""
    found = []
    for decorator in node.decorator_list:
        for inner in ast.walk(decorator):
            if isinstance(inner, ast.Call) and last_part(inner.func) == name:
                found.append(inner)
    return found


def last_part(function: ast.expr) -> str:
    """Return the last part of a dotted name; empty for what is none."""
    return function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""
