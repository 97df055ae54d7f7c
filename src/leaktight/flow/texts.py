"""What is left of a value when it is written out as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from leaktight.flow import construct
from leaktight.flow.value import (
    MISSING,
    TRUTH,
    Value,
    as_text,
    with_state,
)
from leaktight.policy import State
from leaktight.project.symbols import ClassRef

if TYPE_CHECKING:
    from leaktight.flow.frame import Frame

_SAFE_TYPES = frozenset({"bool", "int"})


def _with_texts(frame: Frame, value: Value, span: int, depth: int = 0) -> Value:
    """The dictionary or list with the texts of the objects and request containers in it."""
    changed: dict[Any, Value] = {}
    for key, inner in (value.fields or {}).items():
        if _is_object(frame, inner):
            changed[key] = stringify(frame, inner, span=span)
        elif inner.fields and inner.type in {"dict", "list", "tuple"} and depth < 2:
            changed[key] = _with_texts(frame, inner, span, depth + 1)
    if not changed:
        return value
    twin = value.copy()
    twin.fields = {**(value.fields or {}), **changed}
    return twin


def _is_object(frame: Frame, value: Value) -> bool:
    if isinstance(value.type, ClassRef):
        return True
    spec = frame.machine.knowledge.classes.get(value.type) if isinstance(value.type, str) else None
    return spec is not None and (spec.protects or bool(spec.container))


def masked(value: Value) -> Value:
    """The last or first few characters of something."""
    return with_state(value, State.LAST4)


def stringify(frame: Frame, value: Value, *, shallow: bool = False, inside: bool = True, span: int = 0) -> Value:
    """The text of a value: what `str()` or `%s` writes of it.

    `inside` says that what a dictionary or list holds is written out as well; `span` is where, if that is known.
    """
    if value.const is not MISSING or value.type in _SAFE_TYPES:
        return value
    if isinstance(value.type, ClassRef):
        return construct.text_of(frame, value, value.type)
    if isinstance(value.type, str):
        spec = frame.machine.knowledge.classes.get(value.type)
        if spec is not None and spec.protects:
            return TRUTH
        if spec is not None and spec.container and not value.facts:
            return construct.text_of_container(frame, value, spec, span)
    if value.ref is not None:
        return TRUTH
    if inside and value.fields:
        value = _with_texts(frame, value, span)
    if shallow or (value.is_clean and not value.prefix):
        return value
    return as_text(value, prefix=value.start)
