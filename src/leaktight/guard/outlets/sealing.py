"""Arguments of tasks on their way through a broker: sealed where they are sensitive, opened by the worker that runs the task."""

from __future__ import annotations

import base64
import binascii
import inspect
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from leaktight.guard.blocked import LeakBlocked
from leaktight.guard.keys import CannotOpen, open_sealed, seal
from leaktight.guard.values.collect import label_of
from leaktight.guard.values.declare import declared_by, site_wide
from leaktight.guard.values.deep import first_hit
from leaktight.guard.values.search import Search
from leaktight.guard.verdict import forbidden
from leaktight.policy import Channel

MARK = "leaktight-sealed:"
_PURPOSE = "task"
_DEEPEST = 16


class Met(NamedTuple):
    """Something sensitive among the arguments."""

    text: str
    label: str
    name: str
    form: str


class Arguments:
    """Walks through the arguments of tasks. `searches` find the values that are known; names say the rest."""

    def __init__(self, searches: Sequence[Search], change: Callable[[Any, str], Any]) -> None:
        self._searches = searches
        self._change = change
        self.met: list[Met] = []

    def walked(self, value: Any, name: str, task: str, names: Mapping[str, str], depth: int = 0) -> Any:
        """Return arguments with what is sensitive changed; `task` is the task they are for, `names` what is declared for it."""
        match value:
            case None | bool():
                return value
            case str() | int() | float() | bytes():
                return self._leaf(value, name, task, names)
            case {"task": str(other), "args": _, "kwargs": _} if depth:  # a signature, of a chain or a callback
                task = other
        if depth > _DEEPEST:
            raise LeakBlocked(Channel.TASK_QUEUE, "secret", "its arguments are nested too deeply to be looked into")
        match value:
            case Mapping():
                found = {key: self.walked(inner, str(key), task, names, depth + 1) for key, inner in value.items()}
                return value if all(found[key] is inner for key, inner in value.items()) else _like(value, found)
            case list() | tuple():
                items = [self.walked(inner, name, task, names, depth + 1) for inner in value]
                if all(new is old for new, old in zip(items, value, strict=True)):
                    return value
                return items if isinstance(value, list) else tuple(items)
            case _:
                return value

    def _leaf(self, value: Any, name: str, task: str, names: Mapping[str, str]) -> Any:
        text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
        if not text or text.startswith(MARK):
            return value
        met = self._found(text, name, names)
        if met is None:
            return value
        self.met.append(met)
        return self._change(value, task)

    def _found(self, text: str, name: str, names: Mapping[str, str]) -> Met | None:
        given = label_of(name, names) if name else None
        if given is not None and given[1] and forbidden(given[0], Channel.TASK_QUEUE):
            return Met(text, given[0], name, "named")
        for search in self._searches:
            if (hit := first_hit(search, text)) is not None:
                return Met(hit.value, hit.label, hit.name, hit.form)
        return None


def _like(value: Mapping[Any, Any], found: dict[Any, Any]) -> Any:
    """Keep the kind of a signature, which is a dictionary with methods."""
    if type(value) is dict:
        return found
    made = value.copy() if hasattr(value, "copy") else dict(value)
    made.update(found)
    return made


def sealed(value: Any, task: str) -> str:
    """Seal one argument for one task."""
    data = {"b": base64.b64encode(value).decode()} if isinstance(value, bytes) else value
    return MARK + base64.b64encode(seal(json.dumps(data).encode(), _PURPOSE, task)).decode("ascii")


def opened(value: Any, task: str) -> Any:
    """Open what was sealed for a task anywhere in its arguments. Raises `CannotOpen`."""
    match value:
        case str() if value.startswith(MARK):
            try:
                data = json.loads(open_sealed(base64.b64decode(value[len(MARK) :], validate=True), _PURPOSE, task).data)
            except (binascii.Error, ValueError):
                raise CannotOpen from None
            return base64.b64decode(data["b"]) if isinstance(data, dict) else data
        case dict():
            return {key: opened(inner, task) for key, inner in value.items()}
        case list():
            return [opened(inner, task) for inner in value]
        case tuple():
            return tuple(opened(inner, task) for inner in value)
        case _:
            return value


def names_of(task: Any) -> Mapping[str, str]:
    """Return what is declared for a task: on its function or its class, and by forms, serializers and models."""
    function = getattr(task, "run", task)
    return {
        **site_wide(),
        **(declared_by(task) if task is not None else {}),
        **declared_by(getattr(function, "__func__", function)),
    }


def by_name(task: Any, args: Any, kwargs: Any) -> Iterator[tuple[str, Any]]:
    """Yield the arguments of a task with the names its function gives them."""
    yield from (kwargs or {}).items()
    try:
        parameters = [name for name in inspect.signature(task.run).parameters if name != "self"]
    except (AttributeError, TypeError, ValueError):
        parameters = []
    for at, value in enumerate(args or ()):
        yield (parameters[at] if at < len(parameters) else ""), value
