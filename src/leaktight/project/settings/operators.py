"""What operators do to values that are known, known in parts, or not known."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from leaktight.model import Certainty
from leaktight.project.environment import Environment, selected
from leaktight.project.settings.values import (
    HOLE,
    UNKNOWN,
    Partial,
    Sequence,
    Table,
    Thing,
    Val,
    derive,
    known,
    parts,
    plain,
    same,
    sequence,
)

LONGEST: Final = 100_000
MOST: Final = 5_000
_LARGEST: Final = 2**63
CANNOT: Final = (TypeError, ValueError, LookupError, ArithmeticError, AttributeError, RecursionError)


def text(*pieces: Val) -> Val:
    """Put strings together, as an f-string does; what is not known leaves a hole."""
    out, partial = [], False
    for piece in pieces:
        if isinstance(piece.data, (str, int, float, bool)) or piece.data is None:
            out.append(str(piece.data))
            partial |= isinstance(piece.data, Partial)
        else:
            out.append(HOLE)
            partial = True
    joined = "".join(out)
    if len(joined) > LONGEST or joined == HOLE:
        return derive(UNKNOWN, *pieces)
    return derive(Partial(joined) if partial else joined, *pieces)


def binary(operator: str, left: Val, right: Val) -> Val:
    """Apply a binary operator, named as its class in `ast`."""
    a, b = left.data, right.data
    if operator == "Add" and (isinstance(a, str) or isinstance(b, str)):
        if all(isinstance(side, (str, Thing)) or side is UNKNOWN for side in (a, b)):
            return text(left, right)
        return derive(UNKNOWN, left, right)
    if operator == "Mod" and isinstance(a, str):
        return percent(left, right)
    if operator == "Mult" and isinstance(a, str) and isinstance(b, int) and len(a) * b <= LONGEST:
        return derive(a * b if not isinstance(a, Partial) else UNKNOWN, left, right)
    if isinstance(a, (Sequence, Table)) or isinstance(b, (Sequence, Table)):
        return _containers(operator, left, right)
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        return derive(_number(operator, a, b), left, right)
    return derive(UNKNOWN, left, right)


def _containers(operator: str, left: Val, right: Val) -> Val:
    a, b = left.data, right.data
    if isinstance(a, Sequence) and isinstance(b, Sequence):
        if operator == "Add" and a.kind == b.kind != "set" and len(a.items) + len(b.items) <= MOST:
            return kept(Sequence(a.kind, a.items + b.items), left, right)
        if operator == "BitOr" and a.kind == b.kind == "set":
            return kept(sequence("set", unique(a.items + b.items)), left, right)
        if operator in {"Sub", "BitAnd"} and a.kind == b.kind == "set" and a.closed and b.closed:
            wanted = operator == "BitAnd"
            return kept(sequence("set", (x for x in a.items if any(same(x, y) for y in b.items) is wanted)), left, right)
    elif isinstance(a, Table) and isinstance(b, Table) and operator == "BitOr":
        return kept(Table({**a.items, **b.items}), left, right)
    elif isinstance(a, Sequence) and b is UNKNOWN and operator in {"Add", "BitOr"}:
        return kept(Sequence(a.kind, (*a.items, right)), left)
    elif isinstance(b, Sequence) and a is UNKNOWN and operator in {"Add", "BitOr"}:
        return kept(Sequence(b.kind, (left, *b.items)), right)
    elif isinstance(a, Table) and b is UNKNOWN and operator == "BitOr":
        return kept(Table({**a.items, UNKNOWN: right}), left)
    elif isinstance(a, Sequence) and isinstance(b, int) and operator == "Mult" and len(a.items) * b <= MOST:
        return kept(Sequence(a.kind, a.items * b), left, right)
    return derive(UNKNOWN, left, right)


def kept(data: Any, *sources: Val) -> Val:
    """A container made of others: its elements keep their own certainty, so only the whole's counts here."""
    shells = [Val(None, source.certainty, source.envs) for source in sources]
    return derive(data, *shells)


def unique(items: tuple[Val, ...]) -> tuple[Val, ...]:
    """Drop elements that are there already."""
    out: list[Val] = []
    for item in items:
        if item.data is UNKNOWN or not any(same(item, other) for other in out):
            out.append(item)
    return tuple(out)


def _number(operator: str, a: float, b: float) -> Any:
    try:
        match operator:
            case "Add":
                result: Any = a + b
            case "Sub":
                result = a - b
            case "Mult":
                result = a * b
            case "Div":
                result = a / b
            case "FloorDiv":
                result = a // b
            case "Mod":
                result = a % b
            case "Pow" if abs(a) <= 1024 and 0 <= b <= 8:
                result = a**b
            case "LShift" if isinstance(a, int) and isinstance(b, int) and 0 <= b <= 40:
                result = a << b
            case "BitOr" if isinstance(a, int) and isinstance(b, int):
                result = a | b
            case "BitAnd" if isinstance(a, int) and isinstance(b, int):
                result = a & b
            case _:
                return UNKNOWN
    except CANNOT:
        return UNKNOWN
    return result if abs(result) <= _LARGEST else UNKNOWN


