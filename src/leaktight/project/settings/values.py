"""Values of settings while they are worked out: what is known of them, and from where."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, Final, Literal, TypeAlias

from leaktight.model import Certainty, Span, Step


class _Unknown:
    """The value of what the text does not tell; asking whether it is true is a mistake."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "UNKNOWN"

    def __bool__(self) -> bool:
        raise TypeError("UNKNOWN is neither true nor false; compare with `is UNKNOWN`")

    def __reduce__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = _Unknown()

HOLE: Final = "\ufffd"
"""Stands in a `Partial` text for a part that is not known."""


class Partial(str):
    """A text some parts of which are not known: `f"redis://{host}/0"`."""

    __slots__ = ()


class Symbol(str):
    """A name from outside the tree, used as a value: `ssl.CERT_NONE`."""

    __slots__ = ()


class _Marker(Enum):
    MISSING = "missing"


MISSING: Final = _Marker.MISSING
"""The data of a name that is set on one way through the code and not on another."""

SequenceKind: TypeAlias = Literal["list", "tuple", "set"]


_HEAVIEST: Final = 20_000
_DEEPEST: Final = 40


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list, tuple or set. An element whose data is UNKNOWN may stand for any number of elements."""

    kind: SequenceKind
    items: tuple[Val, ...]
    size: tuple[int, int] = field(init=False, compare=False)
    """Number of elements at all depths, and the depth: code can make containers no one could print."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", _size(self.items))

    @property
    def closed(self) -> bool:
        """Every element is known to be there, and there are no more."""
        return all(item.data is not UNKNOWN for item in self.items)


@dataclass(frozen=True, slots=True)
class Table:
    """A dictionary. With UNKNOWN as a key it may hold more than is listed."""

    items: Mapping[Any, Val]
    size: tuple[int, int] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", _size(self.items.values()))

    @property
    def closed(self) -> bool:
        """There are no keys but those listed."""
        return UNKNOWN not in self.items


class Thing:
    """What is no plain data: modules, functions, classes, readers of the environment."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class External(Thing):
    """A name from outside the tree, by the dotted path it is imported from."""

    name: str


@dataclass(frozen=True, slots=True)
class Val:
    """A value with its certainty, the environment variables it was made of, and where it stands."""

    data: Any
    certainty: Certainty = Certainty.KNOWN
    envs: tuple[str, ...] = ()
    span: Span | None = None
    others: tuple[Val, ...] = ()
    """What it would be otherwise: by another value of the environment, or on another way through the code."""

    def __post_init__(self) -> None:
        if isinstance(self.data, (Sequence, Table)) and (self.data.size[0] > _HEAVIEST or self.data.size[1] > _DEEPEST):
            object.__setattr__(self, "data", UNKNOWN)
            object.__setattr__(self, "certainty", Certainty.UNKNOWN)

    @property
    def known(self) -> bool:
        """There is data, even if only by default."""
        return self.data is not UNKNOWN and self.data is not MISSING

    def at(self, span: Span | None) -> Val:
        """Put the value in a place."""
        return replace(self, span=span)


@dataclass(frozen=True, slots=True)
class Cell:
    """A name's value, with the place of its last assignment and the way it came."""

    val: Val
    span: Span | None = None
    chain: tuple[Step, ...] = ()
    source: tuple[str, tuple[Any, ...]] | None = None
    """The name and keys this is an alias of: `db = DATABASES["default"]`."""


@dataclass(slots=True)
class Scope:
    """The names of a module, class body or function call."""

    names: dict[str, Cell] = field(default_factory=dict)
    parent: Scope | None = None

    def lookup(self, name: str) -> Cell | None:
        """Find a name here or further out."""
        scope: Scope | None = self
        while scope is not None:
            if (cell := scope.names.get(name)) is not None:
                return cell
            scope = scope.parent
        return None

    def chain(self) -> list[Scope]:
        """Give this scope and those around it, innermost first."""
        return [self, *(self.parent.chain() if self.parent is not None else ())]


def _size(items: Iterable[Val]) -> tuple[int, int]:
    count, depth = 1, 1
    for item in items:
        if isinstance(item.data, (Sequence, Table)):
            count += item.data.size[0]
            depth = max(depth, item.data.size[1] + 1)
        else:
            count += 1
    return count, depth


def known(data: Any, *, span: Span | None = None) -> Val:
    """Make a value that stands in the text."""
    return Val(data, span=span)


def unknown(*envs: str) -> Val:
    """Make a value the text does not tell; `envs` are the environment variables it comes from."""
    return Val(UNKNOWN, Certainty.UNKNOWN, envs)


def defaulted(default: Val, env: str) -> Val:
    """Make a value that comes from the environment, and is `default` when that does not set it."""
    if default.data is UNKNOWN:
        return unknown(env, *default.envs)
    return Val(default.data, Certainty.DEFAULTED, merge_envs((env,), default.envs), default.span)


def derive(data: Any, *sources: Val) -> Val:
    """Make a value worked out from others: as certain as the least certain of them."""
    envs = merge_envs(*(all_envs(source) for source in sources))
    if data is UNKNOWN:
        return unknown(*envs)
    default = any(has_default(source) for source in sources)
    return Val(data, Certainty.DEFAULTED if default else Certainty.KNOWN, envs)


def inherit(part: Val, whole: Val) -> Val:
    """Give a part of a value: what is there only by default has only parts by default."""
    if whole.certainty is not Certainty.DEFAULTED:
        return part
    certainty = Certainty.DEFAULTED if part.certainty is Certainty.KNOWN else part.certainty
    return replace(part, certainty=certainty, envs=merge_envs(part.envs, whole.envs))


