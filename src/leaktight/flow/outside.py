"""Calls of names from outside the project: applying what knowledge says about them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from leaktight.flow import attributes, builtins, caught, construct, keys, methods, pages, querysets
from leaktight.flow.events import Call
from leaktight.flow.knowledge import FunctionSpec
from leaktight.flow.machine import MAX_EFFECTS
from leaktight.flow.naming import PROSE, consumed, made_fact
from leaktight.flow.texts import stringify
from leaktight.flow.value import (
    MISSING,
    UNKNOWN,
    Evidence,
    Made,
    Value,
    all_facts,
    as_text,
    compact,
    contents,
    in_part,
    join,
    merge_facts,
    with_state,
)
from leaktight.policy import State

if TYPE_CHECKING:
    from leaktight.flow.frame import Frame

TEXTUAL = frozenset({"log", "error-report", "mail", "message", "third-party", "response-body", "exception-text", "file", "page"})
"""Channels that write out what they are given as text."""
MAX_LIFTS = 8
"""Callers a call is handed up through to be judged."""
EFFECT_SIZE = 40
"""Values the arguments of such a call hold at most."""


def call_external(
    frame: Frame,
    name: str,
    receiver: Value | None,
    arguments: list[Value],
    keywords: dict[str, Value],
    span: int,
    places: dict[Any, int],
    *,
    is_open: bool = False,
) -> Value:
    """Call something from outside, as far as knowledge tells what it does."""
    special = builtins.BUILTINS.get(name)
    if special is not None:
        result = special(frame, arguments, keywords, span)
        if result is not None:
            return result
    if name == "django.template.loader.render_to_string" and arguments and arguments[0].text is not None:
        context = arguments[1] if len(arguments) > 1 else keywords.get("context", UNKNOWN)
        text = pages.rendered(frame, arguments[0].text, context)
        if text is not None:
            return text
    query = querysets.METHODS.get(name)
    if query is not None:
        return query(frame, receiver or UNKNOWN, arguments, keywords, span)
    spec = frame.machine.knowledge.functions.get(name)
    watched = frame.machine.is_watched(name)
    if spec is None and not watched:
        kind = frame.machine.knowledge.classes.get(name)
        if kind is not None:
            return Value(type=name, facts=merge_facts(*(all_facts(value) for value in arguments)) if kind.protects else ())
        if receiver is not None and receiver.ref is None and not receiver.is_clean:
            return methods.call_method(frame, receiver, name.rpartition(".")[2], arguments, keywords, span, places)
        return construct.exception(frame, name, arguments)
    bound, bound_places = _bind_external(spec, arguments, keywords, places)
    if spec is not None and "*" in spec.sinks and receiver is not None and receiver.fields:
        bound = {**named_fields(receiver), **bound}  # what was bound to a logger is written with every line
    for parameter, label in spec.consumes.items() if spec is not None else ():
        if parameter in bound:
            bound[parameter] = consumed(
                frame, label, bound[parameter], name.rpartition(".")[2], bound_places.get(parameter, span)
            )
    made = Call(
        name=name, path=frame.path, packed=span, function=frame.function, receiver=receiver, arguments=bound,
        places=bound_places, spec=spec, machine=frame.machine, is_open=is_open,
    )  # fmt: skip
    result = UNKNOWN if spec is None else _outcome(frame, spec, made, receiver, span)
    made.result = result
    if spec is None or spec.sinks or watched:
        write_out(frame, made)
        keep(frame, made)
    if spec is None:
        return construct.exception(frame, name, arguments)
    return result


def note_call(frame: Frame, name: str, receiver: Value, arguments: dict[str, Value], places: dict[str, int], span: int) -> None:
    """Record a write to an attribute or key of something from outside as a call."""
    made = Call(
        name=name, path=frame.path, packed=span, function=frame.function, receiver=receiver, arguments=dict(arguments),
        places=places, spec=frame.machine.knowledge.functions.get(name), machine=frame.machine,
    )  # fmt: skip
    write_out(frame, made)
    keep(frame, made)


def _bind_external(
    spec: FunctionSpec | None, arguments: list[Value], keywords: dict[str, Value], places: dict[Any, int]
) -> tuple[dict[str, Value], dict[str, int]]:
    """Give each argument the name of its parameter."""
    bound: dict[str, Value] = {}
    spans: dict[str, int] = {}
    names = spec.parameters if spec else []
    for index, value in enumerate(arguments):
        name = names[index] if index < len(names) else (names[-1] if names and names[-1].startswith("*") else str(index))
        key = f"{name[1:]}{index}" if name.startswith("*") else name
        bound[key] = value
        if index in places:
            spans[key] = places[index]
    for name, value in keywords.items():
        bound[name] = value
        if name in places:
            spans[name] = places[name]
    return bound, spans


def write_out(frame: Frame, made: Call) -> None:
    """What a textual channel writes is the text of each argument."""
    if made.spec is None:
        return
    by_repr = any(value.text is not None and ("%r" in value.text or "!r}" in value.text) for value in made.arguments.values())
    for key in made.arguments:
        sink = sink_of(made.spec, key)
        if sink is not None and sink.channel in TEXTUAL:
            place = made.places.get(key, made.packed)
            inside = sink.channel != "page"  # a template reads attributes of what it is given
            value = caught.shown(made.arguments[key]) if by_repr else made.arguments[key]
            made.arguments[key] = stringify(frame, value, shallow=True, inside=inside, span=place)


def named_fields(value: Value) -> dict[str, Value]:
    """The fields that can be arguments by name: a key of a dictionary can be anything, and places of a list are numbers."""
    return {key: inner for key, inner in (value.fields or {}).items() if isinstance(key, str)}


def sink_of(spec: FunctionSpec, parameter: str) -> Any:
    """Where a parameter leaves, if it does."""
    if parameter in spec.sinks:
        return spec.sinks[parameter]
    base = parameter.rstrip("0123456789")
    if f"*{base}" in spec.sinks:
        return spec.sinks[f"*{base}"]
    return spec.sinks.get("*") if parameter not in spec.parameters or "*" in spec.sinks else None


def _outcome(frame: Frame, spec: FunctionSpec, made: Call, receiver: Value | None, span: int) -> Value:
    """The result of a call knowledge describes."""
    if spec.raises or spec.raises_in_repr:
        caught.raised_by(frame, spec, made.arguments, receiver)
    result = UNKNOWN
    if spec.passes:
        chosen = [
            in_part(value, "query" if key == "query" else spec.part) if spec.part else value
            for key, value in made.arguments.items()
            if key in spec.passes or "*" in spec.passes
        ]
        if "self" in spec.passes and receiver is not None:
            chosen.append(receiver)
        if spec.text or spec.state:
            chosen = [stringify(frame, value, span=span) for value in chosen]
            result = as_text(*chosen, prefix=chosen[0].start if chosen else "")
        else:
            for value in chosen:
                result = value if result is UNKNOWN else join(result, value)
    if spec.state == "clean":
        return Value(type="bool")
    if spec.prose and result.text is not None:
        return Value(const=result.text, type="str", origin=PROSE)
    if spec.state:
        result = with_state(result, State(spec.state))
    if spec.returns:
        result = result.copy()
        if spec.returns in attributes.SPECIAL_TYPES:
            return attributes.special(frame, receiver or UNKNOWN, spec.returns, spec.source)
        result.type = receiver.type if spec.returns == "self" and receiver is not None else spec.returns
        if receiver is not None:
            result.origin = receiver.origin
    if spec.binds or spec.unbinds:
        result = result.copy()
        if receiver is not None:
            result.type = result.type or receiver.type
        remembered = dict(receiver.fields or {}) if receiver is not None else {}
        remembered.update({key: value for key, value in made.arguments.items() if key in spec.binds or "*" in spec.binds})
        for value in made.arguments.values() if spec.unbinds else ():
            remembered.pop(value.const, None)
        result.fields = remembered
        result.origin = Made(frame.path, span)
    if spec.label and spec.label_without not in made.arguments:
        word = made.name.rpartition(".")[2]
        note = f"`{word}()` makes it"
        fact = made_fact(
            frame, spec.label, span, note=note, evidence=Evidence.TYPE, word=word, strong=not spec.vague, source=spec.source
        )
        result = result.copy()
        result.facts = merge_facts(result.facts, (fact,))
    if spec.key and spec.key in made.arguments:
        key_value = made.arguments[spec.key].const
        if isinstance(key_value, str):
            holder = Value(type="environment", origin=spec.source)
            result = keys.read_key(frame, holder if receiver is None or not spec.returns else receiver, key_value, span)
            default = made.arguments.get("default")
            if default is not None and default.const is not MISSING and not result.facts:
                result = Value(const=default.const, origin=result)
    return result


def keep(frame: Frame, made: Call) -> None:
    """Record a call for the rules, and for the callers when it depends on a parameter."""
    for name, value in made.arguments.items():
        if value.fields or value.element is not None:
            made.arguments[name] = methods.duplicate(value)  # what is put into it later did not leave here
    frame.machine.record(made, key=() if made.via is None else (made.via.path, made.via.span, made.via.length))
    if frame.function is None or len(frame.effects) >= MAX_EFFECTS or (made.via is not None and made.via.length > MAX_LIFTS):
        return
    values = list(made.arguments.values()) + ([made.receiver] if made.receiver is not None else [])
    if any(inner.depends for value in values for inner in contents(value)):
        key = (made.path, made.packed, made.name, made.via and (made.via.path, made.via.span))
        room = [EFFECT_SIZE]
        arguments = {name: compact(value, room) for name, value in made.arguments.items()}
        receiver = made.receiver and compact(made.receiver, room)
        frame.effects[key] = replace(made, arguments=arguments, receiver=receiver, under=made.under + frame.under)
