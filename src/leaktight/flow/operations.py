"""What operators make of abstract values: texts put together, sequences joined, flags and numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leaktight.flow import caught, keys, texts
from leaktight.flow.filling import named_places, percent_start
from leaktight.flow.value import FLAGS, MISSING, TRUTH, Value, as_text, flag_names, in_part

if TYPE_CHECKING:
    from leaktight.flow.frame import Frame

MAX_NUMBER = 1 << 40
MAX_BITS = 40


def concatenate(parts: list[Value]) -> Value:
    """The text made of parts in a row."""
    start, whole = "", True
    for part in parts:
        if isinstance(part.const, str | int) and not isinstance(part.const, bool):
            start += str(part.const)
        else:
            start += part.prefix
            whole = False
            break
    if not all(part.is_clean for part in parts):
        parts = placed(parts)
    made = as_text(*parts, prefix=start, const=start if whole else MISSING)
    if parts and (parts[0].start or parts[0].origin is caught.OF_SETTINGS):
        # Who decides how an address begins decides whether it is encrypted.
        made.origin = parts[0].origin
    return made


def placed(parts: list[Value]) -> list[Value]:
    """The parts of a text, told apart by standing in front of or behind the `?` of a URL."""
    result: list[Value] = []
    where = ""
    for part in parts:
        result.append(in_part(part, where))
        if "?" in part.start:
            where = "query"
        elif not where and "/" in part.start:
            where = "path"
    return result


def number(left: Value, operator: str, right: Value) -> int | None:
    """`2**14`, `1 << 17`, `64 * 1024`: numbers of the size amounts of work and spans of time have."""
    first, second = left.const, right.const
    if type(first) is not int or type(second) is not int or not 0 <= first < MAX_NUMBER or not 0 <= second < MAX_NUMBER:
        return None
    if operator == "*":
        return first * second
    if second > MAX_BITS or (operator == "**" and first > 10):
        return None
    return first << second if operator == "<<" else first**second


def flags(left: Value, right: Value, *, taken_away: bool) -> Value | None:
    """`OP_A | OP_B` and `flags & ~OP_A`: which flags from outside are set, or were taken back (`~OP_A`); None when none is known."""
    before, given = flag_names(left), flag_names(right)
    if taken_away:
        named = (before - given) | {f"~{name}" for name in given - before}
    else:
        named = before | given
        named -= {f"~{name}" for name in named}
    if not named:
        return None
    result = Value(type=FLAGS)
    for name in sorted(named):
        result.put(name, TRUTH)
    return result


def added(frame: Frame, left: Value, right: Value) -> Value:
    """`left + right`: a sequence, a number or a text."""
    if left.type == "list" or right.type == "list" or left.element is not None or right.element is not None:
        return joined_sequence(left, right)
    if isinstance(left.const, int | float) and isinstance(right.const, int | float):
        return Value(type="int")
    return concatenate([texts.stringify(frame, left), texts.stringify(frame, right)])


def percent(frame: Frame, template: Value, values: Value, span: int) -> Value:
    """`template % values`: the values go into a text."""
    named: dict[object, Value] = {}
    if values.type == "tuple" and values.fields:
        parts = [texts.stringify(frame, _converted(template, part), span=span) for part in values.fields.values()]
    else:
        picked = keys.picked(frame, named_places(template.text), values, span)
        if picked is not None:
            named = {name: texts.stringify(frame, _converted(template, part), span=span) for name, part in picked.items()}
            parts = list(named.values())
        else:
            parts = [texts.stringify(frame, _converted(template, values), span=span)]
            named = dict(values.fields or {}) if values.type == "dict" else {}
    start = template.start
    if 0 <= start.find("?") < start.rfind("%"):
        parts = [in_part(part, "query") for part in parts]
    if template.text is None:
        return as_text(template, *parts, prefix=start.partition("%")[0])
    start, whole = percent_start(template.text, parts, named)
    return as_text(template, *parts, prefix=start, const=start if whole else MISSING)


def _converted(template: Value, part: Value) -> Value:
    return caught.shown(part) if "%r" in template.start else part


def joined_sequence(left: Value, right: Value) -> Value:
    sequence = Value(type="list", facts=left.facts + right.facts, depends=left.depends + right.depends)
    for part in (left, right):
        for inner in (part.fields or {}).values():
            sequence.add(inner)
        if part.element is not None:
            sequence.add(part.element)
    return sequence
