"""Follows conditions, loops and exception handlers: both ways where either is possible, joined after."""

from __future__ import annotations

import ast
from collections.abc import Callable
from collections.abc import Sequence as Nodes
from dataclasses import replace
from typing import Final

from leaktight.model import Certainty, Step
from leaktight.project.settings.functions import Functions
from leaktight.project.settings.lookup import Flow
from leaktight.project.settings.methods import iterate
from leaktight.project.settings.operators import compare
from leaktight.project.settings.store import bind
from leaktight.project.settings.things import Frame, Reader
from leaktight.project.settings.values import (
    MISSING,
    UNKNOWN,
    Cell,
    Scope,
    Val,
    defaulted,
    derive,
    join,
    known,
    merge_envs,
    plain,
    same,
    truth,
    unknown,
)

_LOOPS: Final = 500
_CASES: Final = 12
_IMPORT_ERRORS = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})


class Branches(Functions):
    """Conditions, loops, handlers."""

    def branch(self, test: Val, body: Nodes[ast.stmt], orelse: Nodes[ast.stmt], frame: Frame) -> Flow:
        """Follow the way a condition chooses; where both are possible, follow both and join them."""
        answer = truth(test)
        if answer is not None and test.certainty is Certainty.KNOWN:
            return self.block(body if answer else orelse, frame)
        return self.fork(test, lambda: self.block(body, frame), lambda: self.block(orelse, frame), frame)

    def fork(self, test: Val, yes: Callable[[], Flow], no: Callable[[], Flow], frame: Frame) -> Flow:
        """Follow two ways; which of them is the default, the test tells, if it tells anything."""
        answer = truth(test)
        scopes = frame.scope.chain()
        before = [dict(scope.names) for scope in scopes]
        self.spend(sum(map(len, before)) >> 4)
        flow_yes = yes()
        returned_yes = frame.returned
        after_yes = [scope.names for scope in scopes]
        for scope, names in zip(scopes, before, strict=True):
            scope.names = names
        flow_no = no()
        ends = {Flow.RETURN, Flow.DEAD}
        if flow_yes in ends and flow_no in ends:
            return self._both_end(test, flow_yes, flow_no, returned_yes, frame)
        if flow_yes in ends:
            if flow_yes is Flow.RETURN:
                frame.pending.append((test, returned_yes or known(None), answer))
            elif answer is True:
                self._require(test, scopes)
            return flow_no
        if flow_no in ends:
            for scope, names in zip(scopes, after_yes, strict=True):
                scope.names = names
            if flow_no is Flow.RETURN:
                frame.pending.append((test, frame.returned or known(None), None if answer is None else not answer))
            elif answer is False:
                self._require(test, scopes)
            return flow_yes
        for scope, names in zip(scopes, after_yes, strict=True):
            first, second = (names, scope.names) if answer is not False else (scope.names, names)
            scope.names = self._merge(test, first, second, certain=answer is not None)
        if answer is None:
            return Flow.NEXT
        return flow_yes if answer else flow_no

    def _both_end(
        self,
        test: Val,
        yes: Flow,
        no: Flow,
        returned: Val | None,
        frame: Frame,
    ) -> Flow:
        if yes is Flow.RETURN and no is Flow.RETURN:
            answer = truth(test)
            a, b = returned or known(None), frame.returned or known(None)
            if answer is None:
                frame.returned = join(a, b)
            else:
                frame.returned = self.conditional(test, a, b) if answer else self.conditional(test, b, a)
            return Flow.RETURN
        if yes is Flow.RETURN:
            frame.returned = returned
        return Flow.RETURN if Flow.RETURN in {yes, no} else Flow.DEAD

    def _require(self, test: Val, scopes: list[Scope]) -> None:
        """Code that gives up by default requires the variable to be set: its default is no value at all."""
        if len(test.envs) != 1:
            return
        for scope in scopes:
            for name, cell in scope.names.items():
                if cell.val.certainty is Certainty.DEFAULTED and cell.val.envs == test.envs:
                    scope.names[name] = replace(cell, val=unknown(*test.envs))

    def _merge(self, test: Val, first: dict[str, Cell], second: dict[str, Cell], *, certain: bool) -> dict[str, Cell]:
        """Join the names of two ways; with `certain` the first is the one taken by default."""
        merged: dict[str, Cell] = {}
        for name in dict.fromkeys((*first, *second)):
            a, b = first.get(name), second.get(name)
            if a is b and a is not None:
                merged[name] = a
                continue
            left = a or Cell(Val(MISSING))
            right = b or Cell(Val(MISSING))
            if same(left.val, right.val) and a is not None:
                merged[name] = a
                continue
            val = self.conditional(test, left.val, right.val) if certain else join(left.val, right.val, *test.envs)
            chain = left.chain
            if right.span is not None and right.span != left.span:
                note = "another value where the condition is different" if certain else "or this value"
                chain = (*chain, Step(right.span, note))
            merged[name] = Cell(val, left.span or right.span, chain, left.source)
        return merged

    def _for(self, node: ast.For, frame: Frame) -> Flow:
        source = self.eval(node.iter, frame)
        elements = iterate(source)
        if elements is None or len(elements) > _LOOPS:
            return self._perhaps(node, derive(UNKNOWN, source), frame)
        if source.certainty is Certainty.KNOWN:
            return self._each(node, elements, frame)
        # Another environment would give other elements, or any at all.
        test = Val(data=True, certainty=Certainty.DEFAULTED, envs=source.envs)
        return self.fork(
            test, lambda: self._each(node, elements, frame), lambda: self._perhaps(node, derive(UNKNOWN, source), frame), frame
        )

    def _each(self, node: ast.For, elements: tuple[Val, ...], frame: Frame) -> Flow:
        """Follow a loop's body for each element."""
        for element in elements:
            if element.data is UNKNOWN:
                self._perhaps(node, element, frame)
                continue
            self.assign(node.target, element, node, frame)
            flow = self.block(node.body, frame)
            if flow in {Flow.RETURN, Flow.DEAD}:
                return flow
            if flow is Flow.BREAK:
                return Flow.NEXT
        return self.block(node.orelse, frame)

    def _perhaps(self, node: ast.For | ast.While, element: Val, frame: Frame) -> Flow:
        """Follow a loop's body that runs some unknown number of times."""

        def once() -> Flow:
            if isinstance(node, ast.For):
                self.assign(node.target, element, node, frame)
            flow = self.block(node.body, frame)
            return flow if flow in {Flow.RETURN, Flow.DEAD} else Flow.NEXT

        return self.fork(derive(UNKNOWN, element), once, lambda: Flow.NEXT, frame)

    def _while(self, node: ast.While, frame: Frame) -> Flow:
        test = self.eval(node.test, frame)
        if truth(test) is False and test.certainty is Certainty.KNOWN:
            return self.block(node.orelse, frame)
        return self._perhaps(node, unknown(), frame)

    def _match(self, node: ast.Match, frame: Frame) -> Flow:
        subject = self.eval(node.subject, frame)

        def follow(place: int) -> Flow:
            if place == len(node.cases):
                return Flow.NEXT
            case = node.cases[place]
            test = self._matches(case.pattern, subject, frame)
            if case.guard is not None:
                guard = self.eval(case.guard, frame)
                test = derive(
                    False if truth(test) is False else UNKNOWN if None in (truth(test), truth(guard)) else truth(guard),
                    test,
                    guard,
                )
            answer = truth(test)
            if answer is not None and test.certainty is Certainty.KNOWN:
                return self.block(case.body, frame) if answer else follow(place + 1)
            return self.fork(test, lambda: self.block(case.body, frame), lambda: follow(place + 1), frame)

        return follow(0) if len(node.cases) <= _CASES else Flow.NEXT

    def _matches(self, pattern: ast.pattern, subject: Val, frame: Frame) -> Val:
        match pattern:
            case ast.MatchValue(value=value):
                return compare("Eq", subject, self.eval(value, frame))
            case ast.MatchSingleton(value=value):
                return derive(UNKNOWN if subject.data is UNKNOWN else subject.data is value, subject)
            case ast.MatchOr(patterns=patterns):
                answers = [self._matches(part, subject, frame) for part in patterns]
                truths = [truth(answer) for answer in answers]
                return derive(True if True in truths else UNKNOWN if None in truths else False, *answers)
            case ast.MatchAs(pattern=None, name=name):
                if name is not None:
                    bind(frame.scope, name, subject, None)
                return known(True)
            case _:
                pass
        return unknown()

    # -- blocks --------------------------------------------------------------------------------

    def _try(self, node: ast.Try | ast.TryStar, frame: Frame) -> Flow:
        """Follow the body; where it may fail, follow the handlers as well, from what was before."""
        doubts, missing = self.doubts, self.missing
        guarded = any(_catches(handler, _IMPORT_ERRORS) for handler in node.handlers)
        scopes = frame.scope.chain()
        before = [dict(scope.names) for scope in scopes]
        self.optional += guarded
        flow = self.block(node.body, frame)
        self.optional -= guarded
        failing = self.doubts != doubts or flow is Flow.DEAD
        if flow is Flow.NEXT and self.missing == missing:
            flow = self.block(node.orelse, frame)
        if self.missing != missing and guarded:
            # The module is not in the tree, so this is what happens with the code that is.
            flow = self._handlers(node, frame, only=_IMPORT_ERRORS)
        elif failing and node.handlers:
            after = [scope.names for scope in scopes]
            for scope, names in zip(scopes, before, strict=True):
                scope.names = names
            returned = frame.returned
            other = self._handlers(node, frame)
            if other is Flow.DEAD or (other is Flow.RETURN and flow is Flow.NEXT):
                if other is Flow.RETURN:
                    frame.pending.append((unknown(), frame.returned or known(None), None))
                for scope, names in zip(scopes, after, strict=True):
                    scope.names = names
            elif flow is Flow.RETURN and other is Flow.RETURN:
                frame.returned = _recovered(returned or known(None), frame.returned or known(None))
            elif flow is Flow.RETURN:
                frame.pending.append((unknown(), returned or known(None), None))
                flow = other
            elif flow is Flow.DEAD:
                flow = other
            else:
                for scope, names in zip(scopes, after, strict=True):
                    scope.names = _recover(names, scope.names)
        last = self.block(node.finalbody, frame)
        return last if last is not Flow.NEXT else flow

    def _handlers(self, node: ast.Try | ast.TryStar, frame: Frame, *, only: frozenset[str] = frozenset()) -> Flow:
        """Follow the first handler that does not give up."""
        handlers = [handler for handler in node.handlers if not only or _catches(handler, only)]
        flow = Flow.DEAD
        for handler in handlers:
            if handler.name:
                bind(frame.scope, handler.name, unknown(), None)
            flow = self.block(handler.body, frame)
            if flow is not Flow.DEAD:
                return flow
        return flow

    def _with(self, node: ast.With, frame: Frame) -> Flow:
        readers: list[tuple[Reader, str]] = []
        for item in node.items:
            val = self.eval(item.context_expr, frame)
            call = item.context_expr
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "prefixed" and call.args:
                reader, prefix = self.eval(call.func.value, frame), plain(self.eval(call.args[0], frame))
                if isinstance(reader.data, Reader) and isinstance(prefix, str):
                    readers.append((reader.data, reader.data.prefix))
                    reader.data.prefix += prefix
                    val = reader
            if item.optional_vars is not None:
                self.assign(item.optional_vars, val if readers else derive(UNKNOWN, val), node, frame)
        flow = self.block(node.body, frame)
        for reader_thing, prefix in readers:
            reader_thing.prefix = prefix
        return flow


