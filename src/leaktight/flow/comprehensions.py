"""Comprehensions and generator expressions, pair by pair where the dictionary is known."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from leaktight.flow import assignment, exceptions, expressions, filtering, methods, removal
from leaktight.flow.value import Value
from leaktight.source.code import Code, Op

if TYPE_CHECKING:
    from leaktight.flow.frame import Frame

_UNCHANGED = frozenset({Op.NAME, Op.TEXT, Op.ITEM, Op.BINARY})
"""What a comprehension makes of a value it surely neither masks nor chooses."""


def comprehension(frame: Frame, code: Code) -> Value:
    _, _, kind, element_code, value_code, generators = code
    outer = frame.env
    copied = filtering.filtered(frame, element_code, value_code, generators)
    if copied is not None:
        return copied
    frame.env = dict(outer)
    frame.depth += 1
    result = Value(type="dict" if kind == "dict" else "list", depth=frame.depth)
    unchanged = (value_code or element_code)[0] in _UNCHANGED
    for _ in _rounds(frame, generators, unchanged=unchanged):
        if kind != "dict":
            result.add(expressions.evaluate(frame, element_code))
            continue
        key = expressions.constant_key(frame, element_code)
        inner = expressions.evaluate(frame, value_code)
        if key is None:
            result.add(inner)
        else:
            result.put(key, inner)
    for target, iterable, _ in generators[:1] if element_code[0] == Op.CALL else ():
        removal.forget_each(frame, target, expressions.evaluate(frame, iterable), element_code)
    frame.depth -= 1
    frame.env = outer
    return result


def _rounds(frame: Frame, generators: list[Any], *, unchanged: bool) -> Iterator[None]:
    """The rounds of a comprehension: one for each pair of a known dictionary, else one for all there may be."""
    if not generators:
        yield
        return
    target, iterable, conditions = generators[0]
    source = expressions.evaluate(frame, iterable)
    pairs = list((source.fields or {}).values()) if source.origin == methods.PAIRS else []
    element = expressions.element_of(frame, source)
    if isinstance(source.origin, Value) and not conditions and unchanged:
        element = methods.whole_pair(frame, source, iterable[1])
    for item in pairs or [element]:
        assignment.assign(frame, target, item)
        # Every condition is evaluated, for what it calls; one known not to hold ends the round.
        if False not in [expressions.known_truth(frame, condition) for condition in conditions]:
            for condition in conditions:
                frame.env.update(exceptions.narrowed(frame, condition))
            yield from _rounds(frame, generators[1:], unchanged=unchanged)
