"""Dictionaries copied without some keys, or with some only, before it is known what is in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from leaktight.flow import expressions
from leaktight.flow.value import MISSING, Dependence, Value
from leaktight.source.code import Code, Op

if TYPE_CHECKING:
    from leaktight.flow.frame import Frame

WITHOUT, ONLY = "without", "only"
"""First part of a step of a dependence's path that means all keys but some, or some keys only."""


def filtered(frame: Frame, element: Code, value: Code | None, generators: list[Any]) -> Value | None:
    """`{k: v for k, v in d.items() if k != "password"}` of a parameter: the parameter without that key."""
    if value is None or len(generators) != 1:
        return None
    target, iterable, conditions = generators[0]
    if not (
        target[0] == Op.LIST
        and [item[0] for item in target[3]] == [Op.NAME, Op.NAME]
        and element[0] == value[0] == Op.NAME
        and [element[2], value[2]] == [item[2] for item in target[3]]
        and iterable[0] == Op.CALL
        and iterable[2][0] == Op.ATTR
        and iterable[2][3] == "items"
        and conditions
    ):
        return None
    base = expressions.evaluate(frame, iterable[2][2])
    if not base.depends or isinstance(base.type, str):
        return None
    path: list[tuple[str, tuple[Any, ...]]] = []
    for condition in conditions:
        names = _names(frame, condition, element[2])
        if names is None:
            return None
        path.append((WITHOUT if condition[3] in {"!=", "not in"} else ONLY, names))
    depends = tuple(Dependence(item.parameter, (*item.path, *path), state=item.state) for item in base.depends if not item.text)
    return Value(type="dict", depends=depends)


def _names(frame: Frame, condition: Code, key: str) -> tuple[Any, ...] | None:
    """The constants a condition compares the key with."""
    if condition[0] != Op.TEST or not condition[3] or condition[2][0][0] != Op.NAME or condition[2][0][2] != key:
        return None
    right = expressions.evaluate(frame, condition[2][1])
    if "in" in condition[3]:
        members = expressions.constants(right)
        return tuple(members) if isinstance(members, list) else None
    return None if right.const is MISSING else (right.const,)


def chosen(value: Value, choice: tuple[str, tuple[Any, ...]]) -> Value:
    """The container with the keys a filter lets through."""
    kind, names = choice
    result = value.copy()
    result.fields = {key: inner for key, inner in (value.fields or {}).items() if (key in names) == (kind == ONLY)}
    return result
