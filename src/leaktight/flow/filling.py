"""Templates of text filled with values: how the result begins, and whether all of it is known."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from string import Formatter

from leaktight.flow.value import MISSING, Value

_PERCENT = re.compile(r"%(?:\((?P<key>[^)]*)\))?(?P<kind>[a-zA-Z%]|[^a-zA-Z%]+[a-zA-Z%])")


def format_start(template: str, arguments: Sequence[Value], keywords: Mapping[str, Value]) -> tuple[str, bool]:
    """How `template.format(…)` begins, as far as it is known; and whether that is the whole text."""
    return _join(_formatted(template, arguments, keywords))


def percent_start(template: str, values: Sequence[Value], named: Mapping[object, Value]) -> tuple[str, bool]:
    """How `template % values` begins, as far as it is known; and whether that is the whole text."""
    return _join(_interpolated(template, values, named))


def named_places(template: str | None) -> tuple[str, ...]:
    """The keys a `%` template reads from its mapping; nothing when it has a place without a name, or is not known."""
    places = [match for match in _PERCENT.finditer(template or "") if match["kind"] != "%"]
    return tuple(match["key"] or "" for match in places) if all(match["key"] for match in places) else ()


def named_fields(template: str | None) -> tuple[str, ...]:
    """The keywords a `format` template reads; nothing when it has a place without a name or with a nested one, or is not known."""
    try:
        fields = [(field, spec) for _, field, spec, _ in Formatter().parse(template or "") if field is not None]
    except ValueError:
        return ()
    plain = all(field.isidentifier() and "{" not in (spec or "") for field, spec in fields)
    return tuple(field for field, _ in fields) if plain else ()


def _formatted(template: str, arguments: Sequence[Value], keywords: Mapping[str, Value]) -> Iterator[str | Value | None]:
    count = 0
    try:
        fields = list(Formatter().parse(template))
    except ValueError:
        yield None
        return
    for literal, field, spec, conversion in fields:
        yield literal
        if field is None:
            continue
        name = field or str(count)
        count += field == ""
        if name.isdecimal():
            value = arguments[int(name)] if int(name) < len(arguments) else None
        else:
            value = keywords.get(name)
        yield None if spec or conversion else value


def _interpolated(template: str, values: Sequence[Value], named: Mapping[object, Value]) -> Iterator[str | Value | None]:
    place, end = 0, 0
    for match in _PERCENT.finditer(template):
        yield template[end : match.start()]
        end = match.end()
        if match["kind"] == "%":
            yield "%"
        elif match["key"] is not None:
            yield named.get(match["key"])
        else:
            yield values[place] if place < len(values) and match["kind"] in {"s", "d"} else None
            place += 1
    yield template[end:]


def _join(parts: Iterator[str | Value | None]) -> tuple[str, bool]:
    start = ""
    for part in parts:
        if isinstance(part, str):
            start += part
        elif (
            part is not None
            and part.const is not MISSING
            and isinstance(part.const, str | int)
            and not isinstance(part.const, bool)
        ):
            start += str(part.const)
        else:
            return start + (part.prefix if part is not None else ""), False
    return start, True
