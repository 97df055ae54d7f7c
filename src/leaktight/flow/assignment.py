"""Binding values to targets: names, attributes, keys, and several at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from leaktight.flow import expressions, keys
from leaktight.flow.naming import name_value
from leaktight.flow.value import MAX_PATH, UNKNOWN, Value, all_facts
from leaktight.source.code import Code, Op

if TYPE_CHECKING:
    from leaktight.flow.frame import Frame


def assign(frame: Frame, target: Code, value: Value) -> None:
    """Bind a value to a target."""
    match target[0]:
        case Op.NAME:
            frame.env[target[2]] = name_value(frame, target[2], value, target[1], what="stored in")
        case Op.ATTR:
            keys.write_attribute(frame, container(frame, target[2]), target[3], value, target[1])
        case Op.ITEM:
            base = container(frame, target[2])
            if target[3][0] == Op.SLICE:
                base.add(value)
                return
            key = expressions.constant_key(frame, target[3])
            keys.write_key(frame, base, key, value, target)
        case Op.LIST:
            unpack(frame, target[3], value)
        case Op.STAR:
            assign(frame, target[2], value)
        case _:
            pass


def container(frame: Frame, code: Code) -> Value:
    """What is written into; something not known yet becomes a container of its own."""
    base = expressions.evaluate(frame, code)
    if base is UNKNOWN:
        base = Value(depth=frame.depth)
        if code[0] == Op.NAME:
            frame.env[code[2]] = base
    return base


def unpack(frame: Frame, targets: list[Code], value: Value) -> None:
    """`a, b = value`: by position where that is known."""
    for index, target in enumerate(targets):
        inner = (value.fields or {}).get(index) if value.type in {"tuple", "list"} else None
        if inner is None:
            inner = _at(frame, value, index)
        assign(frame, target, inner)


def _at(frame: Frame, value: Value, index: int) -> Value:
    """What stands at a place of something of which that is not known."""
    if value.type == "tuple" and value.fields and value.element is None:
        # One that is left out of a tuple is one of which nothing is known.
        inner, facts = UNKNOWN, value.facts
    elif value.type == "dict":
        inner, facts = UNKNOWN, all_facts(value)
    else:
        inner, facts = expressions.element_of(frame, value), all_facts(value)
    if not (value.facts or value.depends or value.origin is not None):
        return inner
    # The caller knows what stands where in what it passes.
    depends = tuple(
        item if item.text or len(item.path) >= MAX_PATH else replace(item, path=(*item.path, index)) for item in value.depends
    )
    return Value(facts=inner.facts or facts, depends=depends, origin=inner.origin or value.origin)
