"""Watching one line while it is evaluated: what was known there, and where a flow stopped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from leaktight.flow.machine import Function
from leaktight.flow.value import MISSING, Value, all_facts
from leaktight.project.symbols import ClassRef, External
from leaktight.source.code import Code, Op, unpack_span

if TYPE_CHECKING:
    from leaktight.flow.frame import Frame


@dataclass(slots=True)
class Probe:
    """The line somebody asks about, and what was seen there."""

    path: str
    line: int
    notes: dict[str, None] = field(default_factory=dict)

    def call(self, frame: Frame, code: Code, callee: Value, passed: Mapping[Any, Value], result: Value) -> None:
        """Note one call of the line: what it is, what goes in, what comes out."""
        first, _, last, _ = unpack_span(code[1])
        if frame.path != self.path or not first <= self.line <= last:
            return
        name, known = _callee(frame, callee, code[2])
        self.notes[f"`{name}` {known}"] = None
        for key, value in passed.items():
            shown = f"argument {key + 1}" if isinstance(key, int) else f"`{key}`"
            self.notes.update(dict.fromkeys(f"  {shown}: {told}" for told in _told(value)))
        spec = frame.machine.knowledge.functions.get(name)
        if spec is not None and spec.sinks:
            return  # a way out: nothing has to come back
        labels = {fact.label for fact in all_facts(result)}
        for fact in (fact for value in passed.values() for fact in all_facts(value)):
            if fact.label not in labels:
                self.notes[f"  the {fact.label} in `{fact.word}` does not come out of it: the flow stops here"] = None

    def value(self, frame: Frame, code: Code, value: Value) -> None:
        """Note what a name of the line holds."""
        if frame.path == self.path and unpack_span(code[1])[0] == self.line and code[0] in {Op.NAME, Op.ATTR}:
            self.notes.update(dict.fromkeys(f"`{code[-1]}`: {told}" for told in _told(value)))


def _callee(frame: Frame, callee: Value, code: Code) -> tuple[str, str]:
    written = str(code[-1]) if code[0] in {Op.NAME, Op.ATTR} else "call"
    match callee.ref:
        case Function(ref=ref):
            return written, f"is a function of the project, {ref.path}:{unpack_span(frame.machine.program.function(ref).span)[0]}"
        case ClassRef():
            return written, f"is a class of the project, {callee.ref.path}"
        case External(name):
            known = name in frame.machine.knowledge.functions or frame.machine.is_watched(name)
            return name, "is known to the library knowledge" if known else "is not known: what is passed to it is not followed"
        case _:
            return written, "is not known: its receiver or definition is not found"


def _told(value: Value) -> Iterator[str]:
    facts = all_facts(value)
    for fact in facts:
        yield f"holds a {fact.label} ({fact.state}) by the name `{fact.word}`" + (
            f", from the {fact.source}" if fact.source else ""
        )
    if not facts and value.const is not MISSING:
        yield "is a constant"
    elif not facts and value.depends:
        yield "is, or is made of, a parameter: judged where the function is called"
    elif not facts:
        yield "carries no label"
