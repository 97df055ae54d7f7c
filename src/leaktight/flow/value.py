"""Abstract values: what the engine knows about a piece of data without running the code."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from leaktight.policy import State

MISSING: Any = type("Missing", (), {"__repr__": lambda self: "MISSING", "__bool__": lambda self: False})()
"""The constant of a value that has none (None is a constant)."""

MANAGER = "django.db.models.Manager"
MANAGERS = frozenset({"objects", "_default_manager", "_base_manager", "all_objects"})
"""Names a model's managers have."""

ELEMENT = "[]"
"""In the path of a dependence: whatever a loop over the value gives."""
ANY_KEY, SOME_KEY = "[?]", "[1]"
"""In the path of a dependence: what is under each key in turn, and what is under one key that is not known."""

GONE = "gone"
"""Type of what is under a key that was taken out of a container."""

FLAGS = "flags"
"""Type of several constants from outside, put together with `|`; its keys are their names."""

MAX_FACTS = 12
MAX_PATH = 3
MAX_DEPTH = 4
MAX_FIELDS = 80
MAX_CONTENTS = 100


class Evidence:
    """Bits that say why we believe that data carries a label; independent pieces add up."""

    NAME = 1
    AGREED = 2
    """A second, different name says the same."""
    SOURCE = 4
    """It was read from a place where such data comes in: a request, settings, a form, a model."""
    TYPE = 8
    """A type, field or maker guarantees it."""
    LITERAL = 16
    """A literal of the right shape is stored under the name."""
    DECLARED = 32
    """The user said so."""


class Trace(Struct, frozen=True):
    """The way data came: a linked list of places, newest first."""

    path: str
    span: int
    note: str
    before: Trace | None
    length: int
    begin: tuple[str, int]
    """File and span of the oldest place."""


class Fact(Struct, frozen=True):
    """One label a value carries, and why."""

    label: str
    state: State
    evidence: int
    """Bits of `Evidence`."""
    strong: bool
    """The name is one that hardly means anything else."""
    word: str
    """The name that gave the label, for messages; never a value."""
    trace: Trace
    source: str = ""
    """Channel or place the data entered by: `request-url`, `settings`, …"""
    part: str = ""
    """Where in a URL it stands once it was put into one: `path`, `query`, or not known."""

    @property
    def key(self) -> tuple[str, str, str, int]:
        """The label, its state and where it comes from: what tells a fact from others."""
        return (self.label, self.state, *self.trace.begin)


class Dependence(Struct, frozen=True):
    """A value is, or holds the text of, a part of a parameter."""

    parameter: int
    path: tuple[str | int | tuple[str, tuple[Any, ...]], ...] = ()
    """Attributes and keys one after the other; a tuple chooses keys (see `filtering`)."""
    text: bool = False
    """True when everything inside ended up in a text."""
    state: State = State.PLAIN
    part: str = ""


class Made(NamedTuple):
    """Where an object of a class from outside was made: it tells the object from others of its class."""

    path: str
    span: int


class Value(Struct, eq=False, kw_only=True):
    """What is known about one piece of data. Containers are shared by reference, as in Python."""

    facts: tuple[Fact, ...] = ()
    const: Any = MISSING
    type: Any = None
    ref: Any = None
    depends: tuple[Dependence, ...] = ()
    prefix: str = ""
    """Known beginning of a text."""
    origin: Any = None
    """Where a constant came from when that matters: a setting's resolved value."""
    depth: int = 0
    """Nesting of branches at which a container was made; deeper writes are weak."""
    fields: dict[Any, Value] | None = None
    element: Value | None = None
    settled: bool = False
    """Nothing inside depends on a parameter any more (told by `compact`)."""

    def copy(self) -> Value:
        """A value that shares the container but may carry other facts."""
        return replace(self, settled=False)

    def put(self, key: Any, value: Value, *, depth: int = 0) -> None:
        """Store under a constant key; weakly when inside a branch the container was not made in."""
        if self.is_shared:
            return
        if self.fields is None:
            self.fields = {}
        old = self.fields.get(key)
        if old is not None and depth > self.depth:
            value = join(old, value)
        if key in self.fields or len(self.fields) < MAX_FIELDS:
            self.fields[key] = value

    def add(self, value: Value) -> None:
        """Store under a key that is not known."""
        if self.is_shared:
            return
        self.element = value if self.element is None else join(self.element, value)

    @property
    def is_shared(self) -> bool:
        """A constant or a placeholder, one object for all: nothing can be stored in it."""
        return self is UNKNOWN or self.const is not MISSING or self.type == "bool"

    @property
    def text(self) -> str | None:
        """The constant text, if that is what the value is."""
        return self.const if isinstance(self.const, str) else None

    @property
    def start(self) -> str:
        """The known beginning of a text, whole when constant."""
        return self.const if isinstance(self.const, str) else self.prefix

    @property
    def qualified(self) -> str | None:
        """The qualified name of something from outside, if the value refers to it (`ssl.CERT_NONE`)."""
        name = getattr(self.ref, "name", None)
        return name if isinstance(name, str) else None

    @property
    def is_clean(self) -> bool:
        """Nothing labelled and nothing that could become so."""
        return not (self.facts or self.depends or self.fields or self.element)

    def __repr__(self) -> str:
        parts = [f"{name}={getattr(self, name)!r}" for name in ("const", "type", "ref", "prefix") if getattr(self, name)]
        return (
            f"Value({', '.join(parts)} facts={[fact.label for fact in self.facts]} depends={self.depends} fields={self.fields})"
        )


