"""Whether a view, or a decorator of the project around it, answers whatever goes wrong, so that no error report of it is made."""

from __future__ import annotations

from collections.abc import Iterator

from leaktight.project import Project
from leaktight.project.symbols import FunctionRef, Program
from leaktight.project.views import View
from leaktight.rules.reach import statements
from leaktight.source.code import Code, Op, walk

_ALL = frozenset({"Exception", "BaseException"})
_UNSAFE = ("post", "put", "patch", "*")
_AROUND = frozenset({"function", "alias", "method:dispatch", "method:post"})
_PLAIN = frozenset({Op.CONST, Op.NAME})


def answers_its_errors(view: View, project: Project) -> bool:
    """Tell a view whose errors never get to Django: all of its body, or a call of it in a decorator, is in a `try` that answers."""
    program = project.program
    for item in view.decorators:
        symbol = program.resolve_code(item.code, item.path) if item.target in _AROUND else None
        if isinstance(symbol, FunctionRef) and any(_catches_around(program, inner) for inner in _inner(program, symbol)):
            return True
    handlers = [handler for method, handler in view.handlers.items() if method in _UNSAFE]
    return bool(handlers) and all(_catches_all(statements(program, handler)) for handler in handlers)


def _inner(program: Program, ref: FunctionRef, depth: int = 2) -> Iterator[FunctionRef]:
    for code in program.pieces(ref):
        if code[0] == Op.DEFINE:
            inner = FunctionRef(ref.path, code[3])
            yield inner
            if depth > 0:
                yield from _inner(program, inner, depth - 1)


def _catches_around(program: Program, wrapper: FunctionRef) -> bool:
    """`try: return view(request, *args, **kwargs)` with an answer to all errors, and the view called nowhere else."""
    body = statements(program, wrapper)
    tries = [code for code in body if code[0] == Op.TRY and _answers(code)]
    called = {name for code in tries for name in _passing_on(code[2])}
    return bool(called) and not any(name in called for code in body if code not in tries for name in _passing_on([code]))


def _passing_on(body: list[Code]) -> Iterator[str]:
    """The names of what is called with all arguments of a wrapper: `view(request, *args, **kwargs)`."""
    for code in walk(body):
        if code[0] == Op.CALL and code[2][0] == Op.NAME and any(argument[0] == Op.STAR for argument in code[3]):
            yield code[2][2]


def _catches_all(body: list[Code]) -> bool:
    """Tell a body that is one `try`, with nothing beside it that could fail."""
    tries = [code for code in body if code[0] == Op.TRY]
    return len(tries) == 1 and _answers(tries[0]) and all(_is_harmless(code) for code in body if code[0] != Op.TRY)


def _is_harmless(code: Code) -> bool:
    if code[0] in {Op.EXPRESSION, Op.RETURN}:
        return code[2] is None or code[2][0] in _PLAIN
    return code[0] in {Op.IMPORT, Op.DEFINE} or (code[0] == Op.ASSIGN and (code[3] is None or code[3][0] in _PLAIN))


def _answers(code: Code) -> bool:
    """Tell a `try` that catches everything and lets nothing out, neither by raising nor by calling again nor into a log with the request."""
    _, _, body, handlers, otherwise, _ = code
    again = set(_passing_on(body))
    everything = [handler for handler in handlers if handler[0] is None or _is_everything(handler[0])]
    return bool(everything) and not otherwise and all(_lets_nothing_out(handler[2], again) for handler in handlers)


def _is_everything(types: Code) -> bool:
    return any(code[0] == Op.NAME and code[2] in _ALL for code in walk(types))


def _lets_nothing_out(body: list[Code], again: set[str]) -> bool:
    for code in body:
        if code[0] == Op.IF and _is_production(code[2]) and code[3] and code[3][-1][0] == Op.RETURN:
            return _lets_nothing_out(code[3], again)  # what follows is for developers
        if any(_lets_out(item) for item in walk(code)) or not again.isdisjoint(_passing_on([code])):
            return False
    return True


def _lets_out(code: Code) -> bool:
    return code[0] == Op.RAISE or (code[0] == Op.CALL and any(name == "extra" for name, _ in code[4]))


def _is_production(test: Code) -> bool:
    """`not settings.DEBUG`."""
    return bool(test[0] == Op.NOT and test[2][0] in {Op.NAME, Op.ATTR} and test[2][-1] == "DEBUG")
