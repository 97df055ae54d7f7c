"""What settings code handles besides data: outside names, modules, functions, classes, readers of the environment."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field

from leaktight.project.settings.values import Cell, External, Scope, Thing, Val
from leaktight.source.python import Parsed


@dataclass(frozen=True, slots=True)
class ModuleThing(Thing):
    """A module of the tree."""

    path: str


@dataclass(frozen=True, slots=True)
class Lazy(Thing):
    """A name imported from a module of the tree that has not been read yet."""

    path: str
    name: str


@dataclass(frozen=True, slots=True)
class Names(Thing):
    """`globals()`, `locals()` or `vars()`: the names of a scope, as a dictionary."""

    scope: Scope


@dataclass(eq=False, slots=True)
class Frame:
    """Where code runs: its names, the file it stands in, and what it has returned."""

    scope: Scope
    parsed: Parsed
    dotted: str
    owner: ClassThing | None = None
    """The class whose method this is."""
    me: Val | None = None
    """What the method is called on."""
    returned: Val | None = None
    pending: list[tuple[Val, Val, bool | None]] = field(default_factory=list)
    """Returns on ways that may not be taken: the test, the value, whether it is what happens by default."""

    @property
    def module(self) -> Scope:
        """The names of the module the code stands in."""
        return self.scope.chain()[-1]


@dataclass(eq=False, slots=True)
class FunctionThing(Thing):
    """A function, method or lambda of the tree."""

    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    frame: Frame
    kind: str = "plain"
    """`plain`, `property`, `static`, `class`, or `odd` when a decorator may change what it does."""
    defaults: tuple[Val, ...] = ()
    keyword_defaults: Mapping[str, Val] = field(default_factory=dict)
    owner: ClassThing | None = None
    me: Val | None = None


@dataclass(eq=False, slots=True)
class ClassThing(Thing):
    """A class of the tree: its own names, and its bases in order."""

    name: str
    bases: tuple[Val, ...]
    names: Mapping[str, Cell]

    order: tuple[ClassThing, ...] = field(init=False)
    """The class and its bases in the order names are looked up, each once."""

    def __post_init__(self) -> None:
        found = [cls for base in self.bases if isinstance(base.data, ClassThing) for cls in base.data.order]
        # A base shared by two others comes after both of them.
        last = {id(cls): place for place, cls in enumerate(found)}
        self.order = (self, *(cls for place, cls in enumerate(found) if last[id(cls)] == place))

    def outside(self) -> tuple[str, ...]:
        """Give the dotted names of bases from outside the tree."""
        bases = [base.data for cls in self.order for base in cls.bases]
        return tuple(base.name for base in bases if isinstance(base, External))


@dataclass(eq=False, slots=True)
class Instance(Thing):
    """An instance of a class of the tree."""

    cls: ClassThing
    attributes: dict[str, Val] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Super(Thing):
    """`super()`: the classes that come after the one the method stands in."""

    rest: tuple[ClassThing, ...]
    me: Val


@dataclass(eq=False, slots=True)
class Reader(Thing):
    """An object that reads the environment: of django-environ, environs, decouple, configparser."""

    library: str
    scheme: Mapping[str, tuple[Val | None, Val | None]] = field(default_factory=dict)
    """Variable → cast and default, as `environ.Env(DEBUG=(bool, False))` declares them."""
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class Method(Thing):
    """A method looked up but not yet called, on data or on a reader."""

    base: Val
    name: str


@dataclass(frozen=True, slots=True)
class Cast(Thing):
    """What decouple's `Csv()` and its like make: a converter of texts."""

    kind: str


@dataclass(frozen=True, slots=True)
class Configured(Thing):
    """A `values.…` of django-configurations: its variable is known once its name is."""

    kind: str
    default: Val | None
    variable: str | None = None
    prefix: str | None = None
    reads: bool = True


@dataclass(frozen=True, slots=True)
class Prepared(Thing):
    """`functools.partial(…)`: a callee with some of its arguments."""

    callee: Val
    call: Call


@dataclass(frozen=True, slots=True)
class Call:
    """The arguments of a call, worked out."""

    args: tuple[Val, ...] = ()
    keywords: Mapping[str, Val] = field(default_factory=dict)
    node: ast.Call | None = None
    frame: Frame | None = None
    closed: bool = True
    """There are no arguments but these: nothing unknown is unpacked."""

    def get(self, place: int, *names: str) -> Val | None:
        """Give an argument by position or keyword."""
        for name in names:
            if name in self.keywords:
                return self.keywords[name]
        return self.args[place] if 0 <= place < len(self.args) else None

    def text(self, place: int, *names: str) -> str | None:
        """Give an argument that is a known text."""
        val = self.get(place, *names)
        return val.data if val is not None and isinstance(val.data, str) else None