def merge_envs(*groups: Iterable[str]) -> tuple[str, ...]:
    """Join names of environment variables, each once, in the order they were met."""
    return tuple(dict.fromkeys(env for group in groups for env in group))


def parts(val: Val) -> tuple[Val, ...]:
    """Give the elements of a container."""
    if isinstance(val.data, Sequence):
        return val.data.items
    return tuple(val.data.items.values()) if isinstance(val.data, Table) else ()


def has_default(val: Val) -> bool:
    """Tell whether the value, or any part of it, is what it is only by default."""
    return val.certainty is Certainty.DEFAULTED or any(has_default(part) for part in parts(val))


def all_envs(val: Val) -> tuple[str, ...]:
    """Give the environment variables of the value and its parts."""
    return merge_envs(val.envs, *(all_envs(part) for part in parts(val)))


def truth(val: Val) -> bool | None:
    """Tell whether the value counts as true, if that is known."""
    match val.data:
        case _Unknown() | _Marker():
            return None
        case Sequence(items=items):
            return None if items and not any(item.data is not UNKNOWN for item in items) else bool(items)
        case Table(items=table):
            return None if table and all(key is UNKNOWN for key in table) else bool(table)
        case Thing():
            return None
        case _:
            pass
    return bool(val.data)


def sequence(kind: SequenceKind, items: Iterable[Val]) -> Sequence:
    """Make a list, tuple or set."""
    return Sequence(kind, tuple(items))


def wrap(data: Any) -> Val:
    """Turn a plain Python value into one of ours."""
    if isinstance(data, (list, tuple, set, frozenset)):
        kind: SequenceKind = "list" if isinstance(data, list) else "tuple" if isinstance(data, tuple) else "set"
        ordered = sorted(data, key=repr) if kind == "set" else data
        return known(Sequence(kind, tuple(wrap(item) for item in ordered)))
    if isinstance(data, dict):
        return known(Table({key: wrap(value) for key, value in data.items()}))
    return unknown() if data is UNKNOWN else known(data)


def plain(val: Val) -> Any:
    """Turn one of our values into a plain Python value with UNKNOWN for what is not known."""
    match val.data:
        case Sequence(kind=kind, items=items):
            return [plain(item) for item in items] if kind == "list" else tuple(plain(item) for item in items)
        case Table(items=table):
            return {key: plain(item) for key, item in table.items()}
        case External(name=name):
            return Symbol(name)
        case Thing() | _Marker():
            return UNKNOWN
        case _:
            pass
    return val.data


def same(left: Val, right: Val) -> bool:
    """Tell whether two values hold the same data, wherever they stand."""
    a, b = left.data, right.data
    if a is b:
        return True
    if isinstance(a, Sequence) and isinstance(b, Sequence):
        return a.kind == b.kind and len(a.items) == len(b.items) and all(map(same, a.items, b.items))
    if isinstance(a, Table) and isinstance(b, Table):
        return list(a.items) == list(b.items) and all(same(value, b.items[key]) for key, value in a.items.items())
    return type(a) is type(b) and not isinstance(a, (Sequence, Table)) and bool(a == b)


def join(left: Val, right: Val, *deciding: str) -> Val:
    """Give what is known when either value may be the one; `others` keeps both, `deciding` is what chooses."""
    envs = merge_envs(left.envs, right.envs, deciding)
    if same(left, right):
        envs = merge_envs(left.envs, right.envs)
        certainty = min(left.certainty, right.certainty, key=lambda certainty: certainty.rank)
        return replace(left, certainty=certainty, envs=envs)
    others = alternatives(*(left.others or (left,)), *(right.others or (right,)))
    data: Any = UNKNOWN
    a, b = left.data, right.data
    if isinstance(a, Sequence) and isinstance(b, Sequence) and a.kind == b.kind:
        if a.kind == "tuple" and len(a.items) == len(b.items) and any(parts(item) for item in a.items):
            # `return apps, middleware`: what stands at each place is one thing.
            data = Sequence(a.kind, tuple(map(join, a.items, b.items)))
        else:
            data = Sequence(a.kind, _join_items(a.items, b.items))
    elif isinstance(a, Table) and isinstance(b, Table):
        keys = dict.fromkeys((*a.items, *b.items))
        data = Table({key: join(a.items.get(key, _GONE), b.items.get(key, _GONE)) for key in keys})
    return Val(data, Certainty.UNKNOWN if data is UNKNOWN else Certainty.KNOWN, envs, left.span or right.span, others)


def alternatives(*vals: Val) -> tuple[Val, ...]:
    """Keep a few different values a name may have, without what those would be otherwise."""
    kept: list[Val] = []
    for val in vals:
        if len(kept) < _MOST_OTHERS and not any(same(val, other) for other in kept):
            kept.append(replace(val, others=()))
    return tuple(kept)


_MOST_OTHERS: Final = 8
_GONE = Val(UNKNOWN, Certainty.UNKNOWN)


def _join_items(left: tuple[Val, ...], right: tuple[Val, ...]) -> tuple[Val, ...]:
    """Keep the elements both begin and end with; what lies between is unknown."""
    shortest = min(len(left), len(right))
    head = 0
    while head < shortest and same(left[head], right[head]):
        head += 1
    tail = 0
    while tail < shortest - head and same(left[-1 - tail], right[-1 - tail]):
        tail += 1
    return (*left[:head], _GONE, *left[len(left) - tail :])
