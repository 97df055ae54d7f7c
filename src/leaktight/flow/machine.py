"""The analysis of a whole program: function summaries on demand, calls collected for the rules."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterator
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

import msgspec

from leaktight.flow.events import Call
from leaktight.flow.knowledge import Knowledge, load
from leaktight.flow.value import MANAGER, MANAGERS, UNKNOWN, Made, Trace, Value, join
from leaktight.model import Gap, Slip, Span, Step
from leaktight.project.symbols import ClassRef, External, FunctionRef, GlobalRef, ModuleRef, Program, Symbol
from leaktight.source.code import Code, Op, located, unpack_span

if TYPE_CHECKING:
    from leaktight.flow.probe import Probe
    from leaktight.project import Project

_decode = msgspec.msgpack.Decoder().decode

MAX_EFFECTS = 60
"""Calls a function passes on to its callers to judge; more is not worth the time."""

_BUILTINS = frozenset(dir(builtins))
_LOGGERS = ("logger", "_log")
"""How the names of other packages' loggers end: `from tornado.log import access_log`."""


class Summary(msgspec.Struct, eq=False):
    """What calling a function does, in terms of its parameters."""

    returns: Value
    raised: tuple[Value, ...] = ()
    writes: dict[int, dict[Any, Value]] = {}
    """Parameter → key or attribute → value written to it."""
    effects: list[Call] = []
    """Calls whose judgement depends on what the caller passes."""


class Function(msgspec.Struct, frozen=True):
    """A function of the project as a value: what it is bound to, closes over and already got."""

    ref: FunctionRef
    receiver: Any = None
    env: Any = None
    arguments: tuple[Any, ...] = ()
    keywords: tuple[tuple[str, Any], ...] = ()