UNKNOWN, TRUTH, NONE = Value(), Value(type="bool"), Value(const=None)


def merge_facts(*groups: tuple[Fact, ...]) -> tuple[Fact, ...]:
    """Join facts; the same label from the same origin is kept once, with all its evidence."""
    some = [group for group in groups if group]
    if not some:
        return ()
    if len(some) == len(some[0]) == 1:
        return some[0]
    merged: dict[Any, Fact] = {}
    for group in some:
        for fact in group:
            key = fact.key
            known = merged.get(key)
            if known is None:
                merged[key] = fact
            elif known.evidence | fact.evidence != known.evidence:
                merged[key] = replace(known, evidence=known.evidence | fact.evidence)
    return tuple(merged.values())[:MAX_FACTS]


def join(left: Value, right: Value, depth: int = 0) -> Value:
    """What is known when the value is one or the other."""
    if left is right or (right is UNKNOWN and left.is_clean and left.type is None and left.ref is None):
        return left
    if left is UNKNOWN and not right.is_clean:
        return right
    same_const = left.const is not MISSING and type(left.const) is type(right.const) and left.const == right.const
    joined = Value(
        facts=left.facts if left.facts == right.facts else merge_facts(left.facts, right.facts),
        const=left.const if same_const else MISSING,
        type=left.type if left.type == right.type else _either(left, right, "type"),
        ref=left.ref if left.ref == right.ref else _either(left, right, "ref"),
        depends=left.depends if left.depends == right.depends else tuple(dict.fromkeys(left.depends + right.depends))[:MAX_FACTS],
        prefix=_common_start(left.start, right.start),
        origin=left.origin or right.origin,
        depth=min(left.depth, right.depth),
    )
    if depth >= MAX_DEPTH:
        # Containers may hold themselves; what lies deeper is taken from one side.
        joined.fields, joined.element = left.fields or right.fields, left.element or right.element
        return joined
    if left.fields is right.fields:
        joined.fields = left.fields
    elif left.fields is None or right.fields is None:
        joined.fields = dict(left.fields or right.fields or {})
    else:
        joined.fields = dict(left.fields)
        for key, value in right.fields.items():
            known = joined.fields.get(key)
            joined.fields[key] = value if known is None else (known if known is value else join(known, value, depth + 1))
    if left.element is None or right.element is None:
        joined.element = left.element or right.element
    else:
        joined.element = left.element if left.element is right.element else join(left.element, right.element, depth + 1)
    return joined


def _either(left: Value, right: Value, name: str) -> Any:
    """One side's type or reference, when the other side is None or not known at all."""
    first, second = getattr(left, name), getattr(right, name)
    if first is not None and (right.const is None or second is None):
        return first
    if second is not None and (left.const is None or first is None):
        return second
    return first if _same_owner(first, second) else None


def _same_owner(first: Any, second: Any) -> bool:
    """Two methods of one class from outside: `log = logger.error if failed else logger.info` writes to the log either way."""
    one, other = getattr(first, "name", None), getattr(second, "name", None)
    return (
        isinstance(one, str)
        and isinstance(other, str)
        and one.count(".") > 1
        and one.rpartition(".")[0] == other.rpartition(".")[0]
    )


def _common_start(left: str, right: str) -> str:
    """The longer known beginning: a value that may begin with `http://` is worth telling."""
    return left if len(left) >= len(right) else right


def contents(value: Value) -> Iterator[Value]:
    """The value and all that is inside it, each once, as far as `MAX_CONTENTS` goes.

    An instance of a project's class is opaque: writing it out does not write out its attributes.
    """
    if (not value.fields and value.element is None) or isinstance(value.type, tuple):
        return iter((value,))
    found: dict[int, Value] = {id(value): value}
    pending = [value]
    while pending and len(found) < MAX_CONTENTS:
        current = pending.pop()
        inside = list(current.fields.values()) if current.fields else []
        if current.element is not None:
            inside.append(current.element)
        for inner in inside:
            if id(inner) not in found:
                found[id(inner)] = inner
                if (inner.fields or inner.element is not None) and not isinstance(inner.type, tuple):
                    pending.append(inner)
    return iter(found.values())


