"""Keys that are taken out of a container: one that is known, or each of a list that is written out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from leaktight.flow import expressions, filtering
from leaktight.flow.value import GONE, MAX_PATH, Dependence, Value
from leaktight.source.code import Code, Op, walk

if TYPE_CHECKING:
    from leaktight.flow.frame import Frame


def forget(container: Value, key: Any) -> None:
    """A key is taken out: nothing under it leaves any more, and the rest is no whole request."""
    if container.is_shared:
        return
    if container.fields is None:
        container.fields = {}
    container.fields[key] = Value(const=None, type=GONE)
    container.depends = tuple(_without(item, key) for item in container.depends)
    container.facts = tuple(fact for fact in container.facts if fact.label != "request-data")


def _without(item: Dependence, key: Any) -> Dependence:
    """What a caller passes, all but what is under the key."""
    if item.text:
        return item
    last = item.path[-1] if item.path else None
    if isinstance(last, tuple) and last[0] == filtering.WITHOUT:
        return replace(item, path=(*item.path[:-1], (filtering.WITHOUT, (*last[1], key))))
    return item if len(item.path) >= MAX_PATH else replace(item, path=(*item.path, (filtering.WITHOUT, (key,))))


def forget_each(frame: Frame, target: Code | None, source: Value, body: Any) -> None:
    """`for key in ("password", "token"): data.pop(key)`: each of these keys is taken out."""
    if target is None or target[0] != Op.NAME:
        return
    members = expressions.constants(source)
    if isinstance(members, list):
        _forget_all(frame, target[2], members, body)


def forget_asked_for(frame: Frame, test: Code, body: list[Code]) -> None:
    """`if key in ("password", "token"): del data[key]`: each of these keys is taken out, whatever the loop around it runs over."""
    if (
        test[0] == Op.TEST
        and test[3] == "in"
        and len(test[2]) == 2
        and test[2][0][0] == Op.NAME
        and any(_bases(body, test[2][0][2]))
    ):
        members = expressions.constants(expressions.evaluate(frame, test[2][1]))
        if isinstance(members, list):
            _forget_all(frame, test[2][0][2], members, body)


def _forget_all(frame: Frame, name: str, keys: list[Any], body: Any) -> None:
    for code in _bases(body, name):
        container = expressions.evaluate(frame, code)
        for key in keys:
            if isinstance(key, str):
                forget(container, key)


def _bases(body: Any, name: str) -> list[Code]:
    """What `del base[name]` and `base.pop(name)` take out of."""
    found: list[Code] = []
    for code in walk(body):
        match code:
            case [Op.DELETE, int(), [*targets]]:
                found += [target[2] for target in targets if target[0] == Op.ITEM and _is(target[3], name)]
            case [Op.CALL, int(), [Op.ATTR, int(), base, "pop"], [first, *_], *_] if _is(first, name):
                found.append(base)
            case _:
                pass
    return [code for code in found if code[0] in {Op.NAME, Op.ATTR}]


def _is(code: Code, name: str) -> bool:
    return bool(code[0] == Op.NAME and code[2] == name)
