"""What methods and builtin functions do to values that are known, known in parts, or not known."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from leaktight.policy.hosts import is_safe_host
from leaktight.project.settings.operators import CANNOT, LONGEST, MOST, binary, compare, format_text, kept, settled, text, unique
from leaktight.project.settings.values import (
    HOLE,
    UNKNOWN,
    Partial,
    Sequence,
    Table,
    Val,
    derive,
    has_default,
    inherit,
    known,
    plain,
    same,
    sequence,
    truth,
    wrap,
)

_TEXT_METHODS = frozenset(
    {
        "capitalize", "casefold", "count", "encode", "endswith", "find", "isalnum", "isalpha", "isdigit", "islower",
        "isnumeric", "isupper", "join", "lower", "lstrip", "partition", "removeprefix", "removesuffix", "replace",
        "rpartition", "rsplit", "rstrip", "split", "splitlines", "startswith", "strip", "swapcase", "title", "upper",
    }
)  # fmt: skip
_TRUE_TEXTS = frozenset({"y", "yes", "t", "true", "on", "1", "ok"})
_FALSE_TEXTS = frozenset({"n", "no", "f", "false", "off", "0", ""})


def subscript(base: Val, key: Val) -> Val:
    """Take an element or a slice."""
    data, index = base.data, plain(key)
    if isinstance(data, Table):
        try:
            if index in data.items:
                return inherit(data.items[index], base)
        except TypeError:
            pass
        return derive(UNKNOWN, base, key)
    try:
        if isinstance(data, Sequence) and isinstance(index, int) and data.closed:
            return inherit(data.items[index], base)
        if isinstance(data, str) and not isinstance(data, Partial) and isinstance(index, int):
            return derive(data[index], base, key)
    except CANNOT:
        pass
    return derive(UNKNOWN, base, key)


def slice_of(base: Val, bounds: tuple[Val, Val, Val]) -> Val:
    """Take a stretch of a list or text."""
    edges = [plain(bound) for bound in bounds]
    if UNKNOWN in edges or isinstance(base.data, Partial):
        return derive(UNKNOWN, base, *bounds)
    try:
        if isinstance(base.data, Sequence) and base.data.closed:
            return derive(Sequence(base.data.kind, base.data.items[slice(*edges)]), base)
        if isinstance(base.data, str):
            return derive(base.data[slice(*edges)], base)
    except CANNOT:
        pass
    return derive(UNKNOWN, base, *bounds)


def method(base: Val, name: str, args: tuple[Val, ...], keywords: Mapping[str, Val]) -> Val | None:
    """Call a method that changes nothing; None when it is not one we know for this value."""
    data = base.data
    if isinstance(data, str):
        if name == "format":
            return format_text(base, args, keywords)
        if name in _TEXT_METHODS:
            return _text_method(base, name, args, keywords)
    elif isinstance(data, Table):
        return _table_method(base, data, name, args, keywords)
    elif isinstance(data, Sequence):
        if name == "copy":
            return base
        if name == "index" and args and data.closed:
            places = [place for place, item in enumerate(data.items) if same(item, args[0])]
            return derive(places[0] if places else UNKNOWN, base)
        if name == "count" and args and data.closed:
            return derive(sum(same(item, args[0]) for item in data.items), base)
        if name in {"union", "difference", "intersection"} and args:
            operator = {"union": "BitOr", "difference": "Sub", "intersection": "BitAnd"}[name]
            return binary(operator, base, args[0])
    return None


def _text_method(base: Val, name: str, args: tuple[Val, ...], keywords: Mapping[str, Val]) -> Val:
    values = [plain(arg) for arg in args]
    if isinstance(base.data, Partial):
        # The beginning and the end of a text may be known though its middle is not.
        if name == "startswith" and values and isinstance(values[0], str) and HOLE not in base.data[: len(values[0])]:
            return derive(base.data.startswith(values[0]), base)
        if name in {"strip", "rstrip", "lstrip"} and not values:
            return base
        return derive(UNKNOWN, base, *args)
    if name == "join" and args and isinstance(args[0].data, Sequence):
        items = args[0].data.items
        pieces = [piece for item in items for piece in (base, item)][1:]
        return text(*pieces) if items else derive("", *args)
    if not all(settled(arg) for arg in (*args, *keywords.values())) or len(base.data) > LONGEST:
        return derive(UNKNOWN, base, *args)
    if name == "replace" and len(values) > 1 and isinstance(values[1], str) and len(base.data) * len(values[1]) > LONGEST:
        return derive(UNKNOWN, base, *args)
    if name == "startswith" and has_default(base) and values and _is_scheme(values[0]) and is_safe_host(base.data):
        return derive(UNKNOWN, base, *args)  # every site but a developer's has another address
    try:
        result = getattr(base.data, name)(*values, **{key: plain(value) for key, value in keywords.items()})
    except CANNOT:
        return derive(UNKNOWN, base, *args)
    return derive(wrap(result).data, base, *args)


def _is_scheme(value: object) -> bool:
    return isinstance(value, str) and value.startswith("http")


def _table_method(base: Val, table: Table, name: str, args: tuple[Val, ...], keywords: Mapping[str, Val]) -> Val | None:
    if name in {"get", "pop", "setdefault"} and args:
        default = args[1] if len(args) > 1 else keywords.get("default", known(None))
        present = truth(compare("In", args[0], base))
        if present is None:
            return derive(UNKNOWN, base, *args)
        return subscript(base, args[0]) if present else inherit(default, base)
    if name == "copy":
        return base
    listed: dict[str, Callable[[], list[Val]]] = {
        "keys": lambda: [wrap(key) for key in table.items],
        "values": lambda: [inherit(value, base) for value in table.items.values()],
        "items": lambda: [known(sequence("tuple", (wrap(key), inherit(value, base)))) for key, value in table.items.items()],
    }
    if name in listed:
        return kept(sequence("list", listed[name]()), base)
    return None


def builtin(name: str, args: tuple[Val, ...]) -> Val | None:
    """Call a builtin function; None when it is not one we know."""
    if name in {"list", "tuple", "set", "frozenset"}:
        kind: Any = "set" if "set" in name else name
        if not args:
            return known(sequence(kind, ()))
        elements = iterate(args[0])
        if elements is None:
            return kept(sequence(kind, [derive(UNKNOWN, args[0])]))
        return kept(sequence(kind, unique(elements) if kind == "set" else elements), args[0])
    if name == "bool":
        answer = truth(args[0]) if args else False
        return derive(UNKNOWN if answer is None else answer, *args)
    if name in {"int", "float", "str", "abs", "round", "len", "sorted", "reversed", "any", "all", "min", "max", "sum"}:
        return _computed(name, args)
    if name == "zip" and args:
        columns = [iterate(arg) for arg in args]
        if None not in columns:
            rows = zip(*[column for column in columns if column is not None], strict=False)
            return known(sequence("list", [known(sequence("tuple", row)) for row in rows]))
    if name == "enumerate" and args and (elements := iterate(args[0])) is not None:
        pairs = [known(sequence("tuple", (known(place), item))) for place, item in enumerate(elements)]
        return kept(sequence("list", pairs), args[0])
    if name == "range" and all(isinstance(arg.data, int) and abs(arg.data) <= MOST for arg in args) and args:
        try:
            return derive(wrap(list(range(*[arg.data for arg in args]))).data, *args)
        except CANNOT:
            return derive(UNKNOWN, *args)
    return None


def _computed(name: str, args: tuple[Val, ...]) -> Val:
    if name == "str" and len(args) == 1 and isinstance(args[0].data, Partial):
        return args[0]
    if not args or not all(settled(arg) for arg in args):
        return derive(UNKNOWN, *args)
    values = [plain(arg) for arg in args]
    if isinstance(values[0], str) and len(values[0]) > (100 if name in {"int", "float"} else LONGEST):
        return derive(UNKNOWN, *args)
    functions: dict[str, Callable[..., Any]] = {
        "int": int, "float": float, "str": str, "abs": abs, "round": round, "len": len, "any": any, "all": all,
        "min": min, "max": max, "sum": sum, "sorted": sorted, "reversed": lambda items: list(reversed(items)),
    }  # fmt: skip
    try:
        return derive(wrap(functions[name](*values)).data, *args)
    except CANNOT:
        return derive(UNKNOWN, *args)


def iterate(val: Val) -> tuple[Val, ...] | None:
    """Give the elements a loop over the value would see, if they are all known to be there."""
    if isinstance(val.data, Sequence):
        return tuple(inherit(item, val) for item in val.data.items)
    if isinstance(val.data, Table):
        return tuple(inherit(wrap(key), val) for key in val.data.items)
    if isinstance(val.data, str) and not isinstance(val.data, Partial) and len(val.data) <= MOST:
        return tuple(derive(character, val) for character in val.data)
    return None


def boolean(val: Val) -> Val:
    """Read a text the way settings libraries read booleans; other values count as Python has it."""
    if isinstance(val.data, str) and not isinstance(val.data, Partial):
        word = val.data.strip().lower()
        return derive(True if word in _TRUE_TEXTS else False if word in _FALSE_TEXTS else UNKNOWN, val)
    answer = truth(val)
    return derive(UNKNOWN if answer is None else answer, val)


def from_json(val: Val) -> Val:
    """Read JSON text."""
    if isinstance(val.data, str) and not isinstance(val.data, Partial):
        try:
            return derive(wrap(json.loads(val.data)).data, val)
        except (*CANNOT, RecursionError):
            return derive(UNKNOWN, val)
    return derive(UNKNOWN, val)
