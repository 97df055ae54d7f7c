"""What the exceptions of a call tell of what it was given: in their text, and what only their `repr` shows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Self

from msgspec.structs import replace

from leaktight.flow.value import Evidence, Fact, Value, all_depends, all_facts, merge_facts
from leaktight.policy.hosts import is_safe_host
from leaktight.project.settings import SettingValue

if TYPE_CHECKING:
    from leaktight.flow.conditions import Condition
    from leaktight.flow.frame import Frame
    from leaktight.flow.knowledge import FunctionSpec

OF_SETTINGS: Any = object()
"""The origin of what a setting holds that could not be read."""

_HOST = re.compile(r"https?://[^/?#]+[/?#]", re.IGNORECASE)
"""An address as far as its host, and that whole."""
_PUBLIC = re.compile(r"https?://(?:[\w-]+\.)+[a-z]{2,}(?:[:/?#]|$)", re.IGNORECASE)
"""An address of a host with a name, and nobody's password in front of it."""


_TEXT_OF_ERROR = frozenset({"args", "message", "msg"})
"""Attributes of an exception that hold what its text is made of."""
_WITHOUT_MESSAGE = frozenset(
    {"Exception", "BaseException", "OSError", "IOError", "ValueError", "KeyError", "TypeError", "RuntimeError"}
)


class Caught(str):
    """The origin of an exception: besides saying that, it knows what only the `repr` of it tells, and when it is raised."""

    __slots__ = ("told", "under")

    def __new__(cls, told: tuple[Fact, ...] = (), under: tuple[Condition, ...] = ()) -> Self:
        made = super().__new__(cls, "exception")
        made.told = told
        made.under = under
        return made

    told: tuple[Fact, ...]
    under: tuple[Condition, ...]


def raised_by(frame: Frame, spec: FunctionSpec, arguments: dict[str, Value], receiver: Value | None) -> None:
    """What the exceptions of a call from outside tell of what it was given, or its object remembers."""
    for name, constants in spec.raises_when.items():
        if name not in arguments or arguments[name].const not in constants:
            return
    given = {**(receiver.fields or {}), **arguments} if receiver is not None and spec.raises_in_repr else arguments
    if "url" in spec.raises:
        frame.asked.append(_is_from_inside(arguments))
    text = [arguments[name] for name in spec.raises if name in arguments]
    shown = [given[name] for name in spec.raises_in_repr if name in given]
    facts, told = merge_facts(*map(all_facts, text)), merge_facts(*map(all_facts, shown))
    depends = tuple(item for value in text for item in all_depends(value))
    if facts or told or depends:
        frame.raised.append(Value(facts=facts, depends=depends, origin=Caught(told, frame.under)))


def _is_from_inside(arguments: dict[str, Value]) -> bool:
    """Tell a request whose address is one of the inside, or carries something that is not for everybody."""
    queried = arguments.get("params")
    if queried is not None and all_facts(queried):
        return True
    url = arguments.get("url")
    if url is None:
        return False
    if url.origin is OF_SETTINGS or isinstance(url.origin, SettingValue):
        return True
    host = _HOST.match(url.start if url.text is None else f"{url.text}/")
    return host is not None and (not _PUBLIC.match(host[0]) or is_safe_host(host[0]) not in {None, "documentation"})


def shown(value: Value) -> Value:
    """The value as its `repr` shows it."""
    if not isinstance(value.origin, Caught) or not value.origin.told:
        return value
    twin = value.copy()
    twin.facts = merge_facts(value.facts, value.origin.told)
    return twin


def told_by(error: Value, name: str) -> tuple[Fact, ...]:
    """What an exception tells by one of its attributes; classes of the language have no `message`, so asking for it fails."""
    if name not in _TEXT_OF_ERROR or not isinstance(error.origin, Caught):
        return ()
    if name == "message" and isinstance(error.type, str) and error.type.removeprefix("builtins.") in _WITHOUT_MESSAGE:
        return tuple(replace(fact, evidence=Evidence.NAME) if fact.source == "exception" else fact for fact in error.facts)
    return error.facts
