"""What the exceptions of a call tell of what it was given: in their text, and what only their `repr` shows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Self

from leaktight.flow.value import Fact, Value, all_depends, all_facts, merge_facts
from leaktight.policy.hosts import is_safe_host

if TYPE_CHECKING:
    from leaktight.flow.frame import Frame
    from leaktight.flow.knowledge import FunctionSpec

_PUBLIC = re.compile(r"https?://(?:[\w-]+\.)+[a-z]{2,}(?:[:/?#]|$)", re.IGNORECASE)
"""An address of a host with a name, and nobody's password in front of it."""


class Caught(str):
    """The origin of an exception: besides saying that, it knows what only the `repr` of it tells."""

    __slots__ = ("told",)

    def __new__(cls, told: tuple[Fact, ...] = ()) -> Self:
        made = super().__new__(cls, "exception")
        made.told = told
        return made

    told: tuple[Fact, ...]


def raised_by(frame: Frame, spec: FunctionSpec, arguments: dict[str, Value], receiver: Value | None) -> None:
    """What the exceptions of a call from outside tell of what it was given, or its object remembers."""
    for name, constants in spec.raises_when.items():
        if name not in arguments or arguments[name].const not in constants:
            return
    given = {**(receiver.fields or {}), **arguments} if receiver is not None and spec.raises_in_repr else arguments
    if "url" in spec.raises:
        frame.asked.append(_is_written_out(arguments))
    text = [arguments[name] for name in spec.raises if name in arguments]
    shown = [given[name] for name in spec.raises_in_repr if name in given]
    facts, told = merge_facts(*map(all_facts, text)), merge_facts(*map(all_facts, shown))
    depends = tuple(item for value in text for item in all_depends(value))
    if facts or told or depends:
        frame.raised.append(Value(facts=facts, depends=depends, origin=Caught(told)))


def _is_written_out(arguments: dict[str, Value]) -> bool:
    """Tell a request whose address everybody may know: the text of what it raises holds no more than that."""
    url = arguments.get("url")
    address = url.text if url is not None else None
    if address is None or not _PUBLIC.match(address) or is_safe_host(address) not in {None, "documentation"}:
        return False
    queried = arguments.get("params")
    return queried is None or not all_facts(queried)


def shown(value: Value) -> Value:
    """The value as its `repr` shows it."""
    if not isinstance(value.origin, Caught) or not value.origin.told:
        return value
    twin = value.copy()
    twin.facts = merge_facts(value.facts, value.origin.told)
    return twin
