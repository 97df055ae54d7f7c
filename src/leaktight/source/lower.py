"""Lower the syntax tree of one Python file to the compact code of `code.py`."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from leaktight.source.code import Class, Code, Function, Module, Op, Parameter
from leaktight.source.lower_expressions import Expressions, Scope, operator_of, span, taken_away

_encode = msgspec.msgpack.Encoder().encode


def lower(tree: ast.Module, *, path: str, lines: int, wide: bool) -> Module:
    """Lower a parsed file."""
    lowerer = _Lowerer()
    body = lowerer.block(tree.body)
    return Module(
        path=path,
        imports=lowerer.imports,
        stars=lowerer.stars,
        functions=lowerer.functions,
        classes=lowerer.classes,
        body=_encode(body),
        defined=lowerer.defined,
        declared=lowerer.declared,
        assigned=sorted(lowerer.assigned),
        lines=lines,
        wide=wide,
        imported=lowerer.imported,
        inner_imports={name: qualified for name, qualified in lowerer.inner_imports.items() if qualified is not None},
        packages=sorted(lowerer.packages),
        telling=sorted(lowerer.telling),
    )


class _Lowerer(Expressions):
    """One walk over a file. Methods are named after the syntax node they lower."""

    # -- blocks and definitions ----------------------------------------------------------------

    def block(self, statements: list[ast.stmt]) -> list[Code]:
        result: list[Code] = []
        for statement in statements:
            method = _STATEMENTS.get(type(statement))
            if method is not None:
                code = method(self, statement)
                if code is not None:
                    result.append(code)
        return result

    def function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Code | None:
        outer = self.scopes[-1] if self.scopes else None
        in_class = outer is not None and outer.receiver == "class"
        index = self.add_function(node, name=node.name, body=node.body, owner=outer.owner if in_class and outer else -1)
        if outer is None:
            self.defined[node.name] = index
        elif in_class:
            cls = self.classes[outer.owner]
            if not _is_accessor(node):
                cls.methods[node.name] = index
            return None
        return [Op.DEFINE, span(node), node.name, index]

    def add_function(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, *, name: str, body: list[ast.stmt] | ast.expr, owner: int
    ) -> int:
        outer = self.scopes[-1] if self.scopes else None
        nested = outer is not None and outer.receiver != "class"
        qualified = f"{outer.prefix if outer else ''}{name}"
        index = len(self.functions)
        decorators = [] if isinstance(node, ast.Lambda) else [self.expression(item) for item in node.decorator_list]
        returns = None if isinstance(node, ast.Lambda) or node.returns is None else self.annotation(node.returns)
        function = Function(
            name=name,
            qualified=qualified,
            span=span(node),
            parameters=self._parameters(node.args),
            decorators=decorators,
            returns=returns,
            body=b"",
            names=[],
            owner=owner,
            nested=nested,
        )
        self.functions.append(function)
        first = node.args.posonlyargs[:1] or node.args.args[:1]
        scope = Scope(f"{qualified}.<locals>.", owner, first[0].arg if owner >= 0 and first else "")
        self.scopes.append(scope)
        if isinstance(body, list):
            code = self.block(body)
        else:
            code = [[Op.RETURN, span(body), self.expression(body)]]
        self.scopes.pop()
        function.body = _encode(code)
        function.names = sorted(scope.names)
        function.generator = scope.yields
        if nested and outer is not None:
            outer.names |= scope.names
        return index

    def _parameters(self, arguments: ast.arguments) -> list[Parameter]:
        result: list[Parameter] = []
        positional = [*arguments.posonlyargs, *arguments.args]
        defaults: list[ast.expr | None] = [None] * (len(positional) - len(arguments.defaults)) + list(arguments.defaults)
        for item, default in zip(positional, defaults, strict=True):
            result.append(self._parameter(item, "positional", default))
        if arguments.vararg:
            result.append(self._parameter(arguments.vararg, "args", None))
        for item, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
            result.append(self._parameter(item, "keyword", default))
        if arguments.kwarg:
            result.append(self._parameter(arguments.kwarg, "kwargs", None))
        return result

    def _parameter(self, item: ast.arg, kind: str, default: ast.expr | None) -> Parameter:
        return Parameter(
            name=item.arg,
            kind=kind,
            default=None if default is None else self.expression(default),
            annotation=None if item.annotation is None else self.annotation(item.annotation),
        )

    def class_(self, node: ast.ClassDef) -> Code | None:
        outer = self.scopes[-1] if self.scopes else None
        prefix = outer.prefix if outer else ""
        index = len(self.classes)
        cls = Class(
            name=node.name,
            qualified=f"{prefix}{node.name}",
            span=span(node),
            bases=[self.expression(base) for base in node.bases],
            keywords=[(keyword.arg or "**", self.expression(keyword.value)) for keyword in node.keywords],
            decorators=[self.expression(item) for item in node.decorator_list],
            body=[],
            methods={},
            inner={},
            writes={},
        )
        self.classes.append(cls)
        if outer is None:
            self.declared[node.name] = index
        elif outer.receiver == "class":
            self.classes[outer.owner].inner[node.name] = index
        self.scopes.append(Scope(f"{cls.qualified}.", index, "class"))
        cls.body = self.block(node.body)
        self.scopes.pop()
        return None if outer is not None and outer.receiver == "class" else [Op.CLASS, span(node), node.name, index]

    # -- statements ----------------------------------------------------------------------------

    def assign(self, node: ast.Assign) -> Code:
        return [Op.ASSIGN, span(node), [self.target(item) for item in node.targets], self.expression(node.value), None]

    def annotated(self, node: ast.AnnAssign) -> Code | None:
        value = None if node.value is None else self.expression(node.value)
        return [Op.ASSIGN, span(node), [self.target(node.target)], value, self.annotation(node.annotation)]

    def augment(self, node: ast.AugAssign) -> Code:
        value = taken_away(node.op, node.value) or node.value
        return [Op.AUGMENT, span(node), self.target(node.target), operator_of(node.op, node.value), self.expression(value)]

    def expression_statement(self, node: ast.Expr) -> Code | None:
        if isinstance(node.value, ast.Constant):
            return None
        return [Op.EXPRESSION, span(node), self.expression(node.value)]

    def return_(self, node: ast.Return) -> Code:
        return [Op.RETURN, span(node), None if node.value is None else self.expression(node.value)]

    def raise_(self, node: ast.Raise) -> Code:
        exception = None if node.exc is None else self.expression(node.exc)
        return [Op.RAISE, span(node), exception, None if node.cause is None else self.expression(node.cause)]

    def if_(self, node: ast.If) -> Code:
        return [Op.IF, span(node.test), self.expression(node.test), self.block(node.body), self.block(node.orelse)]

    def for_(self, node: ast.For | ast.AsyncFor) -> Code:
        target, iterable = self.target(node.target), self.expression(node.iter)
        return [Op.LOOP, span(node), target, iterable, self.block(node.body), self.block(node.orelse)]

    def while_(self, node: ast.While) -> Code:
        return [Op.LOOP, span(node.test), None, self.expression(node.test), self.block(node.body), self.block(node.orelse)]

    def try_(self, node: ast.Try | ast.TryStar) -> Code:
        handlers = [self._handler(handler) for handler in node.handlers]
        return [Op.TRY, span(node), self.block(node.body), handlers, self.block(node.orelse), self.block(node.finalbody)]

    def _handler(self, handler: ast.ExceptHandler) -> list[object]:
        types = None if handler.type is None else self.expression(handler.type)
        self.caught.append(handler.name or "")
        body = self.block(handler.body)
        self.caught.pop()
        return [types, handler.name, body, span(handler)]

    def with_(self, node: ast.With | ast.AsyncWith) -> Code:
        items = [
            [self.expression(item.context_expr), None if item.optional_vars is None else self.target(item.optional_vars)]
            for item in node.items
        ]
        return [Op.WITH, span(node), items, self.block(node.body)]

    def delete(self, node: ast.Delete) -> Code:
        return [Op.DELETE, span(node), [self.expression(item) for item in node.targets]]

    def global_(self, node: ast.Global | ast.Nonlocal) -> Code:
        return [Op.GLOBAL, span(node), list(node.names)]

    def assert_(self, node: ast.Assert) -> Code:
        return [Op.EXPRESSION, span(node), [Op.TEST, span(node.test), [self.expression(node.test)], ""]]

    def import_(self, node: ast.Import) -> Code | None:
        pairs = [
            (item.asname, item.name) if item.asname else (item.name.partition(".")[0], item.name.partition(".")[0])
            for item in node.names
        ]
        return self._imported(node, pairs)

    def import_from(self, node: ast.ImportFrom) -> Code | None:
        module = "." * node.level + (node.module or "")
        separator = "" if module.endswith(".") else "."
        if any(item.name == "*" for item in node.names):
            self.stars.append(module)
            return None
        return self._imported(node, [(item.asname or item.name, f"{module}{separator}{item.name}") for item in node.names])

    def _imported(self, node: ast.stmt, pairs: list[tuple[str, str]]) -> Code | None:
        self.packages |= {qualified.partition(".")[0] for _, qualified in pairs if not qualified.startswith(".")}
        if not self.scopes:
            for local, qualified in pairs:
                self.imports.setdefault(local, qualified)
                self.imported.setdefault(local, span(node))
            return None
        for local, qualified in pairs:
            self.inner_imports[local] = qualified if self.inner_imports.get(local, qualified) == qualified else None
        return [Op.IMPORT, span(node), [list(pair) for pair in pairs]]

    def match(self, node: ast.Match) -> Code:
        cases = [
            [
                sorted(_captured(case.pattern, [])),
                None if case.guard is None else self.expression(case.guard),
                self.block(case.body),
            ]
            for case in node.cases
        ]
        return [Op.MATCH, span(node.subject), self.expression(node.subject), cases]


def _captured(pattern: ast.pattern, keys: list[str]) -> Iterator[tuple[str, list[str]]]:
    """The names a `case` pattern binds, each with the keys it stands under: it is taken to hold what is there, or a part of it."""
    name = getattr(pattern, "name", None) or getattr(pattern, "rest", None)
    if name:
        yield name, keys
    if isinstance(pattern, ast.MatchMapping):
        for key, inner in zip(pattern.keys, pattern.patterns, strict=True):
            known = key.value if isinstance(key, ast.Constant) else None
            yield from _captured(inner, [*keys, known] if isinstance(known, str) else keys)
        return
    for child in ast.iter_child_nodes(pattern):
        if isinstance(child, ast.pattern):
            yield from _captured(child, keys)


def _is_accessor(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Tell a property's setter or deleter, which must not hide the getter of the same name."""
    return any(isinstance(item, ast.Attribute) and item.attr in {"setter", "deleter"} for item in node.decorator_list)


