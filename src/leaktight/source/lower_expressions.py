"""Lower expressions and targets: the half of `lower.py` that has no order of execution."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from leaktight.source.code import COLUMNS, Class, Code, Function, Op, pack_span, telling


class Scope:
    """What the lowerer knows about the function or class it is inside."""

    __slots__ = ("names", "owner", "prefix", "receiver", "yields")

    def __init__(self, prefix: str, owner: int, receiver: str) -> None:
        self.prefix = prefix
        self.owner = owner
        self.receiver = receiver
        self.names: set[str] = set()
        self.yields = False


_REPR = ord("r")
"""The conversion `!r` of a formatted text, which `{name=}` has as well."""


class Expressions:
    """Lowers expressions; what it meets of functions it hands to `add_function`."""

    def __init__(self) -> None:
        self.imports: dict[str, str] = {}
        self.imported: dict[str, int] = {}
        self.inner_imports: dict[str, str | None] = {}
        self.packages: set[str] = set()
        self.telling: set[str] = set()
        self.stars: list[str] = []
        self.functions: list[Function] = []
        self.classes: list[Class] = []
        self.defined: dict[str, int] = {}
        self.declared: dict[str, int] = {}
        self.assigned: set[str] = set()
        self.scopes: list[Scope] = []
        self.caught: list[str] = []
        """Names of the exceptions held by the handlers around."""

    def add_function(self, node: ast.Lambda, *, name: str, body: ast.expr, owner: int) -> int:
        """Lower a function found inside an expression and give its index."""
        raise NotImplementedError

    def target(self, node: ast.expr) -> Code:
        """Lower an assignment target, and remember what it binds."""
        if isinstance(node, ast.Name):
            if not self.scopes:
                self.assigned.add(node.id)
        elif isinstance(node, ast.Attribute):
            self._remember_write(node)
        elif isinstance(node, ast.Tuple | ast.List):
            return [Op.LIST, span(node), "tuple", [self.target(item) for item in node.elts]]
        elif isinstance(node, ast.Starred):
            return [Op.STAR, span(node), self.target(node.value)]
        return self.expression(node)

    def _remember_write(self, node: ast.Attribute) -> None:
        scope = self.scopes[-1] if self.scopes else None
        if scope and scope.owner >= 0 and isinstance(node.value, ast.Name) and node.value.id == scope.receiver:
            writers = self.classes[scope.owner].writes.setdefault(node.attr, [])
            index = len(self.functions) - 1
            while self.functions[index].body or self.functions[index].owner != scope.owner:
                index -= 1
            if index not in writers:
                writers.append(index)

    def expression(self, node: ast.expr) -> Code:
        if type(node) is ast.Name:  # a third of all expressions
            return [Op.NAME, span(node), node.id]
        method = _EXPRESSIONS.get(type(node))
        return [Op.CONST, span(node), None] if method is None else method(self, node)

    def annotation(self, node: ast.expr) -> Code:
        """Lower an annotation; one written as a string is read as the expression it spells."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) < 200:
            try:
                inner = ast.parse(node.value, mode="eval").body
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                return self.expression(node)
            for child in ast.walk(inner):
                ast.copy_location(child, node)
            return self.expression(inner)
        return self.expression(node)

    def constant(self, node: ast.Constant) -> Code:
        value: object = node.value
        if type(value) is str:
            if not value.isascii():
                value = value.encode("utf-8", "replace").decode()
            if (what := telling(value)) is not None:
                self.telling.add(what)
        elif isinstance(value, bytes):
            value = value.decode("latin-1")
        elif isinstance(value, int) and not -(1 << 60) < value < 1 << 60:
            value = 0
        elif not isinstance(value, int | float | bool | None):
            value = None
        return [Op.CONST, span(node), value]

    def name(self, node: ast.Name) -> Code:
        return [Op.NAME, span(node), node.id]

    def attribute(self, node: ast.Attribute) -> Code:
        if self.scopes:
            self.scopes[-1].names.add(node.attr)
        return [Op.ATTR, span(node), self.expression(node.value), node.attr]

    def item(self, node: ast.Subscript) -> Code:
        return [Op.ITEM, span(node), self.expression(node.value), self.expression(node.slice)]

    def slice(self, node: ast.Slice) -> Code:
        bounds = (node.lower, node.upper, node.step)
        return [Op.SLICE, span(node), [None if bound is None else self.expression(bound) for bound in bounds]]

    def call(self, node: ast.Call) -> Code:
        if isinstance(node.func, ast.Name) and self.scopes:
            self.scopes[-1].names.add(node.func.id)
        return [
            Op.CALL,
            span(node),
            self.expression(node.func),
            [self.expression(item) for item in node.args] if node.args else [],
            [[keyword.arg, self.expression(keyword.value)] for keyword in node.keywords] if node.keywords else [],
        ]

    def text(self, node: ast.JoinedStr) -> Code:
        return [Op.TEXT, span(node), [self.expression(item) for item in node.values]]

    def formatted(self, node: ast.FormattedValue) -> Code:
        code = self.expression(node.value)
        if node.conversion == _REPR and isinstance(node.value, ast.Name) and node.value.id in self.caught:
            return [Op.CALL, span(node.value), [Op.NAME, span(node.value), "repr"], [code], []]
        return code

    def binary(self, node: ast.BinOp) -> Code:
        """Lower an operation; a long chain of `+` is walked, not recursed into."""
        operands: list[tuple[ast.BinOp, Code]] = []
        left: ast.expr = node
        while isinstance(left, ast.BinOp):
            operands.append((left, self.expression(taken_away(left.op, left.right) or left.right)))
            left = left.left
        code = self.expression(left)
        for operation, right in reversed(operands):
            code = [Op.BINARY, span(operation), operator_of(operation.op, operation.right), code, right]
        return code

    def test(self, node: ast.Compare) -> Code:
        comparison = COMPARISONS.get(type(node.ops[0]), "") if len(node.ops) == 1 else ""
        return [Op.TEST, span(node), [self.expression(item) for item in (node.left, *node.comparators)], comparison]

    def unary(self, node: ast.UnaryOp) -> Code:
        if isinstance(node.op, ast.Not):
            return [Op.NOT, span(node), self.expression(node.operand)]
        if (
            isinstance(node.op, ast.USub)
            and isinstance(node.operand, ast.Constant)
            and isinstance(node.operand.value, int | float)
        ):
            return self.constant(ast.copy_location(ast.Constant(-node.operand.value), node))
        return [Op.TEST, span(node), [self.expression(node.operand)], ""]

    def boolean(self, node: ast.BoolOp) -> Code:
        kind = "and" if isinstance(node.op, ast.And) else "or"
        return [Op.CHOICE, span(node), kind, [self.expression(item) for item in node.values]]

    def ternary(self, node: ast.IfExp) -> Code:
        return [
            Op.CHOICE,
            span(node),
            "if",
            [self.expression(node.test), self.expression(node.body), self.expression(node.orelse)],
        ]

    def sequence(self, node: ast.List | ast.Tuple | ast.Set) -> Code:
        return [Op.LIST, span(node), type(node).__name__.lower(), [self.expression(item) for item in node.elts]]

    def dictionary(self, node: ast.Dict) -> Code:
        pairs = [
            [None if key is None else self.expression(key), self.expression(value)]
            for key, value in zip(node.keys, node.values, strict=True)
        ]
        return [Op.DICT, span(node), pairs]

    def lambda_(self, node: ast.Lambda) -> Code:
        return [Op.LAMBDA, span(node), self.add_function(node, name="<lambda>", body=node.body, owner=-1)]

    def comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> Code:
        if isinstance(node, ast.DictComp):
            element, value = self.expression(node.key), self.expression(node.value)
        else:
            element, value = self.expression(node.elt), None
        generators = [
            [self.target(item.target), self.expression(item.iter), [self.expression(test) for test in item.ifs]]
            for item in node.generators
        ]
        kind = "dict" if isinstance(node, ast.DictComp) else "list"
        return [Op.COMPREHENSION, span(node), kind, element, value, generators]

    def walrus(self, node: ast.NamedExpr) -> Code:
        if not self.scopes:
            self.assigned.add(node.target.id)
        return [Op.WALRUS, span(node), node.target.id, self.expression(node.value)]

    def await_(self, node: ast.Await) -> Code:
        return self.expression(node.value)

    def yield_(self, node: ast.Yield | ast.YieldFrom) -> Code:
        if self.scopes:
            self.scopes[-1].yields = True
        value = [Op.CONST, span(node), None] if node.value is None else self.expression(node.value)
        return [Op.YIELD, span(node), value, isinstance(node, ast.YieldFrom)]

    def starred(self, node: ast.Starred) -> Code:
        return [Op.STAR, span(node), self.expression(node.value)]


