"""Looks up what settings code names: variables, attributes, members of classes, ways a condition chooses."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable
from collections.abc import Sequence as Nodes
from dataclasses import replace
from enum import Enum, auto
from typing import Final

from leaktight.model import Certainty, Gap, Step
from leaktight.project.environment import Environment
from leaktight.project.modules import Modules
from leaktight.project.settings.things import (
    Call,
    ClassThing,
    Frame,
    FunctionThing,
    Instance,
    Lazy,
    Method,
    ModuleThing,
    Reader,
    Super,
)
from leaktight.project.settings.values import (
    UNKNOWN,
    Cell,
    External,
    Partial,
    Scope,
    Sequence,
    Table,
    Val,
    alternatives,
    derive,
    join,
    known,
    merge_envs,
    same,
    truth,
    unknown,
)

STEPS: Final = 150_000
"""Expressions and statements one settings module may take to be worked out."""
DEEPEST: Final = 120
_BUILTINS: Final = frozenset(dir(builtins))


class Flow(Enum):
    """How a block of statements ends."""

    NEXT = auto()
    RETURN = auto()
    BREAK = auto()
    CONTINUE = auto()
    DEAD = auto()
    """It raises or exits: what comes after is not reached."""


class ExhaustedError(Exception):
    """The settings take more steps than they are worth."""


class Lookup:
    """The state of one evaluation and its names; what it can't do itself is added by the classes made of it."""

    def __init__(self, modules: Modules, *, environment: Environment, default: Callable[[str], object]) -> None:
        self.modules = modules
        self.environment = environment
        self.default = default
        """Django's default of a setting, for `global_settings.NAME`."""
        self.environ: dict[str, Val] = {}
        """Environment variables the settings themselves set."""
        self.gaps: list[Gap] = []
        self.overrides: list[tuple[str, int, str]] = []
        """Optional star imports of modules that are not in the tree: file, line, module."""
        self.unread: list[tuple[str, int]] = []
        """Where production is told more than the tree tells: file and line; no file for the module it loads instead of this."""
        self.scopes: dict[str, Scope | None] = {}
        """Modules that were read, by path; None for those that can't be."""
        self.dotted: dict[str, str] = {}
        """Modules being read, by the name they know themselves under."""
        self.steps = 0
        self.depth = 0
        self.doubts = 0
        """How often something came out unknown: code that raises no doubt can't fail."""

    # -- given by the classes made of it -------------------------------------------------------

    def call_function(self, function: FunctionThing, call: Call) -> Val:
        raise NotImplementedError

    def module_names(self, path: str) -> Scope | None:
        raise NotImplementedError

    def call_outside(self, name: str, call: Call) -> Val:
        raise NotImplementedError

    def call_reader(self, reader: Reader, name: str, call: Call) -> Val:
        raise NotImplementedError

    def outside_value(self, name: str) -> Val:
        raise NotImplementedError

    def eval(self, node: ast.expr | None, frame: Frame) -> Val:
        raise NotImplementedError

    def call(self, callee: Val, call: Call) -> Val:
        raise NotImplementedError

    def block(self, statements: Nodes[ast.stmt], frame: Frame) -> Flow:
        raise NotImplementedError

    def assign(self, target: ast.expr, val: Val, node: ast.stmt, frame: Frame) -> None:
        raise NotImplementedError

    def spend(self, steps: int = 1) -> None:
        """Count what is done: a limit in steps is the same on every machine."""
        self.steps += steps
        if self.steps > STEPS:
            raise ExhaustedError

    # -- names ---------------------------------------------------------------------------------

    def name(self, name: str, frame: Frame) -> Val:
        """Look up a name, reading the module it is imported from if need be."""
        cell = frame.scope.lookup(name)
        if cell is not None:
            return self.force(cell.val)
        if name == "__name__":
            return known(frame.dotted)
        return known(External(f"builtins.{name}")) if name in _BUILTINS else unknown()

    def force(self, val: Val) -> Val:
        """Read a name imported from a module of the tree."""
        if not isinstance(val.data, Lazy):
            return val
        scope = self.module_names(val.data.path)
        cell = scope.names.get(val.data.name) if scope is not None else None
        if cell is None or (isinstance(cell.val.data, Lazy) and self.depth > DEEPEST):
            return unknown()
        self.depth += 1  # two modules may import a name from each other
        try:
            return self.force(cell.val)
        finally:
            self.depth -= 1

    def origin(self, cell: Cell) -> Cell:
        """Give what an imported name was set by: its place is where it was set, not where it is imported."""
        for _ in range(DEEPEST):
            if not isinstance(cell.val.data, Lazy):
                return cell
            scope = self.module_names(cell.val.data.path)
            found = scope.names.get(cell.val.data.name) if scope is not None else None
            if found is None:
                break
            steps = () if cell.span is None else (Step(cell.span, "imported by name"),)
            cell = replace(found, chain=(*found.chain, *steps))
        return replace(cell, val=unknown())

    def held(self, scope: Scope, name: str) -> Val:
        """Give a name's value to change it in place: what is imported is ours from now on."""
        for holder in scope.chain():
            if (cell := holder.names.get(name)) is not None:
                if isinstance(cell.val.data, Lazy):
                    holder.names[name] = replace(cell, val=self.force(cell.val))
                return holder.names[name].val
        return unknown()

    def attribute(self, base: Val, name: str) -> Val:
        """Look up an attribute."""
        match base.data:
            case External(name=outside):
                return self.outside_value(f"{outside}.{name}")
            case ModuleThing(path=path):
                scope = self.module_names(path)
                if scope is not None and (cell := scope.names.get(name)) is not None:
                    return self.force(cell.val)
                below = self.modules.resolve(name, path, level=1) if path.endswith("__init__.py") else None
                return known(ModuleThing(below)) if below else unknown()
            case Instance(cls=cls, attributes=attributes):
                if name in attributes:
                    return attributes[name]
                return self.member(cls.order, name, base)
            case ClassThing() as cls:
                return known(cls.name) if name == "__name__" else self.member(cls.order, name, base)
            case Super(rest=rest, me=me):
                return self.member(rest, name, me)
            case Partial() | str() | Sequence() | Table() | Reader():
                return known(Method(base, name))
            case _:
                pass
        return derive(UNKNOWN, base)

    def member(self, order: tuple[ClassThing, ...], name: str, me: Val) -> Val:
        """Look up a name along classes; a property is worked out, a method is bound."""
        for cls in order:
            if (cell := cls.names.get(name)) is None:
                continue
            val = self.force(cell.val)
            if not isinstance(val.data, FunctionThing):
                return self.configured(val, name)
            function = val.data
            bound = FunctionThing(
                function.node, function.frame, function.kind, function.defaults, function.keyword_defaults, cls, me
            )
            if function.kind == "property" and isinstance(me.data, Instance):
                return self.call_function(bound, Call())
            return known(bound)
        return unknown()

    def configured(self, val: Val, name: str) -> Val:
        """Give the value a declaration of django-configurations has under its name."""
        return val

    # -- conditions ----------------------------------------------------------------------------

    def choose(self, test: Val, yes: Callable[[], Val], no: Callable[[], Val]) -> Val:
        """Give what a condition chooses; when it depends on the environment, remember the other way."""
        answer = truth(test)
        if answer is None:
            return join(yes(), no(), *test.envs)
        chosen, other = (yes, no) if answer else (no, yes)
        if test.certainty is Certainty.KNOWN:
            return chosen()
        return self.conditional(test, chosen(), other())

    def conditional(self, test: Val, chosen: Val, other: Val) -> Val:
        """Give the value that is chosen by default, and would be another in another environment."""
        if same(chosen, other):
            return chosen
        envs = merge_envs(chosen.envs, test.envs)
        certainty = Certainty.UNKNOWN if chosen.data is UNKNOWN else Certainty.DEFAULTED
        return Val(chosen.data, certainty, envs, chosen.span, alternatives(*chosen.others, other, *other.others))


def derive_from(val: Val, *sources: Val) -> Val:
    """Give a value that is what it is only because of others: as certain as they are."""
    if all(source.certainty is Certainty.KNOWN for source in sources):
        return val
    envs = merge_envs(val.envs, *(source.envs for source in sources))
    certainty = Certainty.UNKNOWN if val.data is UNKNOWN else Certainty.DEFAULTED
    return Val(val.data, certainty, envs, val.span, val.others)
