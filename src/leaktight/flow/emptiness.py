"""What a branch knows to be empty or written in the code: in `if not key: raise ValueError(f"no key: {key}")` there is nothing to tell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from leaktight.flow.value import NONE, Value
from leaktight.project.symbols import ClassRef
from leaktight.source.code import Code, Op

if TYPE_CHECKING:
    from leaktight.flow.frame import Frame


def emptied(frame: Frame, test: Code, *, holds: bool) -> dict[str, Value]:
    """The variables that hold nothing, or a text the code knows, where a test holds, or where it does not."""
    return {name: _empty(frame.env[name]) for name in _names(test, holds=holds) if name in frame.env}


def _names(test: Code, *, holds: bool) -> Iterator[str]:
    """`not name` and `name == "…"` hold for what is empty or known; `name` alone does not."""
    match test:
        case [Op.NOT, _, operand]:
            yield from _names(operand, holds=not holds)
        case [Op.CHOICE, _, "and" | "or" as joined, operands]:
            if (joined == "and") is holds:
                for operand in operands:
                    yield from _names(operand, holds=holds)
        case [Op.NAME, _, str(name)] if not holds:
            yield name
        case [Op.TEST, _, [[Op.NAME, _, str(name)], [Op.CONST, _, str()]], "==" | "!=" as comparison]:
            if (comparison == "==") is holds:
                yield name
        case _:
            return


def _empty(value: Value) -> Value:
    """The same variable without what makes it sensitive; what it is otherwise known to be stays for what comes after the branch."""
    if isinstance(value.type, ClassRef):
        return NONE  # an object of the project is hardly ever empty otherwise than by not being there
    twin = value.copy()
    twin.facts, twin.depends = (), ()
    if twin.type is None and twin.ref is None:
        twin.type = "str"  # what is known is not called after its name again
    return twin