def span(node: ast.expr | ast.stmt | ast.ExceptHandler) -> int:
    """The packed span of a node; the common case is written out, since this runs for every node of every file."""
    line, column = node.lineno, node.col_offset
    rows, end_column = (node.end_lineno or line) - line, node.end_col_offset or column
    if (column | rows | end_column) < COLUMNS:  # each of them is
        return (line << 14 | column) << 28 | rows << 14 | end_column
    return pack_span(line, column, line + rows, end_column)


COMPARISONS: dict[type[ast.cmpop], str] = {ast.Eq: "==", ast.NotEq: "!=", ast.In: "in", ast.NotIn: "not in"}
OPERATORS: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Mod: "%",
    ast.BitOr: "|",
    ast.Div: "/",
    ast.Mult: "*",
    ast.Pow: "**",
    ast.LShift: "<<",
}


def operator_of(operator: ast.operator, right: ast.expr) -> str:
    """What an operation is called; `&~` takes flags away, other operations on bits tell nothing."""
    return "&~" if taken_away(operator, right) is not None else OPERATORS.get(type(operator), "")


def taken_away(operator: ast.operator, right: ast.expr) -> ast.expr | None:
    """What `flags & ~right` takes away."""
    inverts = isinstance(operator, ast.BitAnd) and isinstance(right, ast.UnaryOp) and isinstance(right.op, ast.Invert)
    return right.operand if inverts and isinstance(right, ast.UnaryOp) else None


