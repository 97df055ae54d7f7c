"""The evaluation of expressions to abstract values."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from leaktight.flow import addresses, attributes, calls, comprehensions, keys, operations, texts
from leaktight.flow.machine import Function
from leaktight.flow.naming import name_value, of_owner
from leaktight.flow.scope import resolve
from leaktight.flow.typing import LOGGER_NAMES
from leaktight.flow.value import (
    ELEMENT,
    MANAGER,
    MISSING,
    NONE,
    TRUTH,
    UNKNOWN,
    Value,
    join,
)  # fmt: skip
from leaktight.project.symbols import ClassRef, FunctionRef
from leaktight.source.code import Code, Op, last_name

if TYPE_CHECKING:
    from leaktight.flow.frame import Frame


def evaluate(frame: Frame, code: Code) -> Value:
    """What an expression gives."""
    return _EXPRESSIONS[code[0]](frame, code)


# -- names and constants -----------------------------------------------------------------------


def constant(_frame: Frame, code: Code) -> Value:
    return NONE if code[2] is None else Value(const=code[2])


def name(frame: Frame, code: Code) -> Value:
    found = resolve(frame, code[2])
    if found is UNKNOWN or (found.type is None and found.ref is None and found.is_clean and found.const is MISSING):
        if code[2] in LOGGER_NAMES:
            return Value(type="logging.Logger")
        return name_value(frame, code[2], found, code[1])
    return found


def walrus(frame: Frame, code: Code) -> Value:
    value = name_value(frame, code[2], evaluate(frame, code[3]), code[1])
    frame.env[code[2]] = value
    return value


# -- parts -------------------------------------------------------------------------------------


def attribute(frame: Frame, code: Code) -> Value:
    value = attributes.read_attribute(frame, evaluate(frame, code[2]), code[3], code[1])
    return of_owner(frame, value, code) if value.facts or value.ref is not None else value


def item(frame: Frame, code: Code) -> Value:
    base = evaluate(frame, code[2])
    key_code = code[3]
    if key_code[0] == Op.SLICE:
        return sliced(frame, base, key_code)
    key = constant_key(frame, key_code)
    if key is None:
        evaluate(frame, key_code)
        return keys.read_some_key(frame, base)
    return keys.read_key(frame, base, key, code[1])


def constant_key(frame: Frame, code: Code) -> Any:
    """A key that is known: a text or a small number."""
    value = evaluate(frame, code)
    return value.const if isinstance(value.const, str | int) and not isinstance(value.const, bool) else None


def sliced(frame: Frame, base: Value, code: Code) -> Value:
    """A slice: the last few characters of a secret are a mask, most of it is not."""
    bounds = [None if bound is None else evaluate(frame, bound).const for bound in code[2]]
    lower, upper = bounds[0], bounds[1]
    short = (isinstance(lower, int) and -8 <= lower < 0 and upper is None) or (
        isinstance(upper, int) and 0 < upper <= 8 and lower in {None, 0}
    )
    return texts.masked(base) if short else base


# -- texts and operations ----------------------------------------------------------------------


def text(frame: Frame, code: Code) -> Value:
    parts = [texts.stringify(frame, evaluate(frame, part), span=part[1]) for part in code[2]]
    return addresses.made(frame, operations.concatenate(parts), code[1])


def binary(frame: Frame, code: Code) -> Value:
    _, _, operator, left_code, right_code = code
    if operator == "+" and left_code[0] == Op.BINARY and left_code[2] == "+":
        return chain(frame, code)
    left, right = evaluate(frame, left_code), evaluate(frame, right_code)
    if operator == "%" and (left.start or left.facts or left.type == "str"):
        return addresses.made(frame, operations.percent(frame, left, right, right_code[1]), code[1])
    if operator == "+":
        return addresses.made(frame, operations.added(frame, left, right), code[1])
    if operator == "|":
        return operations.flags(left, right, taken_away=False) or join(left, right)
    if operator == "&~":
        return operations.flags(left, right, taken_away=True) or UNKNOWN
    if operator == "/" and (right.start or left.start):
        return operations.concatenate([left, Value(const="/"), right])
    if operator in {"*", "**", "<<"} and (number := operations.number(left, operator, right)) is not None:
        return Value(const=number, type="int")
    return Value(type="int") if operator else UNKNOWN


def chain(frame: Frame, code: Code) -> Value:
    """`a + b + c`: as one text, so that what stands behind a `?` is told from what stands in front of it."""
    operands: list[Value] = []
    total_span = code[1]
    while code[0] == Op.BINARY and code[2] == "+":
        operands.append(evaluate(frame, code[4]))
        code = code[3]
    operands.append(evaluate(frame, code))
    operands.reverse()
    if all(
        value.type in {"str", None} and value.element is None and not isinstance(value.const, int | float) for value in operands
    ):
        return addresses.made(frame, operations.concatenate([texts.stringify(frame, value) for value in operands]), total_span)
    total = operands[0]
    for value in operands[1:]:
        total = operations.added(frame, total, value)
    return total


def test(frame: Frame, code: Code) -> Value:
    values = [evaluate(frame, operand) for operand in code[2]]
    if not code[3] or any(value.depends or value.origin is not None for value in values):
        return TRUTH
    left, right = values[0].const, constants(values[1]) if "in" in code[3] else values[1].const
    if MISSING in (left, right) or right is None:
        return TRUTH
    if "in" in code[3]:
        if isinstance(right, str) and not isinstance(left, str):
            return TRUTH  # would be an error, so it is another value
        holds = left in right
    else:
        holds = left == right
    return Value(const=holds != (code[3] in {"!=", "not in"}))


def constants(value: Value) -> Any:
    """The members of a text or of a sequence that is written out; MISSING when they are not all known.

    The keys of a dictionary are never all known: a branch may have added one.
    """
    if value.text is not None:
        return value.text
    members = [inner.const for inner in (value.fields or {}).values()]
    if value.type == "dict":
        return MISSING
    known = bool(members) and value.element is None and MISSING not in members
    return members if known else MISSING


def negation(frame: Frame, code: Code) -> Value:
    return negated(evaluate(frame, code[2]))


def negated(value: Value) -> Value:
    if value.const is not MISSING and not value.depends:
        return Value(const=not value.const, origin=value.origin)
    return TRUTH


def choice(frame: Frame, code: Code) -> Value:
    _, _, kind, operands = code
    if kind == "if":
        truth = known_truth(frame, operands[0])
        if truth is not None:
            return evaluate(frame, operands[1] if truth else operands[2])
        return join(evaluate(frame, operands[1]), evaluate(frame, operands[2]))
    return either(kind, [evaluate(frame, operand) for operand in operands])


def either(kind: str, values: list[Value]) -> Value:
    """What `a and b`, `a or b` gives."""
    result = values[-1]
    for value in reversed(values[:-1]):
        if kind == "and" and value.type in {"bool", None} and value.is_clean:
            continue
        if kind == "or" and value.const is not MISSING and not value.const:
            continue
        result = join(value, result)
    return result


def known_truth(frame: Frame, code: Code) -> bool | None:
    """The truth of a condition that does not depend on anything unknown, such as `if TYPE_CHECKING`.

    `settings.DEBUG` is false: what happens only then does not happen in production.
    """
    return _weighed(frame, code)[0]


def _weighed(frame: Frame, code: Code) -> tuple[bool | None, Value | None]:
    """The truth of a condition, with its value where that had to be worked out for it."""
    if code[0] == Op.ATTR and code[3] == "DEBUG":
        if evaluate(frame, code[2]).type == attributes.SETTINGS or last_name(code[2]) == "settings":
            return False, None
    if code[0] == Op.NOT and code[2][0] in {Op.ATTR, Op.CHOICE}:
        truth, inner = _weighed(frame, code[2])
        return None if truth is None else not truth, None if inner is None else negated(inner)
    if code[0] == Op.CHOICE and code[2] == "and":
        values: list[Value] = []
        for operand in code[3]:
            truth, known = _weighed(frame, operand)
            if truth is False:
                return False, None
            values.append(evaluate(frame, operand) if known is None else known)
        value = either("and", values)
    elif code[0] == Op.CHOICE and code[2] == "or" and _weighed(frame, code[3][0])[0]:
        return True, None  # `if not settings.DEBUG or …: return`
    else:
        value = evaluate(frame, code)
    if value.const is MISSING or value.depends or value.origin is not None:
        return None, value
    if code[0] == Op.CONST or value.const in {True, False, None}:
        return bool(value.const), value
    return None, value


# -- containers --------------------------------------------------------------------------------


def sequence(frame: Frame, code: Code) -> Value:
    value = Value(type="tuple" if code[2] == "tuple" else "list", depth=frame.depth)
    for index, element in enumerate(code[3]):
        if element[0] == Op.STAR:
            _take_over(frame, value, evaluate(frame, element[2]))
        elif value.element is not None or index > 60:
            value.add(evaluate(frame, element))
        else:
            value.put(index, evaluate(frame, element))
    return value


def _take_over(frame: Frame, value: Value, spread: Value) -> None:
    """`[*others]`: element by element where all of them are known, and nothing where there are none."""
    if (
        spread.type in {"list", "tuple"}
        and spread.element is None
        and not spread.depends
        and not spread.facts
        and value.element is None
    ):
        for inner in (spread.fields or {}).values():
            value.put(len(value.fields or {}), inner)
    else:
        value.add(element_of(frame, spread))


def dictionary(frame: Frame, code: Code) -> Value:
    value = Value(type="dict", depth=frame.depth)
    for key_code, value_code in code[2]:
        inner = evaluate(frame, value_code)
        if key_code is None:
            spread(value, inner)
            continue
        key = constant_key(frame, key_code)
        if key is None:
            value.add(inner)
        else:
            value.put(key, name_value(frame, key, inner, value_code[1], what="under the key") if isinstance(key, str) else inner)
    return value


def spread(container: Value, other: Value) -> None:
    """`{**other}`, `.update(other)`: everything inside goes over."""
    for key, inner in (other.fields or {}).items():
        container.put(key, inner)
    if other.element is not None:
        container.add(other.element)
    container.facts += other.facts
    container.depends += other.depends


def element_of(frame: Frame, value: Value) -> Value:
    """What a loop over the value gives."""
    if value.type == MANAGER:
        return Value(type=value.origin if isinstance(value.origin, ClassRef | str) else None)
    if value.ref is None and isinstance(value.type, str):
        spec = frame.machine.knowledge.classes.get(value.type)
        if spec is not None and spec.item:
            return Value(type=spec.item, facts=value.facts, depends=value.depends)
    found: Value | None = value.element
    if value.type in {"list", "tuple", None} and value.fields:
        for inner in value.fields.values():
            found = inner if found is None else join(found, inner)
    elif value.type == "dict":
        return UNKNOWN
    if found is not None:
        return found
    if value.facts or value.depends:
        return Value(facts=value.facts, depends=attributes.deeper(value, ELEMENT))
    return UNKNOWN


def entered(frame: Frame, value: Value) -> Value:
    """What `with value as name` binds: the manager itself, as almost all do, or what it yields."""
    if value.type == "list" and value.element is not None:
        return value.element
    return value if value.ref is None else UNKNOWN


def comprehension(frame: Frame, code: Code) -> Value:
    return comprehensions.comprehension(frame, code)


# -- functions ---------------------------------------------------------------------------------


def closure(frame: Frame, index: int) -> Value:
    """A function made here, with the names around it."""
    env = frame.env if frame.function is not None else None
    if env is not None and frame.outer:
        env = {**frame.outer, **env} if frame.inlined else env
    function = Function(FunctionRef(frame.path, index), env=env)
    if env is not None:
        frame.closures.append(function)
    return Value(ref=function)


def lambda_(frame: Frame, code: Code) -> Value:
    return closure(frame, code[2])


def yield_(frame: Frame, code: Code) -> Value:
    value = evaluate(frame, code[2])
    if code[3]:
        value = element_of(frame, value)
    frame.yields = value if frame.yields is None else join(frame.yields, value)
    return UNKNOWN


def star(frame: Frame, code: Code) -> Value:
    return evaluate(frame, code[2])


def slice_(_frame: Frame, _code: Code) -> Value:
    return UNKNOWN


_EXPRESSIONS: dict[int, Callable[[Frame, Code], Value]] = {
    Op.CONST: constant,
    Op.NAME: name,
    Op.ATTR: attribute,
    Op.ITEM: item,
    Op.CALL: calls.call,
    Op.TEXT: text,
    Op.BINARY: binary,
    Op.TEST: test,
    Op.NOT: negation,
    Op.CHOICE: choice,
    Op.LIST: sequence,
    Op.DICT: dictionary,
    Op.LAMBDA: lambda_,
    Op.COMPREHENSION: comprehension,
    Op.WALRUS: walrus,
    Op.YIELD: yield_,
    Op.STAR: star,
    Op.SLICE: slice_,
}
