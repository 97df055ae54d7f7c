"""What a function does only for one value of a parameter: what stands under `if method == "POST"` does not happen to who passes "GET"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from leaktight.flow.value import MISSING, Dependence
from leaktight.source.code import Code, Op

if TYPE_CHECKING:
    from leaktight.flow.frame import Frame
    from leaktight.flow.substitute import Actuals


class Condition(NamedTuple):
    """A parameter is a value the code knows, or is not."""

    parameter: int
    const: Any
    holds: bool


def conditions_of(frame: Frame, test: Code) -> tuple[tuple[Condition, ...], tuple[Condition, ...]]:
    """What is known of parameters where a test holds, and where it does not."""
    match test:
        case [Op.TEST, _, [[Op.NAME, _, str(name)], [Op.CONST, _, const]], "==" | "!=" as comparison]:
            parameter = _parameter(frame, name)
            if parameter is None or not isinstance(const, str | int | None):
                return (), ()
            equal = comparison == "=="
            return (Condition(parameter, const, equal),), (Condition(parameter, const, not equal),)
        case _:
            return (), ()


def may_happen(conditions: tuple[Condition, ...], actuals: Actuals) -> bool:
    """Tell whether nothing that is passed contradicts."""
    return not any(_is_against(item, actuals) for item in conditions)


def handed_on(conditions: tuple[Condition, ...], actuals: Actuals) -> tuple[Condition, ...]:
    """The conditions on what the caller itself is passed."""
    found = []
    for item in conditions:
        value = actuals.values.get(item.parameter)
        if value is not None and (parameter := _alone(value.depends)) is not None:
            found.append(Condition(parameter, item.const, item.holds))
    return tuple(found)


def _is_against(item: Condition, actuals: Actuals) -> bool:
    value = actuals.values.get(item.parameter)
    if value is None or value.const is MISSING or value.depends or value.origin is not None:
        return False
    is_same = type(value.const) is type(item.const) and value.const == item.const
    return is_same is not item.holds


def _parameter(frame: Frame, name: str) -> int | None:
    """The index of the parameter a name still stands for: with `method = method or "GET"` it is another value."""
    value = frame.env.get(name)
    return next((index for index, given in enumerate(frame.parameters) if given is value), None)


def _alone(depends: tuple[Dependence, ...]) -> int | None:
    return depends[0].parameter if len(depends) == 1 and depends[0] == Dependence(depends[0].parameter) else None
