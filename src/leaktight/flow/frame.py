"""The evaluation of one function body, statement by statement, with symbolic parameters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from leaktight.flow import exceptions, expressions, generic_views, keys
from leaktight.flow.assignment import assign
from leaktight.flow.calls import implicit_call, run_uncalled
from leaktight.flow.conditions import Condition, conditions_of
from leaktight.flow.emptiness import emptied
from leaktight.flow.expressions import closure, constant_key, element_of, entered, evaluate, known_truth
from leaktight.flow.machine import Summary
from leaktight.flow.methods import whole_pair
from leaktight.flow.naming import name_value
from leaktight.flow.outside import note_call
from leaktight.flow.removal import forget, forget_asked_for, forget_each
from leaktight.flow.rounds import Round
from leaktight.flow.typing import parameter_type
from leaktight.flow.value import UNKNOWN, Dependence, Evidence, Value, compact, join
from leaktight.project.symbols import ClassRef, External, FunctionRef
from leaktight.source.code import Code, Op

if TYPE_CHECKING:
    from leaktight.flow.events import Call
    from leaktight.flow.machine import Function, Machine

Env = dict[str, Value]

_OPERATIONS = frozenset({"get", "post", "put", "patch", "delete", "route", "errorhandler", "app_errorhandler"})
MAX_STATEMENTS = 20_000
"""Statements evaluated in one function before the rest of it is left; counted, never timed."""
SUMMARY_SIZE = 80
"""Values a summary holds at most, counted with all that is inside them."""


class Frame:
    """One function being evaluated."""

    evaluate = expressions.evaluate
    """What an expression gives here. Those that `expressions` is built on ask for it here: an import inside them took a tenth of the time."""
    element_of = expressions.element_of

    def __init__(self, machine: Machine, path: str, env: Env, *, function: FunctionRef | None = None) -> None:
        self.machine = machine
        self.path = path
        self.env = env
        self.function = function
        self.outer: Env | None = None
        self.depth = 0
        self.inlined = 0
        self.budget = MAX_STATEMENTS
        self.returns: Value | None = None
        self.yields: Value | None = None
        self.raised: list[Value] = []
        self.asked: list[bool] = []
        """Of each request to another site: whether its address is surely of the inside, or carries something."""
        self.effects: dict[Any, Call] = {}
        self.under: tuple[Condition, ...] = ()
        """What is known of parameters where this runs now."""
        self.parameters: list[Value] = []
        self.handling: Value | None = None
        self.closures: list[Function] = []
        """Functions made while this one runs."""
        self.reads: dict[int, set[str]] = {}
        """What the loops of this body read of the names around them, by the identity of their code."""
        self.handed_to = ""
        """What a framework hands the result of this function to."""

    # -- making --------------------------------------------------------------------------------

    @classmethod
    def for_module(cls, machine: Machine, path: str, env: Env) -> Frame:
        """A frame for the statements at module level."""
        return cls(machine, path, env)

    @classmethod
    def for_function(cls, machine: Machine, ref: FunctionRef) -> Frame:
        """A frame whose parameters are symbols, typed and labelled by what their declaration tells."""
        frame = cls(machine, ref.path, {}, function=ref)
        function = machine.program.function(ref)
        owner = ClassRef(ref.path, function.owner) if function.owner >= 0 else None
        if owner is not None and not function.nested:
            frame.handed_to = machine.knowledge.results.get(function.name, "") or _taken_by_base(machine, owner, function.name)
        elif owner is None and function.decorators:
            frame.handed_to = _answer_of(machine, ref.path, function.decorators)
        if not frame.handed_to and function.decorators:
            frame.handed_to = _by_decorator(machine, ref.path, function.decorators)
        is_handler = any(ref in view.handlers.values() for view in machine.project.views.of(ref))
        for index, parameter in enumerate(function.parameters):
            given = generic_views.parameter(frame, owner, function.name, parameter.name) if owner else None
            if given is None:
                value = Value(type=parameter_type(frame, function, parameter, index, owner))
            else:
                value = given.copy()
            value.depends = (Dependence(index),)
            if parameter.kind in {"positional", "keyword"} and not (index == 0 and owner):
                value = name_value(frame, parameter.name, value, function.span, what="parameter")
                if is_handler and value.facts:
                    value = captured(value)
            frame.env[parameter.name] = value
            frame.parameters.append(value)
        return frame

    def summarise(self) -> Summary:
        """Evaluate the body and tell what calling the function does."""
        machine = self.machine
        function = machine.program.function(self.function) if self.function else None
        assert function is not None  # only functions have summaries
        self.run(machine.decode(function.body))
        run_uncalled(self)
        room = [SUMMARY_SIZE]
        writes = {}
        for index, value in enumerate(self.parameters):
            if value.fields:
                writes[index] = {key: compact(inner, room) for key, inner in value.fields.items() if room[0] > 0}
        summary = Summary(
            returns=compact(self.result(generator=function.generator), room),
            raised=tuple(compact(value, room) for value in self.raised[:8]),
            writes=writes,
            effects=list(self.effects.values()),
        )
        implicit_call(self, function, summary)
        return summary

    def result(self, *, generator: bool) -> Value:
        """What the function gives: for a generator something that holds what it yields."""
        if generator:
            sequence = Value(type="list")
            if self.yields is not None:
                sequence.add(self.yields)
            return sequence
        return self.returns or UNKNOWN

    # -- statements ----------------------------------------------------------------------------

    def run(self, block: list[Code]) -> bool:
        """Evaluate statements; tell whether the end of the block is never reached."""
        for code in block:
            self.budget -= 1
            if self.budget < 0:
                return True
            method = _STATEMENTS.get(code[0])
            if method is not None and method(self, code):
                return True
        return False

    def branch(
        self,
        blocks: list[list[Code]],
        *,
        may_skip: bool,
        given: Sequence[Env] = (),
        under: Sequence[tuple[Condition, ...]] = (),
    ) -> bool:
        """Evaluate alternatives from the same start and join what they leave; `given` and `under` are what each of the first alone knows."""
        start, around = self.env, self.under
        ends: list[Env] = [dict(start)] if may_skip else []
        self.depth += 1
        for index, block in enumerate(blocks):
            self.env = {**start, **given[index]} if index < len(given) else dict(start)
            self.under = around + under[index] if index < len(under) else around
            if not self.run(block):
                ends.append(self.env)
        self.depth -= 1
        self.env, self.under = start, around
        if not ends:
            return True
        merged = join_environments(ends)
        start.clear()
        start.update(merged)
        return False

    def assign(self, code: Code) -> None:
        _, _, targets, value_code, annotation = code
        value = UNKNOWN if value_code is None else evaluate(self, value_code)
        if annotation is not None and value.type is None and value.ref is None:
            kind = parameter_type_of(self, annotation)
            if kind is not None:
                value = value.copy()
                value.type = kind
        for target in targets:
            assign(self, target, value)

    def augment(self, code: Code) -> None:
        _, span, target, operator, value_code = code
        combined = evaluate(self, [Op.BINARY, span, operator, target, value_code])
        assign(self, target, combined)

    def expression(self, code: Code) -> None:
        evaluate(self, code[2])

    def give(self, code: Code) -> bool:
        value = UNKNOWN if code[2] is None else evaluate(self, code[2])
        self.returns = value if self.returns is None else join(self.returns, value)
        if self.handed_to and value is not UNKNOWN:
            note_call(self, self.handed_to, UNKNOWN, {"value": value}, {"value": code[2][1]}, code[1])
        return True

    def raise_(self, code: Code) -> bool:
        exceptions.raise_(self, code)
        return True

    def if_(self, code: Code) -> bool:
        _, _, test, body, orelse = code
        truth = known_truth(self, test)
        if truth is not None:
            return self.run(body if truth else orelse)
        held = {**exceptions.narrowed(self, test), **emptied(self, test, holds=True)}
        forget_asked_for(self, test, body)
        given = [held, emptied(self, test, holds=False)]
        return self.branch([body, orelse], may_skip=False, given=given, under=conditions_of(self, test))

    def loop(self, code: Code) -> bool:
        _, _, target, iterable, body, orelse = code
        source = evaluate(self, iterable)
        if target is not None and isinstance(source.origin, Value) and not _chooses(body):
            source = Value(type="list", origin=source.origin)
            source.add(whole_pair(self, source, iterable[1]))
        first = Round(source, self.env, self.outer)
        self.iterate(target, source, body)
        if first.left_more(code, self):
            self.iterate(target, source, body)
        return self.run(orelse) if orelse else False

    def iterate(self, target: Code | None, source: Value, body: list[Code]) -> None:
        """One pass over the body of a loop, joined with not entering it."""
        start = self.env
        self.env = dict(start)
        self.depth += 1
        if target is not None:
            assign(self, target, element_of(self, source))
        ended = self.run(body)
        forget_each(self, target, source, body)
        self.depth -= 1
        after = self.env
        self.env = start
        if not ended:
            merged = join_environments([dict(start), after])
            start.clear()
            start.update(merged)

    def try_(self, code: Code) -> bool:
        return exceptions.try_(self, code)

    def with_(self, code: Code) -> bool:
        _, _, items, body = code
        for manager, target in items:
            value = evaluate(self, manager)
            if target is not None:
                assign(self, target, entered(self, value))
        return self.run(body)

    def define(self, code: Code) -> None:
        self.env[code[2]] = closure(self, code[3])

    def class_(self, code: Code) -> None:
        self.env[code[2]] = Value(ref=ClassRef(self.path, code[3]))

    def delete(self, code: Code) -> None:
        for target in code[2]:
            if target[0] == Op.NAME:
                self.env.pop(target[2], None)
            elif target[0] in {Op.ITEM, Op.ATTR}:
                base = evaluate(self, target[2])
                key = target[3] if target[0] == Op.ATTR else constant_key(self, target[3])
                if key is not None:
                    forget(base, key)

    def import_(self, code: Code) -> None:
        for local, qualified in code[2]:
            self.env[local] = self.machine.symbol_value(self.machine.program.resolve_qualified(qualified, self.path))

    def match(self, code: Code) -> bool:
        _, _, subject, cases = code
        value = evaluate(self, subject)
        blocks = [body if guard is None else [[Op.EXPRESSION, code[1], guard], *body] for _, guard, body in cases]
        given = [{name: self.captured(name, under, value, code[1]) for name, under in names} for names, _, _ in cases]
        return self.branch(blocks, may_skip=True, given=given)

    def captured(self, name: str, under: list[str], value: Value, span: int) -> Value:
        """What a `case` binds to a name: what stands under its keys, or some part of it."""
        for key in under:
            value = keys.read_key(self, value, key, span)
        return name_value(self, name, value, span, what="matched as")


def _taken_by_base(machine: Machine, owner: ClassRef, name: str) -> str:
    """What a base class from outside hands the result of a method to that it calls itself."""
    results = machine.knowledge.results
    beginning = f"{name.partition('_')[0]}_*"
    if beginning in machine.knowledge.methods_called and (found := _by_beginning(machine, owner, name, beginning)):
        return found
    if name not in machine.knowledge.methods_called:
        return ""
    return next((results[key] for base in machine.program.ancestors(owner) if (key := f"{base}.{name}") in results), "")


def _by_beginning(machine: Machine, owner: ClassRef, name: str, beginning: str) -> str:
    """The same for a method that answers for a field of its class: `resolve_name`, `get_name`."""
    if machine.program.class_value(owner, name[len(beginning) - 1 :]) is None:
        return ""
    results = machine.knowledge.results
    return next((results[key] for base in machine.program.ancestors(owner) if (key := f"{base}.{beginning}") in results), "")


def _by_decorator(machine: Machine, path: str, decorators: list[Code]) -> str:
    """What a decorator known by its name, `@strawberry.field`, hands the result to."""
    for code in decorators:
        symbol = machine.program.resolve_code(code[2] if code[0] == Op.CALL else code, path)
        name = machine.knowledge.canonical(symbol.name) if isinstance(symbol, External) else ""
        if name in machine.knowledge.results:
            return machine.knowledge.results[name]
    return ""


def _answer_of(machine: Machine, path: str, decorators: list[Code]) -> str:
    """What a decorator such as `@api.get("/orders")` hands the result to, unless it says which fields it lets through."""
    for code in decorators:
        if (
            code[0] != Op.CALL
            or code[2][0] != Op.ATTR
            or code[2][2][0] != Op.NAME
            or any(key == "response" for key, _ in code[4])
        ):
            continue
        if code[2][3] in _OPERATIONS:
            base = machine.lookup(path, code[2][2][2])
            if base is not None and isinstance(base.type, str):
                return machine.knowledge.results.get(f"{base.type}.{code[2][3]}", "")
    return ""


def captured(value: Value) -> Value:
    """A parameter of a view: it comes out of the URL."""
    labelled = value.copy()
    labelled.facts = tuple(replace(fact, evidence=fact.evidence | Evidence.SOURCE, source="url-path") for fact in value.facts)
    return labelled


def _chooses(body: Any) -> bool:
    """Tell whether a block does something for some of what it is run for, and not for the rest."""
    if not isinstance(body, list):
        return False
    is_code = len(body) > 1 and isinstance(body[0], int) and isinstance(body[1], int)
    return (is_code and body[0] in {Op.IF, Op.CHOICE, Op.MATCH}) or any(_chooses(inner) for inner in body)


def join_environments(ends: list[Env]) -> Env:
    """The names after branches, each with what it may be."""
    merged = ends[0]
    for other in ends[1:]:
        for name, value in other.items():
            known = merged.get(name)
            merged[name] = value if known is None or known is value else join(known, value)
    return merged


def parameter_type_of(frame: Frame, annotation: Code) -> Any:
    """The type an annotation names."""
    from leaktight.flow.typing import annotation_type

    return annotation_type(frame, annotation)


_STATEMENTS: dict[int, Callable[[Frame, Code], bool | None]] = {
    Op.ASSIGN: Frame.assign,
    Op.AUGMENT: Frame.augment,
    Op.EXPRESSION: Frame.expression,
    Op.RETURN: Frame.give,
    Op.RAISE: Frame.raise_,
    Op.IF: Frame.if_,
    Op.LOOP: Frame.loop,
    Op.TRY: Frame.try_,
    Op.WITH: Frame.with_,
    Op.DEFINE: Frame.define,
    Op.CLASS: Frame.class_,
    Op.DELETE: Frame.delete,
    Op.IMPORT: Frame.import_,
    Op.MATCH: Frame.match,
}