_EXPRESSIONS: dict[type[ast.expr], Callable[[Expressions, Any], Code]] = {
    ast.Constant: Expressions.constant,
    ast.Name: Expressions.name,
    ast.Attribute: Expressions.attribute,
    ast.Subscript: Expressions.item,
    ast.Slice: Expressions.slice,
    ast.Call: Expressions.call,
    ast.JoinedStr: Expressions.text,
    ast.FormattedValue: Expressions.formatted,
    ast.BinOp: Expressions.binary,
    ast.Compare: Expressions.test,
    ast.UnaryOp: Expressions.unary,
    ast.BoolOp: Expressions.boolean,
    ast.IfExp: Expressions.ternary,
    ast.List: Expressions.sequence,
    ast.Tuple: Expressions.sequence,
    ast.Set: Expressions.sequence,
    ast.Dict: Expressions.dictionary,
    ast.Lambda: Expressions.lambda_,
    ast.ListComp: Expressions.comprehension,
    ast.SetComp: Expressions.comprehension,
    ast.GeneratorExp: Expressions.comprehension,
    ast.DictComp: Expressions.comprehension,
    ast.NamedExpr: Expressions.walrus,
    ast.Await: Expressions.await_,
    ast.Yield: Expressions.yield_,
    ast.YieldFrom: Expressions.yield_,
    ast.Starred: Expressions.starred,
}