def _catches(handler: ast.ExceptHandler, names: frozenset[str]) -> bool:
    """Tell whether a handler catches one of these exceptions, by the name it is written with."""
    if handler.type is None:
        return True
    types = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any((node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")) in names for node in types)


def _recover(body: dict[str, Cell], handled: dict[str, Cell]) -> dict[str, Cell]:
    """Join the names after a try body with those after its handlers."""
    merged: dict[str, Cell] = {}
    for name in dict.fromkeys((*body, *handled)):
        a, b = body.get(name), handled.get(name)
        if a is b and a is not None:
            merged[name] = a
            continue
        left, right = a or Cell(Val(MISSING)), b or Cell(Val(MISSING))
        if same(left.val, right.val) and a is not None:
            merged[name] = a
            continue
        chain = left.chain if right.span is None else (*left.chain, Step(right.span, "or this value, when that fails"))
        merged[name] = Cell(_recovered(left.val, right.val), left.span or right.span, chain, left.source)
    return merged


def _recovered(tried: Val, otherwise: Val) -> Val:
    """Give what `try: X = os.environ["X"]` and `except KeyError: X = default` come to."""
    if tried.data is UNKNOWN and tried.envs and otherwise.known:
        return replace(defaulted(otherwise, tried.envs[0]), envs=merge_envs(tried.envs, otherwise.envs))
    return join(tried, otherwise)
