"""Constants of the `ssl` module that are handed on to something nothing is known about."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from leaktight.flow.knowledge import load
from leaktight.flow.machine import Machine
from leaktight.model import Span
from leaktight.project import Project
from leaktight.project.symbols import External, FunctionRef
from leaktight.rules.reach import statements
from leaktight.source.code import Code, Op, walk

_LIBRARIES = frozenset({"ssl", "OpenSSL", "pyOpenSSL"})
_OPTION = re.compile(
    r"cert_reqs|verify|validate|(?:ssl|tls)_?(?:min(?:imum)?_?|max(?:imum)?_?)?(?:version|method)|^method$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class HandedOn:
    """One place where a constant is handed on."""

    span: Span
    name: str
    """Last part of the constant's name."""
    symbol: str


def handed_on(project: Project, constants: Collection[str]) -> Iterator[HandedOn]:
    """Where one of these constants is passed on, kept for a parameter, or put among the options of a connection."""
    for path in sorted(project.program.modules):
        module = project.program.modules[path]
        if _LIBRARIES.isdisjoint(name.partition(".")[0] for name in module.imports.values()):
            continue
        dotted = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        calls = [code for code in walk(Machine.decode(module.body)) if code[0] == Op.CALL]
        yield from _constants(
            project, path, dotted, [passed for code in calls for passed in _passed(code, path, project)], constants
        )
        for index, function in enumerate(module.functions):
            codes = [parameter.default for parameter in function.parameters if parameter.default is not None]
            for code in walk(statements(project.program, FunctionRef(path, index))):
                codes += _passed(code, path, project)
            yield from _constants(project, path, f"{dotted}.{function.qualified}", codes, constants)


def _constants(project: Project, path: str, symbol: str, codes: list[Code], constants: Collection[str]) -> Iterator[HandedOn]:
    for code in codes:
        name = _name(code, path, project)
        if name in constants:
            yield HandedOn(project.span(path, code[1]), name.rpartition(".")[2], symbol)


def _passed(code: Code, path: str, project: Project) -> list[Code]:
    """What a piece of code hands on: the arguments of a call that knowledge does not judge, an entry such as `cert_reqs`."""
    match code[0]:
        case Op.CALL if _name(code[2], path, project) not in load().functions:
            return [*code[3], *(value for _, value in code[4])]
        case Op.DICT:
            return [value for key, value in code[2] if key is not None and key[0] == Op.CONST and _OPTION.search(str(key[2]))]
        case Op.ASSIGN if any(_is_option(target) for target in code[2]):
            return [code[3]]
        case _:
            return []


def _is_option(target: Code) -> bool:
    """Tell an entry that is set: `options["ssl_version"] = …`."""
    return target[0] == Op.ITEM and target[3][0] == Op.CONST and _OPTION.search(str(target[3][2])) is not None


def _name(code: Code, path: str, project: Project) -> str:
    """The qualified name of something from outside that is written out; empty for anything else."""
    symbol = project.program.resolve_code(code, path) if code[0] in {Op.ATTR, Op.NAME} else None
    return load().canonical(symbol.name) if isinstance(symbol, External) else ""
