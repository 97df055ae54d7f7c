"""Methods of texts and containers, whatever class they are of."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from leaktight.flow import keys
from leaktight.flow.filling import format_start, named_fields
from leaktight.flow.naming import name_value
from leaktight.flow.value import MANAGER, MISSING, TRUTH, UNKNOWN, Value, as_text, in_part, join

if TYPE_CHECKING:
    from leaktight.flow.frame import Frame

Arguments = list[Value]
Keywords = dict[str, Value]

PAIRS = "pairs"
"""Origin of what `.items()` gives of a dictionary whose keys are known: one pair for each."""

_SAME_TEXT = frozenset(
    "strip lstrip rstrip lower upper title capitalize casefold swapcase encode decode replace zfill ljust rjust center "
    "removeprefix removesuffix expandtabs translate splitlines split rsplit partition rpartition tobytes hex read "
    "getvalue get_secret_value reveal copy as_posix".split()
)
_ABOUT_TEXT = frozenset(
    "startswith endswith isdigit isalpha isalnum isspace isupper islower isnumeric isdecimal isidentifier count index find "
    "rfind rindex exists bit_length __len__ is_valid keys has_key issubset issuperset isdisjoint".split()
)
_ABOUT_ROWS = frozenset({"count", "aggregate", "exists", "delete", "update", "bulk_update", "explain", "contains"})


def call_method(
    frame: Frame, receiver: Value, name: str, arguments: Arguments, keywords: Keywords, span: int, places: dict[Any, int]
) -> Value:
    """A method of something that is no instance of a known class."""
    handler = _METHODS.get(name)
    if handler is not None:
        return handler(frame, receiver, arguments, keywords, span)
    if name in _SAME_TEXT:
        if name == "copy":
            return duplicate(receiver)
        const = _transform(receiver, name)
        return as_text(receiver, prefix=receiver.start, const=const) if const is not MISSING or not receiver.is_clean else UNKNOWN
    if name in _ABOUT_TEXT:
        return TRUTH
    if receiver.type == MANAGER:
        return TRUTH if name in _ABOUT_ROWS else receiver  # a method of the project's own queryset
    knowledge = frame.machine.knowledge
    found = knowledge.methods.get(name)
    if found is not None and receiver.type in knowledge.classes and not knowledge.is_a(receiver.type, found.rpartition(".")[0]):
        return UNKNOWN
    if found is not None and (found in knowledge.functions or frame.machine.is_watched(found)):
        from leaktight.flow.outside import call_external

        return call_external(frame, found, receiver, arguments, keywords, span, places, is_open="**" in keywords)
    return UNKNOWN


def _transform(value: Value, name: str) -> Any:
    if isinstance(value.const, str) and name in {"strip", "lower", "upper", "encode", "decode"}:
        return getattr(value.const, name)() if name in {"strip", "lower", "upper"} else value.const
    return MISSING


def duplicate(value: Value, *, deep: int = 0) -> Value:
    """A copy whose container is its own, and so many levels of the containers inside it."""
    twin = value.copy()
    twin.fields = (
        {key: duplicate(inner, deep=deep - 1) if deep else inner for key, inner in value.fields.items()} if value.fields else None
    )
    return twin


# -- methods -----------------------------------------------------------------------------------


def get(frame: Frame, receiver: Value, arguments: Arguments, keywords: Keywords, span: int) -> Value:
    if not arguments:
        return UNKNOWN
    key = arguments[0].const
    default = arguments[1] if len(arguments) > 1 else keywords.get("default", UNKNOWN)
    if not isinstance(key, str | int):
        return keys.read_some_key(frame, receiver)
    value = keys.read_key(frame, receiver, key, span)
    if value is UNKNOWN or default.is_clean:
        return value if value is not UNKNOWN else default
    return join(value, default)


def pop(frame: Frame, receiver: Value, arguments: Arguments, keywords: Keywords, span: int) -> Value:
    from leaktight.flow.removal import forget

    value = get(frame, receiver, arguments, keywords, span)
    if arguments and isinstance(arguments[0].const, str) and receiver is not UNKNOWN:
        forget(receiver, arguments[0].const)
    return value


def setdefault(frame: Frame, receiver: Value, arguments: Arguments, _keywords: Keywords, span: int) -> Value:
    if len(arguments) > 1 and isinstance(arguments[0].const, str) and receiver is not UNKNOWN:
        receiver.put(arguments[0].const, name_value(frame, arguments[0].const, arguments[1], span), depth=receiver.depth + 1)
        return (receiver.fields or {}).get(arguments[0].const, UNKNOWN)
    return UNKNOWN


def update(frame: Frame, receiver: Value, arguments: Arguments, keywords: Keywords, span: int) -> Value:
    from leaktight.flow.expressions import spread

    if receiver is UNKNOWN:
        return UNKNOWN
    for value in arguments:
        if receiver.type == "dict" or value.type == "dict" or value.fields or value.facts:
            spread(receiver, value)
    for key, value in keywords.items():
        receiver.put(key, name_value(frame, key, value, span), depth=frame.depth)
    return Value(const=None)


def append(frame: Frame, receiver: Value, arguments: Arguments, _keywords: Keywords, _span: int) -> Value:
    if arguments and receiver is not UNKNOWN and receiver.ref is None:
        receiver.add(arguments[-1])
    return Value(const=None)


def extend(frame: Frame, receiver: Value, arguments: Arguments, _keywords: Keywords, _span: int) -> Value:
    if arguments and receiver is not UNKNOWN:
        receiver.add(frame.element_of(arguments[0]))
    return Value(const=None)


def items(frame: Frame, receiver: Value, _arguments: Arguments, _keywords: Keywords, _span: int) -> Value:
    if receiver.type == "dict" and receiver.fields and receiver.element is None and not receiver.facts and not receiver.depends:
        return _known_pairs(receiver)
    pair = Value(type="tuple")
    pair.put(0, UNKNOWN)
    pair.put(1, keys.read_unknown_key(frame, receiver))
    result = Value(type="list", origin=receiver if keys.container_source(frame, receiver) is not None else None)
    result.add(pair)
    return result


def whole_pair(frame: Frame, pairs: Value, span: int) -> Value:
    """A pair of `container.items()` when all of them are taken, whatever their names."""
    from leaktight.flow.texts import stringify

    pair = Value(type="tuple")
    pair.put(0, UNKNOWN)
    pair.put(1, stringify(frame, pairs.origin, span=span))
    return pair


def _known_pairs(receiver: Value) -> Value:
    """The pairs of a dictionary whose keys are all known."""
    result = Value(type="list", origin=PAIRS)
    for index, (key, inner) in enumerate((receiver.fields or {}).items()):
        pair = Value(type="tuple")
        pair.put(0, Value(const=key))
        pair.put(1, inner)
        result.put(index, pair)
    return result


def values(frame: Frame, receiver: Value, _arguments: Arguments, _keywords: Keywords, _span: int) -> Value:
    result = Value(type="list")
    result.add(keys.read_unknown_key(frame, receiver))
    return result


def text_join(frame: Frame, receiver: Value, arguments: Arguments, _keywords: Keywords, _span: int) -> Value:
    if not arguments:
        return UNKNOWN
    parts = list((arguments[0].fields or {}).values())
    prefix = parts[0].start if parts else ""
    return as_text(receiver, arguments[0], prefix=prefix)


def text_format_map(frame: Frame, receiver: Value, arguments: Arguments, keywords: Keywords, span: int) -> Value:
    found = keys.picked(frame, named_fields(receiver.text), arguments[0], span) if len(arguments) == 1 else None
    return text_format(frame, receiver, *((arguments, keywords) if found is None else ([], found)), span)


def text_format(frame: Frame, receiver: Value, arguments: Arguments, keywords: Keywords, span: int) -> Value:
    from leaktight.flow.texts import stringify

    names = named_fields(receiver.text)
    if names:  # only what the template names gets into the text, whatever else is passed
        rest = keywords.get("**", UNKNOWN)
        keywords = {name: keywords.get(name) or keys.of_the_rest(frame, rest, name, span) for name in names}
    parts = [stringify(frame, value, span=span) for value in (*arguments, *keywords.values())]
    start = receiver.start
    if 0 <= start.find("?") < start.rfind("{"):
        parts = [in_part(part, "query") for part in parts]
    if receiver.text is None:
        return as_text(receiver, *parts, prefix=start.partition("{")[0])
    given = len(arguments)
    start, whole = format_start(receiver.text, parts[:given], dict(zip(keywords, parts[given:], strict=True)))
    return as_text(receiver, *parts, prefix=start, const=start if whole else MISSING)


_METHODS: dict[str, Callable[[Frame, Value, Arguments, Keywords, int], Value]] = {
    "get": get,
    "getlist": get,
    "pop": pop,
    "setdefault": setdefault,
    "update": update,
    "append": append,
    "appendleft": append,
    "add": append,
    "insert": append,
    "extend": extend,
    "items": items,
    "values": values,
    "join": text_join,
    "format": text_format,
    "format_map": text_format_map,
}
