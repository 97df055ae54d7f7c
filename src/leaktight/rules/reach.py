"""What a function does, directly and through the project's functions it calls: names called, texts and attributes used."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from leaktight.model import Span
from leaktight.project import Project
from leaktight.project.symbols import ClassRef, External, FunctionRef, ModuleRef, Program, Symbol
from leaktight.rules import judging
from leaktight.source.code import Code, Op, last_name, walk

MAX_DEPTH = 4
MAX_FUNCTIONS = 60
"""Functions looked into from one start; what lies further away says little about the start."""

_QUERYSET = frozenset(
    {"objects", "filter", "exclude", "all", "select_for_update", "get_queryset", "_default_manager", "order_by"}
)

_decode = msgspec.msgpack.Decoder().decode


@dataclass(slots=True)
class Reach:
    """What is found in a function and in what it calls."""

    called: set[str] = field(default_factory=set)
    """Last parts of the names called, whole qualified names of what comes from outside, `objects.update` for querysets."""
    used: set[str] = field(default_factory=set)
    """Attributes read or written, with the name in front where that is a plain one: `request.user`."""
    texts: set[str] = field(default_factory=set)
    functions: list[FunctionRef] = field(default_factory=list)


def reach(program: Program, start: FunctionRef, cls: ClassRef | None = None, *, depth: int = MAX_DEPTH) -> Reach:
    """Look into a function, its decorators, and the project's functions it calls; `cls` is what `self` is."""
    found = Reach()
    _visit(program, start, cls, found, depth)
    return found


def _visit(program: Program, ref: FunctionRef, cls: ClassRef | None, found: Reach, depth: int) -> None:
    if ref in found.functions or len(found.functions) >= MAX_FUNCTIONS:
        return
    found.functions.append(ref)
    function = program.function(ref)
    owner = cls or (ClassRef(ref.path, function.owner) if function.owner >= 0 else None)
    own = _own(program, ref, owner)
    found.called |= own.called
    found.used |= own.used
    found.texts |= own.texts
    for target, nearer in own.targets:
        if depth > 0:
            _visit(program, target, owner if program.function(target).owner >= 0 or not nearer else None, found, depth - nearer)


class _Own(NamedTuple):
    """What stands in one function itself."""

    called: frozenset[str]
    used: frozenset[str]
    texts: frozenset[str]
    targets: tuple[tuple[FunctionRef, int], ...]
    """Functions it calls or makes, and how much further away they are."""


def _own(program: Program, ref: FunctionRef, owner: ClassRef | None) -> _Own:
    key = ("own", ref, owner)
    known: _Own | None = program.memo.get(key)
    if known is None:
        known = program.memo[key] = _look(program, ref, owner)
    return known


def _look(program: Program, ref: FunctionRef, owner: ClassRef | None) -> _Own:
    function = program.function(ref)
    called: set[str] = set()
    used: set[str] = set()
    texts: set[str] = set()
    targets: dict[tuple[FunctionRef, int], None] = {}
    for code in (*walk(function.decorators), *program.pieces(ref)):
        match code[0]:
            case Op.CONST if isinstance(code[2], str):
                texts.add(code[2])
            case Op.NAME if isinstance(symbol := program.lookup(ref.path, code[2]), External):
                used.add(symbol.name)
            case Op.ATTR:
                used.add(code[3])
                if code[2][0] in {Op.NAME, Op.ATTR}:
                    used.add(f"{code[2][-1]}.{code[3]}")
            case Op.CALL:
                called.add(last_name(code[2]))
                if code[2][0] == Op.ATTR and any(item[0] == Op.ATTR and item[3] in _QUERYSET for item in walk(code[2][2])):
                    called.add(f"objects.{code[2][3]}")
                target = callee(program, code[2], ref, owner)
                if isinstance(target, External):
                    called.add(target.name)
                elif isinstance(target, FunctionRef):
                    targets[target, 1] = None
            case Op.DEFINE:
                targets[FunctionRef(ref.path, code[3]), 0] = None
            case _:
                pass
    for decorator in function.decorators:
        symbol = program.resolve_code(decorator, ref.path)
        if isinstance(symbol, FunctionRef):
            targets[symbol, 1] = None
    return _Own(frozenset(called), frozenset(used), frozenset(texts), tuple(targets))


def callee(program: Program, code: Code, ref: FunctionRef, owner: ClassRef | None) -> Symbol | None:
    """The function a call means: a name of the file, a method of `self` or of the base class."""
    if code[0] == Op.ATTR and owner is not None:
        base = code[2]
        if base[0] == Op.NAME and base[2] in {"self", "cls"}:
            return program.method(owner, code[3])
        if base[0] == Op.CALL and base[2][0] == Op.NAME and base[2][2] == "super":
            index = program.function(ref).owner
            here = ClassRef(ref.path, index) if index >= 0 else owner
            line = program.mro(owner)
            after = line[line.index(here) + 1 :] if here in line else ()
            return next((found for item in after if (found := _method_of(program, item, code[3])) is not None), None)
    symbol = program.resolve_code(code, ref.path) if code[0] in {Op.NAME, Op.ATTR} else None
    return None if isinstance(symbol, ModuleRef) else symbol


def _method_of(program: Program, item: ClassRef | External, name: str) -> FunctionRef | None:
    index = program.class_(item).methods.get(name) if isinstance(item, ClassRef) else None
    return None if index is None or not isinstance(item, ClassRef) else FunctionRef(item.path, index)


def statements(program: Program, ref: FunctionRef) -> list[Code]:
    """The lowered body of a function."""
    body = program.function(ref).body
    return list(_decode(body)) if body else []


def module_statements(program: Program, path: str) -> list[Code]:
    """The lowered statements at module level of a file."""
    body = program.modules[path].body
    return list(_decode(body)) if body else []


def heading(project: Project, ref: FunctionRef | ClassRef) -> Span:
    """The first line of a definition: where a finding about the whole of it is shown."""
    definition = project.program.function(ref) if isinstance(ref, FunctionRef) else project.program.class_(ref)
    return judging.heading(project, ref.path, definition.span, definition.name)
