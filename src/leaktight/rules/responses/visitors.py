"""Texts a visitor sent, as far as they go inside one function, and which of them the function checks first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from leaktight.source.code import Code, Op, holds, last_name, packed, walk

_SENT = frozenset({"GET", "POST", "query_params", "QUERY_PARAMS"})
_PACKED = packed(*sorted(_SENT))
_DATA, _REQUEST = packed("data"), packed("request", "req")
_READS = frozenset({"get", "getlist", "pop"})
_WHOLE = frozenset({"dict", "items", "copy", "lists", "iteritems"})
_TEXT_METHODS = frozenset(
    "strip lstrip rstrip lower upper title replace removeprefix removesuffix split rsplit partition rpartition format join encode decode".split()
)
_BUILTINS = frozenset({"str", "force_str", "smart_str", "list", "tuple", "set", "sorted", "dict", "unquote", "escape"})
_CHECKS = re.compile(r"valid|allow|check|clean|safe|permit|white_?list|known|verify|sanitize|ensure", re.IGNORECASE)
"""In the name of a function that is asked about a text before it is used."""


@dataclass(slots=True)
class Sent:
    """What a function holds of what a visitor sent."""

    names: dict[str, int] = field(default_factory=dict)
    """Name → the read it begins with."""
    maps: dict[str, int] = field(default_factory=dict)
    """Names of dictionaries whose keys the visitor chose."""
    checked: set[int] = field(default_factory=set)
    """Reads whose text is looked up, compared or checked somewhere in the function."""

    def of(self, code: Code | None) -> int | None:
        """The read a text begins with that is not checked; None for anything else."""
        root = self.root(code)
        return None if root is None or root in self.checked else root

    def keys_of(self, code: Code) -> int | None:
        """The same for a dictionary whose keys are chosen."""
        root = self.map_root(code)
        return None if root is None or root in self.checked else root

    def root(self, code: Code | None) -> int | None:
        """The read a text begins with, checked or not."""
        if code is None:
            return None
        match code[0]:
            case Op.NAME:
                return self.names.get(code[2])
            case Op.ITEM:
                return code[1] if is_sent(code[2]) else self.root(code[2])
            case Op.CALL:
                return self._of_call(code)
            case Op.TEXT:
                return self._first(code[2])
            case Op.BINARY if code[2] in {"+", "%"}:
                return self._first([code[3], code[4]])
            case Op.CHOICE:
                return self._first(code[3])
            case Op.LIST:
                return self._first(code[3])
            case Op.STAR:
                return self.root(code[2])
            case _:
                return None

    def map_root(self, code: Code) -> int | None:
        """The read the keys of a dictionary begin with."""
        match code:
            case [Op.NAME, int(), str(name)]:
                return self.maps.get(name)
            case [Op.CALL, int(place), [Op.ATTR, int(), base, str(name)], *_] if name in _WHOLE and is_sent(base):
                return int(place)
            case [Op.CALL, int(), [Op.NAME, int(), "dict"], [first, *_], *_]:
                return int(code[1]) if is_sent(first) else self.map_root(first)
            case [Op.DICT, int(), [*pairs]]:
                return next((root for key, _ in pairs if key is not None and (root := self.root(key)) is not None), None)
            case [Op.COMPREHENSION, int(), "dict", key, _, [[target, source, conditions], *_]] if not conditions:
                root = self.map_root(source) if source[0] == Op.CALL else None
                return root if target[0] == Op.LIST and target[3] and _same_name(target[3][0], key) else None
            case _:
                return int(code[1]) if is_sent(code) else None

    def _of_call(self, code: Code) -> int | None:
        function, arguments = code[2], code[3]
        name = last_name(function)
        if function[0] == Op.ATTR:
            if name in _READS and is_sent(function[2]):
                return int(code[1])
            return self._first([function[2], *arguments]) if name in _TEXT_METHODS else None
        return self._first(arguments[:1]) if name in _BUILTINS else None

    def _first(self, codes: Iterable[Code]) -> int | None:
        return next((root for code in codes if (root := self.root(code)) is not None), None)


def sent(pieces: Iterable[Code]) -> Sent:
    """Follow what a visitor sent through the assignments and loops of a function."""
    found = Sent()
    codes = list(pieces)
    for code in codes:
        match code:
            case [Op.ASSIGN, int(), [*targets], [*value], *_]:
                for target in targets:
                    _bind(found, target, value)
            case [Op.WALRUS, int(), str(name), [*value]] if (root := found.root(value)) is not None:
                found.names[name] = root
            case [Op.LOOP, int(), [*target], [*source], *_]:
                _loop(found, target, source)
            case _:
                pass
    written = {target[1] for code in codes if code[0] == Op.ASSIGN for target in code[2]}
    for code in codes:
        if code[1] not in written:
            found.checked |= set(_checked(found, code))
    return found


def _bind(found: Sent, target: Code, value: Code) -> None:
    if target[0] == Op.NAME:
        if (root := found.root(value)) is not None:
            found.names[target[2]] = root
        elif (root := found.map_root(value)) is not None:
            found.maps[target[2]] = root
    elif target[0] == Op.ITEM and target[2][0] == Op.NAME and (root := found.root(target[3])) is not None:
        found.maps[target[2][2]] = root


def _loop(found: Sent, target: Code, source: Code) -> None:
    if target[0] == Op.NAME and (root := found.root(source) or (source[1] if is_sent(source) else None)) is not None:
        found.names[target[2]] = root
    elif target[0] == Op.LIST and target[3] and target[3][0][0] == Op.NAME and (root := found.map_root(source)) is not None:
        found.names[target[3][0][2]] = root


def _checked(found: Sent, code: Code) -> Iterator[int]:
    """The reads a piece of code looks up, compares with something, or hands to a check."""
    match code:
        case [Op.TEST, int(), [first, *_], str(comparison)] if comparison in {"in", "not in", "==", "!="}:
            yield from _roots(found, [first])
        case [Op.CALL, int(), [*function], [*arguments], [*keywords]] if _CHECKS.search(last_name(function)):
            yield from _roots(found, [*arguments, *(value for _, value in keywords)])
        case [Op.ITEM, int(), [Op.NAME, *_] | [Op.ATTR, *_] as base, key] if not is_sent(base) and found.root(base) is None:
            yield from _roots(found, [key])
        case [Op.MATCH, int(), subject, *_]:
            yield from _roots(found, [subject])
        case _:
            pass


def _roots(found: Sent, codes: Iterable[Code]) -> Iterator[int]:
    for code in codes:
        for inner in walk([code]):
            if (root := found.root(inner)) is not None:
                yield root


def may_be_sent(body: bytes) -> bool:
    """Tell whether packed code may hold what a visitor sent."""
    return holds(body, _PACKED) or (holds(body, _DATA) and holds(body, _REQUEST))


def is_sent(code: Code) -> bool:
    """Tell `request.GET` and its like."""
    if code[0] != Op.ATTR:
        return False
    return code[3] in _SENT or (code[3] == "data" and last_name(code[2]) in {"request", "req"})


def _same_name(left: Code, right: Code) -> bool:
    return bool(left[0] == right[0] == Op.NAME and left[2] == right[2])
