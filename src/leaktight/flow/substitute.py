"""Putting a caller's arguments in the place of a callee's symbolic parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from leaktight.flow import filtering
from leaktight.flow.value import (
    ANY_KEY,
    ELEMENT,
    MAX_DEPTH,
    MAX_FACTS,
    MISSING,
    SOME_KEY,
    UNKNOWN,
    Dependence,
    Value,
    all_depends,
    all_facts,
    contents,
    merge_facts,
    step,
)
from leaktight.policy import State
from leaktight.project.symbols import External

_PLAIN_TYPES = frozenset({"str", "bool", "int", "list", "tuple", "dict"})


def _same(value: Value) -> Value:
    return value


def _unread(_value: Value, _key: Any) -> Value:
    return UNKNOWN


class Actuals(Struct, eq=False):
    """What a call passes, by the index of the parameter."""

    values: dict[int, Value]
    spans: dict[int, int]
    span: int
    path: str
    name: str
    text: Callable[[Value], Value] = _same
    """What `str()` makes of a value."""
    read: Callable[[Value, Any], Value] = _unread
    """What an attribute or key of an instance gives."""
    _parts: dict[Dependence, Value] = {}

    def part(self, dependence: Dependence) -> Value | None:
        """The part of an argument a dependence means; None when nothing is passed."""
        known = self._parts.get(dependence)
        if known is not None:
            return known
        value = self.values.get(dependence.parameter)
        if value is None:
            return None
        for key in dependence.path:
            value = self._inside(value, key)
        value = self._arrived(value, dependence)
        self._parts[dependence] = value
        return value

    def _inside(self, value: Value, key: Any) -> Value:
        """One step into an argument: what is stored there, else what reading it there gives."""
        if key in {ELEMENT, ANY_KEY, SOME_KEY}:
            return self.read(value, key)
        if isinstance(key, int) and not _has_places(value):
            return _part(value, key) if value.depends and not value.facts else self.read(value, ELEMENT)
        if isinstance(key, int) and key < 0:
            key += len(value.fields or ())
        stored = bool(value.fields and key in value.fields)
        if not stored and isinstance(key, str) and value.type is not None and value.type not in _PLAIN_TYPES:
            found = self.read(value, key)
            if found is not UNKNOWN and found.ref is None:
                return found
        return _part(value, key)

    def _arrived(self, value: Value, dependence: Dependence) -> Value:
        """The part as the callee sees it: one step further, as text or in another state if it was changed."""
        span = self.spans.get(dependence.parameter, self.span)
        note = f"passed to `{self.name}()`"
        if dependence.text:
            value = self.text(value)
            facts, depends = all_facts(value), all_depends(value)
        else:
            facts, depends = value.facts, value.depends
        if dependence.state is not State.PLAIN:
            # What is hashed stays hashed when it is signed or encoded.
            facts = tuple(replace(fact, state=dependence.state) if fact.state.is_readable else fact for fact in facts)
            depends = tuple(replace(item, state=dependence.state) if item.state.is_readable else item for item in depends)
        if dependence.part:
            facts = tuple(replace(fact, part=dependence.part) for fact in facts)
            depends = tuple(replace(item, part=dependence.part) for item in depends)
        if dependence.text:
            arrived = Value(const=value.const, prefix=value.prefix, type=None if facts else value.type, origin=value.origin)
        else:
            arrived = value.copy()
        arrived.facts = tuple(replace(fact, trace=step(fact.trace, self.path, span, note)) for fact in facts)
        arrived.depends = depends
        return arrived


def _has_places(value: Value) -> bool:
    """Tell a sequence of which it is known what stands where."""
    return value.type in {"tuple", "list"} and bool(value.fields) and value.element is None


def _part(value: Value, key: Any) -> Value:
    if isinstance(key, tuple):
        return filtering.chosen(value, key)
    if value.fields and key in value.fields:
        return value.fields[key]
    deeper = tuple(replace(item, path=(*item.path, key)) for item in value.depends if not item.text and len(item.path) < 3)
    inner = value.element
    if inner is None:
        return Value(depends=deeper) if deeper else UNKNOWN
    if deeper:
        inner = inner.copy()
        inner.depends = tuple(dict.fromkeys(inner.depends + deeper))
    return inner


def touches(value: Value, actuals: Actuals) -> bool:
    """Tell whether putting the arguments in would tell anything new about the value."""
    if value.settled:
        return False
    for inner in contents(value):
        for dependence in inner.depends:
            part = actuals.part(dependence)
            if part is not None and part is not UNKNOWN and _tells_more(part):
                return True
    return False


def _tells_more(part: Value) -> bool:
    if part.facts or part.depends or part.const is not MISSING or part.prefix or isinstance(part.ref, External):
        return True
    if part.type is not None and part.type not in _PLAIN_TYPES:
        return True
    return any(inner.facts or inner.depends for inner in contents(part))


def substitute(value: Value, actuals: Actuals, depth: int = 0) -> Value:
    """The value with the caller's arguments in the place of parameters."""
    if depth > MAX_DEPTH or (not value.depends and not value.fields and value.element is None):
        return value
    if value.settled:
        # The callee's own container must not be written to by its callers.
        fresh = value.copy()
        fresh.fields = dict(value.fields) if value.fields else None
        return fresh
    result = value
    if value.depends:
        result = value.copy()
        result.depends = ()
        own_fields = value.fields
        for dependence in value.depends:
            part = actuals.part(dependence)
            if part is None:
                continue
            result.facts = merge_facts(result.facts, part.facts)
            result.depends = tuple(dict.fromkeys(result.depends + part.depends))[:MAX_FACTS]
            result.prefix = result.prefix or part.start
            if not dependence.text:
                _take_identity(result, part, alone=len(value.depends) == 1)
                if part.fields and result.fields is not part.fields:
                    result.fields = {**part.fields, **(own_fields or {})}
                if part.element is not None and result.element is None:
                    result.element = part.element
            elif len(value.depends) == 1 and value.type != "str" and part.const is not None:
                result.const = part.const
    if value.fields or value.element is not None:
        if result is value:
            result = value.copy()
        if value.fields:
            inside = {key: substitute(inner, actuals, depth + 1) for key, inner in value.fields.items()}
            result.fields = {**(result.fields or {}), **inside}
        if value.element is not None:
            result.element = substitute(value.element, actuals, depth + 1)
    return result


def _take_identity(result: Value, part: Value, *, alone: bool) -> None:
    """A value that *is* the argument has its constant, type and reference."""
    if alone:
        result.const = part.const
        result.origin = part.origin or result.origin
        result.type = part.type if part.type is not None else result.type
        result.ref = part.ref if part.ref is not None else result.ref
