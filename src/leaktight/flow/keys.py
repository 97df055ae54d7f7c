"""Keys and writes: where requests, sessions and the environment become sources, and what is stored where."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from leaktight.flow import attributes
from leaktight.flow.naming import MESSAGES, add_fact, name_value
from leaktight.flow.value import ANY_KEY, ELEMENT, MISSING, SOME_KEY, UNKNOWN, Evidence, Value, join, merge_facts
from leaktight.policy import Match, Strength
from leaktight.project.symbols import ClassRef, External

if TYPE_CHECKING:
    from leaktight.flow.frame import Frame

MAX_READING = 3
"""Properties read inside one another while an argument is put in the place of a parameter."""


def read_key(frame: Frame, base: Value, key: Any, span: int, *, note: bool = True) -> Value:
    """What `base[key]` or `base.get(key)` gives."""
    if base.fields and key in base.fields:
        return base.fields[key]
    if base.type == MESSAGES:
        return base
    container = container_source(frame, base)
    if isinstance(key, str):
        if container is not None:
            return _from_container(frame, base, container, key, span, note=note)
        depends = attributes.deeper(base, key)
        value = base.element or UNKNOWN
        kept = _item_class(frame, base)
        if depends or kept:
            value = value.copy()
            value.depends = tuple(dict.fromkeys(value.depends + depends))
            value.type = kept or value.type
        if isinstance(base.origin, str) and base.type is None and value.origin is None:
            value = value.copy()
            value.origin = base.origin
        named = name_value(frame, key, value, span, what="under the key")
        if note and base.type is None and base.depends and named.facts and frame.machine.is_watched("read:request-url"):
            from leaktight.flow.outside import note_call

            # The caller knows whether it is a request that is read.
            note_call(frame, "?.read", base, {"key": Value(const=key), "value": named}, {"key": span}, span)
        return named
    if base.type in {"list", "tuple"} and base.element is None and base.fields:
        return UNKNOWN if not base.facts else Value(facts=base.facts)
    value = base.element or UNKNOWN
    if base.facts or base.depends:
        value = value.copy()
        value.facts = merge_facts(value.facts, base.facts)
        value.depends += attributes.deeper(base, key) if base.type == "list" else base.depends
    return value


def picked(frame: Frame, names: Sequence[str], mapping: Value, span: int) -> dict[str, Value] | None:
    """What a template with named places takes out of a mapping; None when it has no such places."""
    return {name: read_key(frame, mapping, name, span, note=False) for name in names} or None


def of_the_rest(frame: Frame, rest: Value, name: str, span: int) -> Value:
    """What a keyword gets of a `**mapping` whose keys are not known."""
    return (
        read_key(frame, rest, name, span, note=False)
        if rest.depends
        else name_value(frame, name, rest, span, what="under the key")
    )


def read(frame: Frame, base: Value, name: str, span: int) -> Value:
    """What an attribute or a key gives, when it is not known which of them was written."""
    if name in {ELEMENT, ANY_KEY, SOME_KEY}:
        if name == SOME_KEY:
            return read_some_key(frame, base)
        return frame.element_of(base) if name == ELEMENT else read_unknown_key(frame, base)
    if container_source(frame, base) is not None:
        return read_key(frame, base, name, span, note=False)  # where it stands it was noted already
    machine = frame.machine
    if machine.reading >= MAX_READING:
        return UNKNOWN
    machine.reading += 1  # a property may read properties, and its own again
    try:
        return attributes.read_attribute(frame, base, name, span)
    finally:
        machine.reading -= 1


def read_unknown_key(frame: Frame, base: Value, which: str = ANY_KEY) -> Value:
    """What an unknown key gives: anything inside."""
    if base.type == "dict" and base.fields:
        found: Value | None = base.element
        for inner in base.fields.values():
            found = inner if found is None else join(found, inner)
        return found or UNKNOWN
    container = container_source(frame, base)
    if container is not None:
        return UNKNOWN
    if base.depends and not base.fields and base.element is None:
        return Value(facts=base.facts, depends=attributes.deeper(base, which))
    return frame.element_of(base)


def read_some_key(frame: Frame, base: Value) -> Value:
    """What one key gives that is not known: labelled only when most of what is inside is."""
    value = read_unknown_key(frame, base, SOME_KEY)
    if base.type == "dict" and base.fields and value.facts:
        entries = [{fact.label for fact in entry.facts} for entry in base.fields.values()]
        value = value.copy()
        value.facts = tuple(fact for fact in value.facts if 2 * sum(fact.label in labels for labels in entries) >= len(entries))
    return value


FOREIGN = "django.http.QueryDict"
"""Class of a dictionary of what came in from outside, when no more is known of it."""


def container_source(frame: Frame, base: Value) -> str | None:
    """Where the content of a container from outside came in by; None when it is no such container."""
    if isinstance(base.type, str):
        for item in frame.machine.knowledge.line(base.type):
            spec = frame.machine.knowledge.classes.get(item)
            if spec is not None and spec.container:
                return base.origin if isinstance(base.origin, str) else spec.container
    return None


def _item_class(frame: Frame, base: Value) -> str | None:
    """Class of what a container from outside keeps whatever it is given under a key, such as a cookie."""
    spec = frame.machine.knowledge.classes.get(base.type) if isinstance(base.type, str) else None
    return spec.item if spec is not None and "." in spec.item else None


_CREDENTIALS = frozenset({"authorization", "proxy-authorization"})
"""Headers that hold nothing but what lets the sender in; elsewhere the word means a permission as often."""


def _from_container(frame: Frame, base: Value, source: str, key: str, span: int, *, note: bool = True) -> Value:
    """A key read from a request, the environment, a session: a source when its name is sensitive."""
    value = Value(depends=attributes.deeper(base, key), origin=source)
    match = frame.machine.project.recogniser.recognise(key)
    if match is None:
        return value
    if source == "request-header" and key.lower() in _CREDENTIALS:
        match = Match(match.label, Strength.STRONG, match.state)
    evidence = Evidence.NAME | Evidence.SOURCE
    read = add_fact(frame, value, match, key, span, evidence=evidence, note=f"`{key}` comes in by the {source}", source=source)
    if note and frame.machine.is_watched(f"read:{source}"):
        from leaktight.flow.outside import note_call

        note_call(frame, f"read:{source}", base, {"key": Value(const=key), "value": read}, {"key": span}, span)
    return read


def _outside_classes(frame: Frame, base: Value) -> list[str]:
    """The class from outside something is an instance of, or the ones its own class inherits from."""
    if isinstance(base.type, str):
        return [base.type]
    if isinstance(base.type, ClassRef):
        line = frame.machine.program.mro(base.type)
        return [frame.machine.knowledge.canonical(item.name) for item in line if isinstance(item, External)]
    return []


def write_key(frame: Frame, base: Value, key: Any, value: Value, target: list[Any]) -> None:
    """`base[key] = value`."""
    if base.ref is not None or base is UNKNOWN:
        return
    if key is None:
        base.add(value)
    else:
        named = name_value(frame, key, value, target[1], what="stored under") if isinstance(key, str) else value
        kept = _item_class(frame, base)
        if kept is None:
            base.put(key, named, depth=frame.depth)
        else:
            base.put(key, Value(facts=named.facts, depends=named.depends, type=kept), depth=frame.depth)
        value = named
    arguments = {"key": Value(const=MISSING if key is None else key), "value": value}
    if isinstance(base.type, str):
        _note(frame, f"{base.type}.__setitem__", base, arguments, {"key": target[3][1]}, target[1])
    elif base.type is None and base.depends and not value.is_clean:
        from leaktight.flow.outside import note_call

        # The caller knows what it is that is written to.
        note_call(frame, "?.__setitem__", base, arguments, {"key": target[3][1]}, target[1])


def _note(frame: Frame, name: str, base: Value, arguments: dict[str, Value], places: dict[str, int], span: int) -> None:
    """A write to something from outside is a call of it, when knowledge or a rule has an interest."""
    from leaktight.flow.outside import note_call

    machine = frame.machine
    kind, _, tail = name.rpartition(".")
    for item in machine.knowledge.line(kind):
        qualified = f"{item}.{tail}"
        if qualified in machine.knowledge.functions or machine.is_watched(qualified):
            note_call(frame, qualified, base, arguments, places, span)
            return


def write_attribute(frame: Frame, base: Value, name: str, value: Value, span: int) -> None:
    """`base.name = value`."""
    if isinstance(base.ref, External):
        _note(frame, f"{base.ref.name}.{name}=", base, {"value": value}, {"value": span}, span)
    unmistakable = frame.machine.knowledge.methods.get(f"{name}=")
    if unmistakable is not None and base.type is None and base.ref is None:
        _note(frame, unmistakable, base, {"value": value}, {"value": span}, span)
    if base.ref is not None or base is UNKNOWN:
        return
    base.put(name, name_value(frame, name, value, span, what="stored in"), depth=frame.depth)
    for kind in _outside_classes(frame, base):
        _note(frame, f"{kind}.{name}=", base, {"value": value}, {"value": span}, span)
