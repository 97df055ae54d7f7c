"""Whether a decorator of the project hands on the attributes of the view it wraps, such as the exemption from the CSRF check."""

from __future__ import annotations

import re

from leaktight.project import Project
from leaktight.project.symbols import FunctionRef, GlobalRef, Program
from leaktight.project.views import View
from leaktight.rules.reach import module_statements
from leaktight.source.code import Code, Op

_HANDS_ON = frozenset({"wraps", "update_wrapper", "__dict__", "csrf_exempt", "WRAPPER_ASSIGNMENTS", "vars", "setattr"})
"""Names used where a wrapper is given the attributes of what it wraps, or is exempted itself."""
_REQUEST = re.compile(r"\w*request|req|self")
_WRAPPED = re.compile(r"f|fn|func\w*|\w*_func|\w*function|\w*view\w*|callback|handler|method")
_MAX_LEVELS = 4


def is_lost(view: View, place: int, project: Project) -> bool:
    """Tell whether what a decorator of a function sets on it is lost by another one further out.

    Django looks at the attributes of what the URLconf names. `functools.wraps` copies them; a plain inner function has none.
    """
    if not isinstance(view.ref, FunctionRef):
        return False
    codes = project.program.function(view.ref).decorators
    position = next((index for index, code in enumerate(codes) if code[1] == place), 0)
    return any(_loses(project.program, code, view.path) for code in codes[:position])


def _loses(program: Program, code: Code, path: str) -> bool:
    """Tell whether a decorator surely answers with an inner function of its own, and copies nothing to it."""
    symbol = program.resolve_code(code, path)
    if not isinstance(symbol, FunctionRef) or not all(
        _adds_nothing(program, around, symbol.path) for around in program.function(symbol).decorators
    ):
        return False
    current, given = symbol, set[str]()
    for _ in range(_MAX_LEVELS):
        function = program.function(current)
        inner = _answer(program, current)
        if inner is None:
            return current != symbol and _is_wrapper(program, current, given)
        if not _HANDS_ON.isdisjoint(function.names) or program.function(inner).decorators:
            return False
        given |= {parameter.name for parameter in function.parameters}
        current = inner
    return False


def _answer(program: Program, ref: FunctionRef) -> FunctionRef | None:
    """The inner function that a function returns whatever happens."""
    pieces = program.pieces(ref)
    made = {code[2]: FunctionRef(ref.path, code[3]) for code in pieces if code[0] == Op.DEFINE}
    values = [code[2] for code in pieces if code[0] == Op.RETURN]
    names = {value[2] if value is not None and value[0] == Op.NAME else None for value in values}
    return made.get(names.pop()) if len(names) == 1 else None


def _is_wrapper(program: Program, ref: FunctionRef, given: set[str]) -> bool:
    """Tell a function that takes a request and calls the view it was given from one that takes the view."""
    parameters = program.function(ref).parameters
    if not parameters or not (parameters[0].kind == "args" or _REQUEST.fullmatch(parameters[0].name)):
        return False
    called = {code[2][2] for code in program.pieces(ref) if code[0] == Op.CALL and code[2][0] == Op.NAME} & given
    return any(_WRAPPED.fullmatch(name) for name in called - {parameter.name for parameter in parameters})


def _adds_nothing(program: Program, code: Code, path: str) -> bool:
    """Tell whether what is around a decorator is in sight and copies no attributes either."""
    symbol = program.resolve_code(code, path)
    if isinstance(symbol, FunctionRef):
        return _never_hands_on(program, symbol)
    if not isinstance(symbol, GlobalRef):
        return False
    values = [
        code[3]
        for code in module_statements(program, symbol.path)
        if code[0] == Op.ASSIGN and any(target[0] == Op.NAME and target[2] == symbol.name for target in code[2])
    ]
    return bool(values) and all(
        value is not None and value[0] == Op.LAMBDA and _never_hands_on(program, FunctionRef(symbol.path, value[2]))
        for value in values
    )


def _never_hands_on(program: Program, ref: FunctionRef, depth: int = _MAX_LEVELS) -> bool:
    function = program.function(ref)
    if function.decorators or not _HANDS_ON.isdisjoint(function.names):
        return False
    inner = [FunctionRef(ref.path, code[-1]) for code in program.pieces(ref) if code[0] in {Op.DEFINE, Op.LAMBDA}]
    return not inner or (depth > 0 and all(_never_hands_on(program, item, depth - 1) for item in inner))
