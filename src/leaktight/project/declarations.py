"""What stands in the call and the `Meta` that declare a field: constants, names, lists of names, switches."""

from __future__ import annotations

from typing import Any

from leaktight.source.code import Code, Op, last_name


def plain(code: Code) -> Any:
    """A keyword's constant, or the last part of the name it is given."""
    if code[0] == Op.CONST:
        return code[2]
    if code[0] == Op.DICT:
        inputs = [
            value[2] for key, value in code[2] if key and key[0] == Op.CONST and key[2] == "input_type" and value[0] == Op.CONST
        ]
        return inputs[0] if inputs else True
    return last_name(code) or True


def switches_on(code: Code, name: str) -> bool:
    """`kwargs["write_only"] = …`, `kwargs.setdefault("write_only", True)`, `super().__init__(write_only=True)`."""
    if code[0] == Op.ASSIGN:
        off = code[3] is not None and code[3][0] == Op.CONST and not code[3][2]
        named = (target[3] for target in code[2] if target[0] == Op.ITEM)
        return not off and any(key[0] == Op.CONST and key[2] == name for key in named)
    if code[0] != Op.CALL:
        return False
    given = [value for key, value in code[4] if key == name]
    if last_name(code[2]) == "setdefault" and len(code[3]) == 2 and code[3][0][0] == Op.CONST and code[3][0][2] == name:
        given.append(code[3][1])
    return any(value[0] == Op.CONST and value[2] is True for value in given)


def texts(code: Code) -> tuple[str, ...] | None:
    """The names in a list, tuple or text; None when they are not written out."""
    if code[0] == Op.CONST and isinstance(code[2], str):
        return (code[2],)
    if code[0] == Op.LIST and all(item[0] == Op.CONST for item in code[3]):
        return tuple(str(item[2]) for item in code[3])
    if code[0] == Op.BINARY and code[2] == "+":
        left, right = texts(code[3]), texts(code[4])
        return left + right if left is not None and right is not None else None
    return None