_STATEMENTS: dict[type[ast.stmt], Callable[[_Lowerer, Any], Code | None]] = {
    ast.FunctionDef: _Lowerer.function,
    ast.AsyncFunctionDef: _Lowerer.function,
    ast.ClassDef: _Lowerer.class_,
    ast.Assign: _Lowerer.assign,
    ast.AnnAssign: _Lowerer.annotated,
    ast.AugAssign: _Lowerer.augment,
    ast.Expr: _Lowerer.expression_statement,
    ast.Return: _Lowerer.return_,
    ast.Raise: _Lowerer.raise_,
    ast.If: _Lowerer.if_,
    ast.For: _Lowerer.for_,
    ast.AsyncFor: _Lowerer.for_,
    ast.While: _Lowerer.while_,
    ast.Try: _Lowerer.try_,
    ast.TryStar: _Lowerer.try_,
    ast.With: _Lowerer.with_,
    ast.AsyncWith: _Lowerer.with_,
    ast.Delete: _Lowerer.delete,
    ast.Global: _Lowerer.global_,
    ast.Nonlocal: _Lowerer.global_,
    ast.Assert: _Lowerer.assert_,
    ast.Import: _Lowerer.import_,
    ast.ImportFrom: _Lowerer.import_from,
    ast.Match: _Lowerer.match,
}
