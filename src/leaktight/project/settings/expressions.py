"""Works out expressions of settings code from its syntax tree; nothing is ever run."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from leaktight.model import Certainty
from leaktight.project.settings.calls import Calls
from leaktight.project.settings.lookup import DEEPEST, derive_from
from leaktight.project.settings.methods import iterate, slice_of, subscript
from leaktight.project.settings.operators import binary, compare, selects, text
from leaktight.project.settings.store import bind
from leaktight.project.settings.things import Call, Frame, FunctionThing, Names, Reader
from leaktight.project.settings.values import (
    UNKNOWN,
    Cell,
    External,
    Scope,
    Sequence,
    SequenceKind,
    Table,
    Val,
    derive,
    known,
    plain,
    sequence,
    truth,
    unknown,
)


class Expressions(Calls):
    """Expressions; statements are added by `Runner`."""

    def eval(self, node: ast.expr | None, frame: Frame) -> Val:
        """Work out an expression; what can't be is unknown, never an error."""
        if node is None:
            return known(None)
        self.spend()
        if self.depth > DEEPEST:
            return unknown()
        self.depth += 1
        try:
            val = self._eval(node, frame)
        finally:
            self.depth -= 1
        if val.data is UNKNOWN:
            self.doubts += 1
        elif isinstance(val.data, (Sequence, Table)):
            self.spend(val.data.size[0] >> 4)
        return val

    def _eval(self, node: ast.expr, frame: Frame) -> Val:
        match node:
            case ast.Constant(value=value):
                return known(value) if value is not ... else unknown()
            case ast.Name(id=name):
                return self.name(name, frame)
            case ast.Attribute():
                return self.attribute(self.eval(node.value, frame), node.attr)
            case ast.Call():
                return self.call_node(node, frame)
            case ast.Subscript():
                return self._subscript(node, frame)
            case ast.List(elts=elements):
                return known(sequence("list", self._elements(elements, frame)))
            case ast.Tuple(elts=elements):
                return known(sequence("tuple", self._elements(elements, frame)))
            case ast.Set(elts=elements):
                return known(sequence("set", self._elements(elements, frame)))
            case ast.Dict():
                return self._dict(node, frame)
            case ast.BinOp():
                return self._binary(node, frame)
            case ast.BoolOp():
                return self._boolean(node, frame)
            case ast.UnaryOp():
                return self._unary(node, frame)
            case ast.Compare():
                return self._compare(node, frame)
            case ast.IfExp():
                test = self.eval(node.test, frame)
                return self.choose(test, lambda: self.eval(node.body, frame), lambda: self.eval(node.orelse, frame))
            case ast.JoinedStr(values=values):
                return text(*[self._piece(value, frame) for value in values])
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp():
                return self._comprehension("set" if isinstance(node, ast.SetComp) else "list", node, frame)
            case ast.DictComp():
                return self._dict_comprehension(node, frame)
            case ast.NamedExpr(target=ast.Name(id=name)):
                val = self.eval(node.value, frame)
                bind(frame.scope, name, val, frame.parsed.span(node))
                return val
            case ast.Lambda():
                defaults = tuple(self.eval(default, frame) for default in node.args.defaults)
                return known(FunctionThing(node, frame, defaults=defaults))
            case _:
                pass
        return unknown()

    # -- operators -----------------------------------------------------------------------------

    def _binary(self, node: ast.BinOp, frame: Frame) -> Val:
        # Long chains of `+` lean to the left; unrolled, they need no depth.
        pending: list[ast.BinOp] = [node]
        while isinstance(left := pending[-1].left, ast.BinOp):
            pending.append(left)
        val = self.eval(pending[-1].left, frame)
        for part in reversed(pending):
            val = binary(type(part.op).__name__, val, self.eval(part.right, frame))
        return val

    def _boolean(self, node: ast.BoolOp, frame: Frame) -> Val:
        is_or = isinstance(node.op, ast.Or)
        val = self.eval(node.values[0], frame)
        for operand in node.values[1:]:
            answer = truth(val)
            if answer is is_or:
                if val.certainty is Certainty.KNOWN:
                    return val
                other = self.eval(operand, frame)
                val = self.conditional(val, val, other)
            elif answer is None:
                other = self.eval(operand, frame)
                # One operand that settles the matter settles it whatever the others are.
                settled = truth(other) is is_or and (not is_or or other.data is True)
                val = other if settled and other.certainty is Certainty.KNOWN else derive(UNKNOWN, val, other)
            else:
                val = derive_from(self.eval(operand, frame), val)
        return val

    def _unary(self, node: ast.UnaryOp, frame: Frame) -> Val:
        operand = self.eval(node.operand, frame)
        if isinstance(node.op, ast.Not):
            answer = truth(operand)
            return derive(UNKNOWN if answer is None else not answer, operand)
        if isinstance(operand.data, (int, float)) and isinstance(node.op, (ast.USub, ast.UAdd)):
            return derive(-operand.data if isinstance(node.op, ast.USub) else operand.data, operand)
        return derive(UNKNOWN, operand)

    def _compare(self, node: ast.Compare, frame: Frame) -> Val:
        left = self.eval(node.left, frame)
        results: list[Val] = []
        for operator, right_node in zip(node.ops, node.comparators, strict=True):
            right = self.eval(right_node, frame)
            name = type(operator).__name__
            if isinstance(right.data, Names) and isinstance(left.data, str):
                right = known(sequence("tuple", (left,) if right.data.scope.lookup(left.data) is not None else ()))
            if isinstance(right.data, External) and name in {"In", "NotIn"}:
                present = self.call_outside(f"{right.data.name}.__contains__", Call((left,), frame=frame))
                right = known(sequence("tuple", (left,) if truth(present) else ()))
                results.append(derive_from(compare(name, left, right), present))
            else:
                presumed = selects(name, left, right, self.environment)
                results.append(presumed or compare(name, left, right))
            left = right
        if len(results) == 1:
            return results[0]
        answers = [truth(result) for result in results]
        return derive(False if False in answers else UNKNOWN if None in answers else True, *results)

    # -- containers and texts ------------------------------------------------------------------

    def _elements(self, nodes: list[ast.expr], frame: Frame) -> Iterator[Val]:
        for node in nodes:
            if isinstance(node, ast.Starred):
                inner = self.eval(node.value, frame)
                elements = iterate(inner)
                yield from (derive(UNKNOWN, inner),) if elements is None else elements
            else:
                yield self.eval(node, frame).at(frame.parsed.span(node))

    def _dict(self, node: ast.Dict, frame: Frame) -> Val:
        table: dict[Any, Val] = {}
        for key_node, value_node in zip(node.keys, node.values, strict=True):
            val = self.eval(value_node, frame)
            if key_node is None:
                table.update(val.data.items if isinstance(val.data, Table) else {UNKNOWN: derive(UNKNOWN, val)})
                continue
            key = plain(self.eval(key_node, frame))
            table[key if isinstance(key, (str, int, float, bool, bytes)) or key is None else UNKNOWN] = val.at(
                frame.parsed.span(value_node)
            )
        return known(Table(table))

    def _subscript(self, node: ast.Subscript, frame: Frame) -> Val:
        base = self.eval(node.value, frame)
        if isinstance(node.slice, ast.Slice):
            bounds = (node.slice.lower, node.slice.upper, node.slice.step)
            edges = [self.eval(bound, frame) for bound in bounds]
            return slice_of(base, (edges[0], edges[1], edges[2]))
        key = self.eval(node.slice, frame)
        if isinstance(base.data, Names) and isinstance(key.data, str):
            cell = base.data.scope.lookup(key.data)
            return self.force(cell.val) if cell is not None else unknown()
        if isinstance(base.data, External):
            return self.call_outside(f"{base.data.name}[]", Call((key,), frame=frame))
        if isinstance(base.data, Reader):
            return self.call_reader(base.data, "[]", Call((key,), frame=frame))
        return subscript(base, key)

    def _piece(self, node: ast.expr, frame: Frame) -> Val:
        if isinstance(node, ast.FormattedValue):
            val = self.eval(node.value, frame)
            return val if node.format_spec is None and node.conversion in {-1, 115} else derive(UNKNOWN, val)
        return self.eval(node, frame)

    def _comprehend(
        self, generators: list[ast.comprehension], results: list[ast.expr], frame: Frame
    ) -> tuple[list[Val], list[Val]]:
        """Work out a comprehension: its elements, and what they depend on. Several results make one tuple each."""
        inner = Frame(Scope(parent=frame.scope), frame.parsed, frame.dotted, frame.owner, frame.me)
        out: list[Val] = []
        sources: list[Val] = []

        def loop(place: int) -> None:
            if place == len(generators):
                vals = [self.eval(result, inner).at(frame.parsed.span(result)) for result in results]
                out.append(vals[0] if len(vals) == 1 else known(sequence("tuple", vals)))
                return
            generator = generators[place]
            source = self.eval(generator.iter, inner)
            sources.append(Val(None, source.certainty, source.envs))
            elements = iterate(source)
            if elements is None:
                out.append(derive(UNKNOWN, source))
                return
            for element in elements:
                self.unpack(generator.target, element, inner)
                conditions = [self.eval(condition, inner) for condition in generator.ifs]
                sources.extend(Val(None, condition.certainty, condition.envs) for condition in conditions)
                answers = [truth(condition) for condition in conditions]
                if False in answers:
                    continue
                if None in answers or element.data is UNKNOWN:
                    out.append(derive(UNKNOWN, element))
                else:
                    loop(place + 1)

        loop(0)
        return out, sources

    def _comprehension(self, kind: SequenceKind, node: ast.ListComp | ast.SetComp | ast.GeneratorExp, frame: Frame) -> Val:
        out, sources = self._comprehend(node.generators, [node.elt], frame)
        return derive(sequence(kind, out), *sources)

    def _dict_comprehension(self, node: ast.DictComp, frame: Frame) -> Val:
        table: dict[Any, Val] = {}
        pairs, sources = self._comprehend(node.generators, [node.key, node.value], frame)
        for pair in pairs:
            if isinstance(pair.data, Sequence) and isinstance(key := pair.data.items[0].data, (str, int)):
                table[key] = pair.data.items[1]
            else:
                table[UNKNOWN] = derive(UNKNOWN, pair)
        return derive(Table(table), *sources)

    def unpack(self, target: ast.expr, val: Val, frame: Frame) -> None:
        """Bind the names of a target to a value or its elements."""
        if isinstance(target, ast.Name):
            frame.scope.names[target.id] = Cell(val, frame.parsed.span(target))
        elif isinstance(target, (ast.Tuple, ast.List)):
            elements = iterate(val)
            fits = elements is not None and len(elements) == len(target.elts)
            for place, part in enumerate(target.elts):
                inner = part.value if isinstance(part, ast.Starred) else part
                self.unpack(inner, elements[place] if elements and fits and inner is part else derive(UNKNOWN, val), frame)
