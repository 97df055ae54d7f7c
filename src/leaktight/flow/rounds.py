"""Whether the body of a loop, run a second time, would see anything that its first time left."""

from __future__ import annotations

from operator import is_
from typing import TYPE_CHECKING, Any

from leaktight.flow.value import Value
from leaktight.source.code import FIRST_SPAN, Code, Op

if TYPE_CHECKING:
    from leaktight.flow.frame import Env, Frame

_FILLS = frozenset({"append", "appendleft", "add", "insert", "extend"})
"""Methods that put something into a container and tell nothing of what is in it."""

_ALL = "*"
"""Stands among the names for all of them: a function made in the body may read any."""

_MOST = 100
"""Values looked at inside one; what lies deeper is taken to have changed."""

Held = tuple[Any, ...]


class Round:
    """What a loop runs over, and what the names around it hold, before its body runs."""

    def __init__(self, source: Value, env: Env, outer: Env | None) -> None:
        self.source = source, _held(source)
        self.before = dict(env)
        self.outer = outer or {}
        self._held = {name: _held(value) for name, value in (*self.outer.items(), *env.items())}

    def left_more(self, code: Code, frame: Frame) -> bool:
        """Tell whether the body left something labelled, or symbolic, where it reads it when it runs again.

        Functions that were made here may be called in the body, and read any name.
        """
        env = frame.env
        if not any(self._is_new(name, value) for name, value in env.items()):
            return False
        source, held = self.source
        if frame.closures or not _is_same(held, _held(source)):
            return True
        names = frame.reads.get(id(code))
        if names is None:  # a loop inside a loop comes here several times
            names = frame.reads[id(code)] = read_before_bound(code[2], code[4])
        return _ALL in names or any(self._is_more(name, env) for name in names)

    def _is_new(self, name: str, value: Value) -> bool:
        if value is self.before.get(name):
            return False
        return bool(value.facts or value.depends or value.fields or value.element is not None)

    def _is_more(self, name: str, env: Env) -> bool:
        value = env.get(name)
        if value is None or value is self.before.get(name):
            value = value or self.outer.get(name)
            return value is not None and not _is_same(self._held[name], _held(value))
        before = self.before.get(name)
        return before is None or not _is_alike(before, value)


def _is_alike(one: Value, other: Value) -> bool:
    """Tell whether the same is known of both, a constant included: conditions are decided by it."""
    return (
        type(one.const) is type(other.const)
        and (one.const, one.type, one.ref, one.facts, one.depends, one.prefix)
        == (other.const, other.type, other.ref, other.facts, other.depends, other.prefix)
        and one.origin is other.origin
        and one.fields is other.fields
        and one.element is other.element
    )


def _held(value: Value) -> Held:
    """All that is inside a value, to be compared by identity: containers are filled in place."""
    if value.fields is None and value.element is None:
        return (value, value.facts, value.depends)
    held: list[Any] = []
    seen = {id(value)}
    waiting = [value]
    while waiting and len(seen) < _MOST:
        current = waiting.pop()
        inside = list(current.fields.values()) if current.fields else []
        if current.element is not None:
            inside.append(current.element)
        held += (current, current.facts, current.depends, *inside)
        for inner in inside:
            if id(inner) not in seen:
                seen.add(id(inner))
                waiting.append(inner)
    if waiting:
        held.append(object())
    return tuple(held)


def _is_same(before: Held, after: Held) -> bool:
    return len(before) == len(after) and all(map(is_, before, after))


def read_before_bound(target: Code | None, body: list[Code]) -> set[str]:
    """The names a loop's body may read before it has bound them itself."""
    bound: set[str] = set()
    names: set[str] = set()
    if target is not None:
        _written(target, bound, names)
        _bind(target, bound)
    _block(body, bound, names)
    return names


def _block(block: list[Code], bound: set[str], names: set[str]) -> None:
    """Collect the names statements read that they have not surely bound before, and what they surely bind."""
    for code in block:
        match code[0]:
            case Op.ASSIGN:
                _loads(code[3], bound, names)
                for target in code[2]:
                    _written(target, bound, names)
                for target in code[2]:
                    _bind(target, bound)
            case Op.IF:
                _loads(code[2], bound, names)
                ends = [set(bound), set(bound)]
                _block(code[3], ends[0], names)
                _block(code[4], ends[1], names)
                bound |= ends[0] & ends[1]
            case Op.LOOP:
                _loads(code[3], bound, names)
                inside = set(bound)
                if code[2] is not None:
                    _written(code[2], bound, names)
                    _bind(code[2], inside)
                _block(code[4], inside, names)
                _block(code[5], set(bound), names)
            case Op.WITH:
                for manager, target in code[2]:
                    _loads(manager, bound, names)
                    if target is not None:
                        _written(target, bound, names)
                        _bind(target, bound)
                _block(code[3], bound, names)
            case Op.TRY:
                for types, name, handler, _ in code[3]:
                    _loads(types, bound, names)
                    _block(handler, bound | {name}, names)
                for part in (code[2], code[4], code[5]):
                    _block(part, set(bound), names)
            case Op.DEFINE | Op.CLASS:
                names.add(_ALL)
            case _:
                _loads(code, bound, names)


def _bind(target: Code, bound: set[str]) -> None:
    if target[0] == Op.NAME:
        bound.add(target[2])
    elif target[0] == Op.LIST:
        for inner in target[3]:
            _bind(inner, bound)
    elif target[0] == Op.STAR:
        _bind(target[2], bound)


def _written(target: Code, bound: set[str], names: set[str]) -> None:
    """What a target reads; `found[key] = …` only fills `found`."""
    if target[0] == Op.LIST:
        for inner in target[3]:
            _written(inner, bound, names)
    elif target[0] == Op.STAR:
        _written(target[2], bound, names)
    elif target[0] == Op.ITEM and target[2][0] == Op.NAME:
        _loads(target[3], bound, names)
    elif target[0] != Op.NAME:
        _loads(target, bound, names)


def _loads(code: object, bound: set[str], names: set[str]) -> None:
    waiting = [code]
    while waiting:
        code = waiting.pop()
        if type(code) is not list:
            continue
        if len(code) > 2 and isinstance(code[0], int) and isinstance(code[1], int) and code[1] >= FIRST_SPAN:
            if code[0] == Op.NAME:
                if code[2] not in bound:
                    names.add(code[2])
                continue
            if code[0] == Op.LAMBDA:
                names.add(_ALL)
            elif code[0] == Op.CALL and code[2][0] == Op.ATTR and code[2][3] in _FILLS and code[2][2][0] == Op.NAME:
                waiting += code[3:]  # what it is called on is only filled
                continue
        waiting += code
