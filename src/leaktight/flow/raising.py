"""Where exceptions of the project are raised: whether their text is always a fixed sentence."""

from __future__ import annotations

from leaktight.project.symbols import ClassRef, FunctionRef, Program
from leaktight.source.code import Code, Op

_MARKS = frozenset({"_", "gettext", "gettext_lazy", "ugettext", "ugettext_lazy", "pgettext", "ngettext", "str"})
"""Functions that give the translation of what they are given."""


def tells_more(program: Program, ref: ClassRef) -> bool:
    """Tell whether some `raise` of a class of the project puts more into its text than a fixed sentence."""
    key = ("raised", ref)
    if key not in program.memo:
        program.memo[key] = any(_raises_with_data(program, function, ref) for function in _raising(program, ref))
    return bool(program.memo[key])


def _raising(program: Program, ref: ClassRef) -> list[FunctionRef]:
    """The functions that call a class by its name."""
    key = "functions by called name"
    if key not in program.memo:
        table: dict[str, list[FunctionRef]] = {}
        for function in program.functions():
            for name in program.function(function).names:
                table.setdefault(name, []).append(function)
        program.memo[key] = table
    found: list[FunctionRef] = program.memo[key].get(program.class_(ref).name, [])
    return found


def _raises_with_data(program: Program, function: FunctionRef, ref: ClassRef) -> bool:
    return any(
        code[0] == Op.RAISE
        and code[2] is not None
        and code[2][0] == Op.CALL
        and program.resolve_code(code[2][2], function.path) == ref
        and any(not _is_fixed(argument) for argument in code[2][3])
        for code in program.pieces(function)
    )


def _is_fixed(code: Code) -> bool:
    if code[0] == Op.CALL and code[2][0] in {Op.NAME, Op.ATTR} and code[2][-1] in _MARKS:
        return all(_is_fixed(argument) for argument in code[3])
    return bool(code[0] == Op.CONST)
