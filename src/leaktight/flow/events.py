"""What the engine hands to rules: calls with abstract arguments, and labelled data arriving at a channel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from leaktight.flow.conditions import Condition
from leaktight.flow.knowledge import FunctionSpec, SinkSpec
from leaktight.flow.value import MISSING, Evidence, Fact, Made, Trace, Value
from leaktight.model import Audience, Confidence, Span, Step
from leaktight.policy import Channel
from leaktight.source.code import unpack_span

if TYPE_CHECKING:
    from leaktight.flow.machine import Machine
    from leaktight.project import Project
    from leaktight.project.symbols import FunctionRef


class Call(Struct, eq=False):
    """One call of a name from outside the project, with what is known about its arguments."""

    name: str
    """Canonical qualified name."""
    path: str
    packed: int
    function: FunctionRef | None
    """The project's function the call stands in; None at module level."""
    receiver: Value | None
    arguments: dict[str, Value]
    """By parameter name; positional ones beyond the known names by number."""
    places: dict[str, int]
    """Packed spans of the arguments, in `path`."""
    spec: FunctionSpec | None
    machine: Machine
    is_open: bool = False
    """`**unknown` or `*unknown` may bring further arguments."""
    result: Value | None = None
    via: Trace | None = None
    """Calls of the project's functions on the way here, when a caller's argument decides."""
    passed: dict[str, tuple[str, int]] = {}
    """Arguments a caller passes on unchanged: the file and packed span it writes them at."""
    under: tuple[Condition, ...] = ()
    """What the parameters of the function around must be for it."""

    @property
    def project(self) -> Project:
        return self.machine.project

    @property
    def span(self) -> Span:
        return self.machine.span(self.path, self.packed)

    @property
    def symbol(self) -> str:
        """Dotted name of the function around the call."""
        return self.machine.symbol(self.path, self.function)

    def argument(self, name: str) -> Value | None:
        """What is passed for a parameter; None when it is left out."""
        return self.arguments.get(name)

    def place(self, name: str) -> Span:
        """Where the argument stands; the whole call when it is not written out."""
        packed = self.places.get(name)
        return self.span if packed is None else self.machine.span(self.path, packed)

    def written_at(self, name: str) -> Span:
        """Where the value of an argument stands: in the caller, when that is who decides."""
        there = self.passed.get(name)
        return self.place(name) if there is None else self.machine.span(*there)

    def constant(self, name: str, default: Any = MISSING) -> Any:
        """The constant passed for a parameter: `default` when left out, MISSING when not known."""
        value = self.arguments.get(name)
        return default if value is None else value.const

    @property
    def made(self) -> Made | None:
        """The object called, or made, by the place it is made at."""
        for value in (self.receiver, self.result):
            if value is not None and isinstance(value.origin, Made):
                return value.origin
        return None

    def of_same_object(self, *names: str) -> list[Call]:
        """Other calls of the same object, wherever they stand; `self.server` is one object in all methods."""
        made = self.made
        calls = [] if made is None else self.machine.calls_by_object.get(made, [])
        return [call for call in calls if call.name in names and call is not self]

    def with_same_object(self, name: str) -> list[Call]:
        """Calls that are handed the object this one makes."""
        made = self.made
        return [] if made is None else [call for call in self.machine.calls_with_object.get(made, []) if call.name == name]

    def is_before(self, other: Call) -> bool:
        """Tell whether this call comes before another of the same object; what stands in other functions is taken to."""
        if other.function is None or other.via is not None:
            same = self.via is None and self.function == other.function and self.path == other.path
            return not same or self.packed < other.packed
        path, packed = (self.path, self.packed) if self.via is None else (self.via.path, self.via.span)
        first, _, last, _ = unpack_span(self.machine.program.function(other.function).span)
        inside = path == other.path and first <= unpack_span(packed)[0] <= last
        return not inside or packed < other.packed

    def steps(self) -> tuple[Step, ...]:
        """The calls on the way here, oldest first."""
        return self.machine.steps(self.via)


@dataclass(slots=True)
class Arrival:
    """One labelled piece of data that reaches a channel by one call."""

    call: Call
    parameter: str
    sink: SinkSpec
    fact: Fact
    value: Value
    """The whole argument the data is in."""
    printed: Span | None = None
    """The place of the template that prints it."""
    chain: tuple[Step, ...] = ()
    """Base templates and includes on the way to that place."""

    @property
    def channel(self) -> Channel:
        return Channel(self.sink.channel)

    @property
    def label(self) -> str:
        return self.fact.label

    @property
    def span(self) -> Span:
        return self.printed or self.call.place(self.parameter)

    @property
    def project(self) -> Project:
        return self.call.project

    @property
    def confidence(self) -> Confidence:
        return confidence(self.fact)

    @property
    def audience(self) -> Audience:
        """A name alone is for the strict; a name with many innocent uses for auditors, or for the strict where it came in from outside."""
        if self.confidence is Confidence.LOW:
            return Audience.STRICT if self.fact.strong else Audience.AUDIT
        return Audience.DEFAULT if self.fact.strong or self.confidence is Confidence.HIGH else Audience.STRICT

    @property
    def flow(self) -> tuple[Step, ...]:
        """The whole way, source to sink."""
        name = self.call.name.rpartition(".")[2]
        last = Step(self.span, "is raised" if name == "raise" else f"leaves through {name}()")
        steps = self.call.machine.steps(self.fact.trace)
        if self.printed is not None:
            context = Step(self.call.place(self.parameter), "goes into the page's context")
            return (*steps, context, *self.chain, Step(self.printed, "is printed here"))
        return (*steps, *(item for item in self.call.steps() if item not in steps), last)


def confidence(fact: Fact) -> Confidence:
    """How sure the evidence makes us: two independent pieces for high, a name alone is low."""
    evidence = fact.evidence
    if evidence & (Evidence.TYPE | Evidence.DECLARED):
        return Confidence.HIGH
    if evidence & Evidence.SOURCE:
        return Confidence.HIGH if fact.strong else Confidence.MEDIUM
    if evidence & (Evidence.LITERAL | Evidence.AGREED) and fact.strong:
        return Confidence.MEDIUM
    return Confidence.LOW
