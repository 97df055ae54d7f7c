"""Follows calls of the project's own functions, and reads its classes."""

from __future__ import annotations

import ast
from typing import Final

from leaktight.project.settings.imports import Imports
from leaktight.project.settings.lookup import DEEPEST, Flow
from leaktight.project.settings.things import Call, ClassThing, Frame, FunctionThing
from leaktight.project.settings.values import UNKNOWN, Cell, Scope, Table, Val, derive, join, known, sequence, unknown

_CALLS: Final = 12
"""How deep calls of the project's own functions are followed."""
_KINDS: Final = {
    "property": "property", "cached_property": "property", "classproperty": "property", "staticmethod": "static",
    "classmethod": "class", "lru_cache": "plain", "cache": "plain", "overload": "plain",
}  # fmt: skip


class Functions(Imports):
    """Functions and classes."""

    calls = 0

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, frame: Frame) -> Val:
        kind = "odd" if isinstance(node, ast.AsyncFunctionDef) else "plain"
        for decorator in node.decorator_list:
            target = decorator.func if isinstance(decorator, ast.Call) else decorator
            name = target.attr if isinstance(target, ast.Attribute) else target.id if isinstance(target, ast.Name) else ""
            kind = _KINDS.get(name, "odd")
        defaults = tuple(self.eval(default, frame) for default in node.args.defaults)
        keywords = {
            argument.arg: self.eval(default, frame)
            for argument, default in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
            if default is not None
        }
        return known(FunctionThing(node, frame, kind, defaults, keywords))

    def _class(self, node: ast.ClassDef, frame: Frame) -> Val:
        bases = tuple(self.eval(base, frame) for base in node.bases)
        inner = Frame(Scope(parent=frame.scope), frame.parsed, frame.dotted)
        self.block(node.body, inner)
        return known(ClassThing(node.name, bases, inner.scope.names))

    def call_function(self, function: FunctionThing, call: Call) -> Val:
        """Follow a call of one of the project's functions."""
        node = function.node
        if function.kind == "odd" or self.calls >= _CALLS or self.depth + 4 > DEEPEST or not call.closed:
            return derive(UNKNOWN, *call.args)
        frame = Frame(
            Scope(parent=function.frame.scope), function.frame.parsed, function.frame.dotted, function.owner, function.me
        )
        if not self._bind_arguments(function, call, frame):
            return derive(UNKNOWN, *call.args)
        self.calls += 1
        self.depth += 3
        try:
            if isinstance(node, ast.Lambda):
                return self.eval(node.body, frame)
            flow = self.block(node.body, frame)
        finally:
            self.calls -= 1
            self.depth -= 3
        if flow is Flow.DEAD:
            result = unknown()
        else:
            result = frame.returned if flow is Flow.RETURN and frame.returned is not None else known(None)
        for test, val, answer in reversed(frame.pending):
            if answer is None:
                result = join(val, result)
            elif answer:
                result = self.conditional(test, val, result)
            else:
                result = self.conditional(test, result, val) if flow is not Flow.DEAD else val
        return result

    def _bind_arguments(self, function: FunctionThing, call: Call, frame: Frame) -> bool:
        parameters = function.node.args
        names = [argument.arg for argument in (*parameters.posonlyargs, *parameters.args)]
        values = list(call.args)
        if function.me is not None and function.kind != "static":
            values.insert(0, function.me)
        given = dict(zip(names, values, strict=False))
        for name, default in zip(reversed(names), reversed(function.defaults), strict=False):
            given.setdefault(name, default)
        for name, default in function.keyword_defaults.items():
            given.setdefault(name, default)
        known_names = {*names, *(argument.arg for argument in parameters.kwonlyargs)}
        extra: dict[str, Val] = {}
        for name, val in call.keywords.items():
            (given if name in known_names else extra)[name] = val
        if (extra and parameters.kwarg is None) or (len(values) > len(names) and parameters.vararg is None):
            return False
        if parameters.kwarg is not None:
            given[parameters.kwarg.arg] = known(Table(extra))
        if parameters.vararg is not None:
            given[parameters.vararg.arg] = known(sequence("tuple", values[len(names) :]))
        for name in known_names:
            frame.scope.names[name] = Cell(given.get(name, unknown()))
        for name, val in given.items():
            frame.scope.names[name] = Cell(val)
        return True
