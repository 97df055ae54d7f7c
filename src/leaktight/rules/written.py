"""What stands in a file outside of what is followed: statements by where they stand, switches of a configuration, headers."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from leaktight.model import Span
from leaktight.project import Project
from leaktight.project.symbols import FunctionRef
from leaktight.rules.reach import module_statements, statements
from leaktight.source.code import Code, Op, holds, packed, walk

_SETS = re.compile(r"set|add|append|header|put|insert|write", re.IGNORECASE)
"""In the name of a method that writes down what it is given."""


@dataclass(frozen=True, slots=True)
class Written:
    """A value that is written down under a name."""

    name: str
    value: Code
    span: Span
    symbol: str
    beside: frozenset[str] = frozenset()
    """Names that are switched on in the same call or dictionary."""


def places(project: Project, path: str, words: tuple[bytes, ...] = ()) -> Iterator[tuple[str, list[Code]]]:
    """The code of a file by the dotted name of where it stands: the module, its classes, its functions.

    With some packed words, bodies that hold none of them are left out: most are never unpacked then.
    """
    module = project.program.modules[path]
    dotted = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    if not words or holds(module.body, words):
        yield dotted, module_statements(project.program, path)
    for cls in module.classes:
        yield f"{dotted}.{cls.qualified}", [*cls.bases, *cls.body]
    for index, function in enumerate(module.functions):
        defaults = [parameter.default for parameter in function.parameters if parameter.default is not None]
        codes = [*defaults, *function.decorators]
        if not words or holds(function.body, words):
            codes += statements(project.program, FunctionRef(path, index))
        if codes:
            yield f"{dotted}.{function.qualified}", codes


def switches(project: Project, path: str, names: Collection[str]) -> Iterator[Written]:
    """Entries of a configuration with these names: `config["NAME"] = …`, `config.NAME = …`, `update(NAME=…)`, `{"NAME": …}`."""
    for symbol, codes in places(project, path, packed(*names)):
        for code in walk(codes):
            entries = list(_entries(code))
            for name, value in entries:
                if name in names:
                    on = frozenset(other for other, given in entries if given[0] == Op.CONST and given[2] is True)
                    yield Written(name, value, project.span(path, value[1]), symbol, on)


def headers(project: Project, path: str, name: str) -> Iterator[Written]:
    """Values given to a response header: `response["Name"] = …`, `set_header("Name", …)`, `headers={"Name": …}`."""
    for symbol, codes in places(project, path):
        for code in walk(codes):
            for key, value in (*_entries(code), *_handed(code)):
                if key.lower() == name:
                    yield Written(name, value, project.span(path, code[1] if code[0] == Op.CALL else value[1]), symbol)


def _entries(code: Code) -> Iterator[tuple[str, Code]]:
    match code:
        case [Op.ASSIGN, int(), [*targets], [*value], *_]:
            yield from ((name, value) for target in targets if (name := _key(target)) is not None)
        case [Op.CALL, int(), _, _, [*keywords]]:
            yield from ((name, value) for name, value in keywords if name is not None)
        case [Op.DICT, int(), [*pairs]]:
            yield from ((key[2], value) for key, value in pairs if key is not None and _is_text(key))
        case _:
            pass


def _handed(code: Code) -> Iterator[tuple[str, Code]]:
    """A method that is given a name and a value."""
    match code:
        case [Op.CALL, int(), [Op.ATTR, _, _, method], [first, second, *_], _] if _is_text(first) and _SETS.search(method):
            yield first[2], second
        case _:
            pass


def _key(target: Code) -> str | None:
    match target:
        case [Op.ITEM, int(), _, [Op.CONST, int(), str(name)]] | [Op.ATTR, int(), _, str(name)] | [Op.NAME, int(), str(name)]:
            return name
        case _:
            return None


def _is_text(code: Code) -> bool:
    return code[0] == Op.CONST and isinstance(code[2], str)


def is_off(code: Code) -> bool:
    """Tell a value that is written as off."""
    return code[0] == Op.CONST and code[2] is False