def all_facts(value: Value) -> tuple[Fact, ...]:
    """The facts of a value and of everything inside it: what leaves when the whole is written out."""
    if not value.fields and value.element is None:
        return value.facts
    return merge_facts(*(inner.facts for inner in contents(value)))


def all_depends(value: Value) -> tuple[Dependence, ...]:
    """What the text of a value depends on."""
    return tuple(
        dict.fromkeys(
            dependence if dependence.text else replace(dependence, text=True)
            for inner in contents(value)
            for dependence in inner.depends
        )
    )[:MAX_FACTS]


def as_text(*values: Value, prefix: str = "", const: Any = MISSING) -> Value:
    """A text made of the values."""
    if all(value.is_clean for value in values):
        return Value(const=const, prefix=prefix, type="str")
    facts = merge_facts(*(all_facts(value) for value in values))
    depends = tuple(dict.fromkeys(item for value in values for item in all_depends(value)))[:MAX_FACTS]
    return Value(facts=facts, depends=depends, prefix=prefix, const=const, type="str")


def with_state(value: Value, state: State) -> Value:
    """The value after an operation such as hashing: its facts are kept, in their new state."""
    facts = tuple(replace(fact, state=state) if fact.state.is_readable else fact for fact in all_facts(value))
    depends = tuple(replace(item, state=state) if item.state.is_readable else item for item in all_depends(value))
    return Value(facts=facts, depends=depends, type="str")


def sealed(value: Value) -> Value:
    """A text that is given to be decrypted."""
    return value if value.fields or value.type not in {None, "str", "bytes"} else _changed(value, State.PLAIN, State.ENCRYPTED)


def opened(value: Value) -> Value:
    """What was given to be decrypted, in plain."""
    return _changed(value, State.ENCRYPTED, State.PLAIN)


def _changed(value: Value, before: State, after: State) -> Value:
    twin = value.copy()
    twin.facts = tuple(replace(fact, state=after) if fact.state is before else fact for fact in value.facts)
    twin.depends = tuple(replace(item, state=after) if item.state is before else item for item in value.depends)
    return twin


def compact(value: Value, room: list[int], depth: int = 0) -> Value:
    """A copy for a summary: what tells nothing is left out, and the rest is bounded in depth and number."""
    room[0] -= 1
    if not value.fields and value.element is None:
        value = value.copy()
        value.settled = not value.depends
        return value
    small = value.copy()
    small.fields = small.element = None
    settled = not value.depends
    if depth < MAX_DEPTH:
        kept: dict[Any, Value] = {}
        for key, inner in (value.fields or {}).items():
            if room[0] > 0 and tells(inner):
                kept[key] = compact(inner, room, depth + 1)
        small.fields = kept or None
        if value.element is not None and room[0] > 0 and tells(value.element):
            small.element = compact(value.element, room, depth + 1)
            settled = settled and small.element.settled
        settled = settled and all(inner.settled for inner in kept.values())
    small.settled = settled
    return small


def tells(value: Value) -> bool:
    """Tell whether anything at all is known about a value."""
    return (
        value.const is not MISSING
        or value.type is not None
        or value.ref is not None
        or bool(value.facts or value.depends or value.fields or value.prefix)
        or value.element is not None
    )


def flag_names(value: Value) -> frozenset[str]:
    """The qualified names of the constants from outside a value is made of."""
    if value.type == FLAGS:
        return frozenset(value.fields or ())
    is_constant = value.qualified is not None and value.qualified.rpartition(".")[2][:2].isupper()  # `OP_NO_TLSv1`
    return frozenset({value.qualified} if value.qualified is not None and is_constant else ())


def in_part(value: Value, part: str) -> Value:
    """The value once it is put into the path or the query of a URL; what a query holds stays in it."""
    if not part or value.is_clean:
        return value
    placed = value.copy()
    placed.fields, placed.element = None, None
    placed.facts = tuple(fact if fact.part == "query" else replace(fact, part=part) for fact in all_facts(value))
    placed.depends = tuple(item if item.part == "query" else replace(item, part=part) for item in all_depends(value))
    return placed


def step(trace: Trace | None, path: str, span: int, note: str) -> Trace:
    """One more place on the way; a way longer than 40 places keeps its beginning."""
    length = 0 if trace is None else trace.length
    if trace is not None and (length >= 40 or (trace.path == path and trace.span == span)):
        return trace
    return Trace(path, span, note, trace, length + 1, (path, span) if trace is None else trace.begin)
