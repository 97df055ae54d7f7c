"""Addresses in clear that are written in the code, wherever they are used."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from leaktight.flow.knowledge import load
from leaktight.model import Span
from leaktight.policy import Channel
from leaktight.project import Project
from leaktight.project.symbols import External
from leaktight.rules.written import places
from leaktight.source.code import Code, Op, begins_in_clear, last_name

_ASKED = frozenset({"startswith", "removeprefix", "replace", "split", "partition", "strip", "lstrip"})
"""Methods that only look at a text, or take the scheme away."""


@dataclass(frozen=True, slots=True)
class Written:
    """One address in the code."""

    span: Span
    text: str
    """Its known beginning."""
    symbol: str


def addresses(project: Project, path: str) -> tuple[Written, ...]:
    """Give the addresses in clear a file holds; not those it only compares with, documents, or hands to a known client."""
    key = ("addresses", path)
    known: tuple[Written, ...] | None = project.program.memo.get(key)
    if known is None:
        known = project.program.memo[key] = tuple(_in_file(project, path))
    return known


def _in_file(project: Project, path: str) -> Iterator[Written]:
    module = project.program.modules[path]
    if "address" not in module.telling:
        return
    for symbol, codes in places(project, path):
        for code in _texts(codes, project, path):
            yield Written(project.span(path, code[1]), code[2], symbol)


def _texts(code: object, project: Project, path: str) -> Iterator[Code]:
    """Constants that begin like an address in clear, without what is only looked at."""
    if type(code) is not list:
        return
    match code:
        case [Op.CONST, int(), str(text)] if begins_in_clear(text):
            yield code
        case [Op.CONST, *_] | [Op.EXPRESSION, int(), [Op.CONST, *_]]:
            return
        case [Op.TEST, int(), [_, _, *_], *_]:  # a comparison sends nothing
            return
        case [Op.CALL, int(), function, arguments, keywords]:
            if last_name(function) in _ASKED and function[0] == Op.ATTR:
                yield from _texts(function, project, path)
                is_unbound = function[2][0] == Op.NAME and function[2][2] in {"str", "bytes"}
                yield from _texts([*arguments[2 if is_unbound else 1 :], *(value for _, value in keywords)], project, path)
            elif not _sends(function, project, path):
                yield from _texts([function, *arguments, *(value for _, value in keywords)], project, path)
            else:
                inner = [item for item in (*arguments, *(value for _, value in keywords)) if item[0] != Op.CONST]
                yield from _texts([function, *inner], project, path)
        case _:
            for inner in code:
                yield from _texts(inner, project, path)


def _sends(function: Code, project: Project, path: str) -> bool:
    """Tell a call by name of a client that is judged by where it sends."""
    symbol = project.program.resolve_code(function, path) if function[0] in {Op.ATTR, Op.NAME} else None
    spec = load().functions.get(load().canonical(symbol.name)) if isinstance(symbol, External) else None
    return spec is not None and any(sink.channel == Channel.OUTGOING_HTTP and sink.part == "url" for sink in spec.sinks.values())
