"""Decorators that are put on a definition, at the place where they see what they have to see."""

from __future__ import annotations

import ast

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