class Machine:
    """Evaluates functions once each, with symbolic parameters, in a fixed order."""

    def __init__(
        self,
        project: Project,
        *,
        watched: frozenset[str] = frozenset(),
        texts: Callable[[str], list[str] | None] = lambda _: None,
        probe: Probe | None = None,
    ) -> None:
        self.project = project
        self.program: Program = project.program
        self.knowledge: Knowledge = load()
        self.watched = watched
        self.probe = probe
        self.reading = 0
        """How deep inside one another properties are being read (see `keys.read`)."""
        self.texts = texts
        self.gaps: list[Gap] = []
        """What could not be followed by a mistake of ours."""
        self.calls: dict[tuple[Any, ...], Call] = {}
        self.summaries: dict[FunctionRef, Summary] = {}
        self.active: set[Any] = set()
        self.called_in_place: set[FunctionRef] = set()
        self.environments: dict[str, dict[str, Value]] = {}
        self.instances: dict[tuple[ClassRef, str], Value | None] = {}
        self.recognise = project.recogniser.recognise
        self.recognise_result = project.recogniser.recognise_result
        self.method = cache(self.program.method)
        self.class_code = cache(self.program.class_value)
        self._external = cache(self._make_external)

    # -- running -------------------------------------------------------------------------------

    def run(self) -> None:
        """Evaluate every function and the statements of every file, in the order of files."""
        for path in sorted(self.program.modules):
            self.environment(path)
        for ref in self.program.functions():
            if not self.program.function(ref).nested:
                self.summary(ref)
        for ref in self.program.functions():
            self._default_calls(ref)
        for cls in self.program.classes():
            self._class_calls(cls)
        from leaktight.flow.pages import rendered_by_classes

        for call in rendered_by_classes(self):
            self.record(call)

    def _class_calls(self, cls: ClassRef) -> None:
        """Calls a rule judges that a class makes for its attributes; other attributes are read where they are used."""
        for code in self.program.class_(cls).body:
            if code[0] == Op.ASSIGN and code[3] is not None:
                self._judged_call(cls.path, code[3])

    def _default_calls(self, ref: FunctionRef) -> None:
        """The same for what a parameter is when it is left out: it is made once, when the function is."""
        for parameter in self.program.function(ref).parameters:
            if parameter.default is not None:
                self._judged_call(ref.path, parameter.default)

    def _judged_call(self, path: str, code: Code) -> None:
        from leaktight.flow.expressions import evaluate
        from leaktight.flow.frame import Frame

        if code[0] == Op.CALL:
            symbol = self.program.resolve_code(code[2], path)
            if isinstance(symbol, External) and self.is_watched(self.knowledge.canonical(symbol.name)):
                evaluate(Frame.for_module(self, path, {}), code)

    def summary(self, ref: FunctionRef) -> Summary | None:
        """The summary of a function; None while it is being made (recursion)."""
        known = self.summaries.get(ref)
        if known is not None:
            return known
        if ref in self.active or len(self.active) > 150:
            return None
        from leaktight.flow.frame import Frame

        self.active.add(ref)
        summary = Summary(UNKNOWN)
        try:
            with Slip(self.gaps, ref.path, unpack_span(self.program.function(ref).span)[0], "following a function"):
                summary = Frame.for_function(self, ref).summarise()
        finally:
            self.active.discard(ref)
        self.summaries[ref] = summary
        return summary

    def environment(self, path: str) -> dict[str, Value]:
        """The names a file binds at module level, by assignment, with their values."""
        known = self.environments.get(path)
        if known is not None:
            return known
        env: dict[str, Value] = {}
        self.environments[path] = env
        from leaktight.flow.frame import Frame

        with Slip(self.gaps, path, 0, "following a module"):
            Frame.for_module(self, path, env).run(self.decode(self.program.modules[path].body))
        return env

    @staticmethod
    def decode(body: bytes) -> list[Code]:
        result: list[Code] = _decode(body) if body else []
        return result

    # -- names ---------------------------------------------------------------------------------

    def symbol_value(self, symbol: Symbol) -> Value:
        """What a resolved name is as a value."""
        match symbol:
            case FunctionRef():
                return Value(ref=Function(symbol))
            case GlobalRef(path, name):
                return self.environment(path).get(name, UNKNOWN)
            case External(name):
                return self.external(name)
            case ClassRef() | ModuleRef():
                return Value(ref=symbol)

    def external(self, name: str) -> Value:
        """What a qualified name from outside is: an instance where knowledge says so, else a reference."""
        return self._external(name).copy()  # what is stored in it here is not in it elsewhere

    def _make_external(self, name: str) -> Value:
        canonical = self.knowledge.canonical(name)
        kind = self.knowledge.instances.get(canonical)
        if kind:
            return Value(type=kind)
        cls, _, manager = canonical.rpartition(".")
        if manager in MANAGERS and cls[cls.rfind(".") + 1 :][:1].isupper():
            return Value(type=MANAGER, origin=cls)
        if manager.lower().endswith(_LOGGERS) and not manager[:1].isupper() and canonical not in self.knowledge.functions:
            return Value(type="logging.Logger")
        return Value(ref=External(canonical))

    def lookup(self, path: str, name: str) -> Value | None:
        """The value of a name at module level."""
        symbol = self.program.lookup(path, name) or self._brought_by_star(path, name)
        if symbol is None:
            return None
        value = self.symbol_value(symbol)
        if isinstance(symbol, GlobalRef) and value.const is None and symbol.name in self.program.modules[symbol.path].imports:
            # `try: import ssl` … `except ImportError: ssl = None`
            qualified = self.program.modules[symbol.path].imports[symbol.name]
            return self.symbol_value(self.program.resolve_qualified(qualified, symbol.path))
        return value

    def _brought_by_star(self, path: str, name: str) -> External | None:
        """A name that nothing in the file binds comes with `from package import *`: of the only one there is, or of one it is known of."""
        outside = self.program.outside_stars(path) if name not in _BUILTINS else ()
        named = [self.knowledge.canonical(f"{star}.{name}") for star in outside]
        if len(named) > 1:
            known = self.knowledge
            named = [each for each in named if each in known.functions or each in known.classes or each in known.instances]
        return External(named[0]) if named else None

    def instance_field(self, cls: ClassRef, name: str) -> Value | None:
        """What the methods of a class store in an attribute, whatever the order they are called in."""
        key = (cls, name)
        if key in self.instances:
            return self.instances[key]
        if key in self.active:
            return None
        writers = [
            FunctionRef(item.path, index)
            for item in self.program.mro(cls)
            if isinstance(item, ClassRef)
            for index in self.program.class_(item).writes.get(name, ())
        ]
        if not writers:
            self.instances[key] = None
            return None
        self.active.add(key)
        found: Value | None = None
        for writer in writers:
            summary = self.summary(writer)
            value = summary.writes.get(0, {}).get(name) if summary else None
            if value is not None:
                value = value.copy()
                value.depends = ()
                found = value if found is None else join(found, value)
        self.active.discard(key)
        if found is not None:
            self.instances[key] = found
        return found

    def is_watched(self, name: str) -> bool:
        """Tell whether a rule judges calls of this name."""
        return name in self.watched

    # -- calls for the rules -------------------------------------------------------------------

    def record(self, call: Call, *, key: tuple[Any, ...] = ()) -> None:
        """Keep a call for the rules; a later pass over the same place replaces the earlier."""
        self.calls[(call.path, call.packed, call.name, *key)] = call

    @cached_property
    def sorted_calls(self) -> list[Call]:
        """The calls in the order of files and lines, once all are known."""
        return [self.calls[key] for key in sorted(self.calls, key=repr)]

    @cached_property
    def calls_by_object(self) -> dict[Made, list[Call]]:
        """The calls of each object whose making was seen, once all calls are known."""
        found: dict[Made, list[Call]] = {}
        for call in self.sorted_calls:
            if call.made is not None:
                found.setdefault(call.made, []).append(call)
        return found

    @cached_property
    def calls_with_object(self) -> dict[Made, list[Call]]:
        """The calls each such object is handed to."""
        found: dict[Made, list[Call]] = {}
        for call in self.sorted_calls:
            for value in call.arguments.values():
                if isinstance(value.origin, Made):
                    found.setdefault(value.origin, []).append(call)
        return found

    def calls_of(self, value: Value, name: str) -> list[Call]:
        """The calls by this name of an object."""
        made = value.origin
        return [call for call in self.calls_by_object.get(made, []) if call.name == name] if isinstance(made, Made) else []

    @cached_property
    def lifted_places(self) -> frozenset[tuple[str, int, str]]:
        """Calls that callers of the project decide, by file, packed span and name."""
        return frozenset((call.path, call.packed, call.name) for call in self.calls.values() if call.via is not None)

    # -- places --------------------------------------------------------------------------------

    def span(self, path: str, packed: int) -> Span:
        """A packed span as users see it: columns from 1, in characters."""
        module = self.program.modules.get(path)
        return located(path, packed, self.texts(path) if module is not None and module.wide else None)

    def symbol(self, path: str, function: FunctionRef | None) -> str:
        """The dotted name of a function, for messages and fingerprints."""
        return self.project.symbol(path, function)

    def steps(self, trace: Trace | None) -> tuple[Step, ...]:
        """A trace as steps, oldest first."""
        return tuple(Step(self.span(item.path, item.span), item.note) for item in _oldest_first(trace) if item.span)


def _oldest_first(trace: Trace | None) -> Iterator[Trace]:
    items = []
    while trace is not None:
        items.append(trace)
        trace = trace.before
    return reversed(items)