def percent(template: Val, values: Val) -> Val:
    """Apply `%` to a template text."""
    if isinstance(values.data, Sequence) and values.data.kind == "tuple":
        rest = list(values.data.items)
    else:
        rest = [values]
    pieces: list[Val] = []
    for literal, name, kind in re.findall(r"([^%]*)(?:%(?:\((\w+)\))?[-#0 +]*\d{0,3}(?:\.\d{1,3})?([a-zA-Z%]))?", template.data):
        pieces.append(known(literal))
        if kind == "%":
            pieces.append(known("%"))
        elif kind and name:
            table = values.data
            pieces.append(table.items.get(name, _UNKNOWN) if isinstance(table, Table) else _UNKNOWN)
        elif kind:
            pieces.append(rest.pop(0) if rest else _UNKNOWN)
    made = text(*pieces)
    return derive(made.data, template, made, Val(None, values.certainty, values.envs))


_UNKNOWN = derive(UNKNOWN)


def format_text(template: Val, args: tuple[Val, ...], keywords: Mapping[str, Val]) -> Val:
    """Apply `.format()`; fields that look into their values leave a hole."""
    pieces: list[Val] = []
    waiting = list(args)
    for literal, field in re.findall(r"((?:[^{}]|\{\{|\}\})*)(\{[^{}]*\})?", template.data):
        pieces.append(known(literal.replace("{{", "{").replace("}}", "}")))
        name = field[1:-1].partition(":")[0].partition("!")[0]
        if not field:
            continue
        if not name:
            pieces.append(waiting.pop(0) if waiting else _UNKNOWN)
        elif name.isdigit():
            pieces.append(args[int(name)] if len(name) < 3 and int(name) < len(args) else _UNKNOWN)
        else:
            pieces.append(keywords.get(name, _UNKNOWN))
    made = text(*pieces)
    return derive(made.data, template, made)


def compare(operator: str, left: Val, right: Val) -> Val:
    """Apply a comparison, named as its class in `ast`."""
    negated = operator in {"NotEq", "NotIn", "IsNot"}
    a, b = left.data, right.data
    result: Any = UNKNOWN
    if operator in {"Is", "IsNot"}:
        if not (a is UNKNOWN or b is UNKNOWN or isinstance(a, Partial)) and (a is None or b is None or isinstance(a, bool)):
            result = a is b
    elif operator in {"Eq", "NotEq"}:
        result = _equal(left, right)
    elif operator in {"In", "NotIn"}:
        result = _contains(right, left)
    else:
        result = _ordered(operator, plain(left), plain(right))
    if result is not UNKNOWN and negated:
        result = not result
    return derive(result, left, right)


def _equal(left: Val, right: Val) -> Any:
    if not (settled(left) and settled(right)):
        return UNKNOWN
    return bool(plain(left) == plain(right))


def settled(val: Val) -> bool:
    """Everything about the value is known."""
    if isinstance(val.data, (Thing, Partial)) or not val.known:
        return False
    if isinstance(val.data, Table) and not val.data.closed:
        return False
    return all(settled(part) for part in parts(val))


def _contains(container: Val, element: Val) -> Any:
    if isinstance(container.data, str) and isinstance(element.data, str):
        found = element.data in container.data
        return True if found else UNKNOWN if isinstance(container.data, Partial) else False
    if not settled(element):
        return False if isinstance(container.data, (Sequence, Table)) and not container.data.items else UNKNOWN
    if isinstance(container.data, Table):
        try:
            found = plain(element) in container.data.items
        except TypeError:
            return UNKNOWN
        return True if found else False if container.data.closed else UNKNOWN
    if isinstance(container.data, Sequence):
        answers = [_equal(item, element) for item in container.data.items]
        return True if True in [a for a in answers if a is not UNKNOWN] else UNKNOWN if UNKNOWN in answers else False
    return UNKNOWN


def _ordered(operator: str, a: Any, b: Any) -> Any:
    if UNKNOWN in (a, b) or isinstance(a, Partial) or isinstance(b, Partial):
        return UNKNOWN
    try:
        match operator:
            case "Lt":
                return bool(a < b)
            case "LtE":
                return bool(a <= b)
            case "Gt":
                return bool(a > b)
            case _:
                return bool(a >= b)
    except CANNOT:
        return UNKNOWN


def selects(operator: str, left: Val, right: Val, environment: Environment) -> Val | None:
    """Presume what a comparison with the name of an environment gives: `ENV == "production"` holds in production."""
    negated = operator in {"NotEq", "NotIn"}
    if operator not in {"Eq", "NotEq", "In", "NotIn"} or environment is Environment.UNKNOWN:
        return None
    if isinstance(left.data, str) and left.certainty is Certainty.KNOWN and operator in {"Eq", "NotEq"}:
        left, right = right, left
    if not left.envs or left.certainty is Certainty.KNOWN or not settled(right):
        return None
    asked = [plain(right)] if isinstance(right.data, str) else [plain(item) for item in parts(right)]
    meant = [selected(word, left.envs[0]) for word in asked]
    if not meant or None in meant:
        return None
    return Val((environment in meant) is not negated, Certainty.DEFAULTED, left.envs)
