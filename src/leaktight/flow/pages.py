"""From a view's context to what the template prints of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from leaktight.flow import attributes
from leaktight.flow.events import Call
from leaktight.flow.texts import stringify
from leaktight.flow.value import UNKNOWN, Value, as_text, with_state
from leaktight.model import Span, Step
from leaktight.policy import State
from leaktight.project.symbols import ClassRef, FunctionRef
from leaktight.source.code import Function, pack_span, unpack_span

if TYPE_CHECKING:
    from leaktight.flow.frame import Frame
    from leaktight.flow.machine import Machine
    from leaktight.project.template_outputs import PlacedOutput
    from leaktight.project.templates import Template

RENDER = "django.shortcuts.render"

_TELL_NOTHING = frozenset(
    {
        "length",
        "length_is",
        "yesno",
        "pluralize",
        "count",
        "divisibleby",
        "filesizeformat",
        "date",
        "time",
    }
)
"""Filters whose result is about a value and not the value."""
_SHORT = frozenset({"slice", "first", "last", "truncatechars", "mask", "masked", "redact"})
"""Filters that leave a part too small to be of use, as they are used on secrets."""


@dataclass(frozen=True, slots=True)
class Printed:
    """One place of a page that prints something of the context."""

    value: Value
    span: Span
    chain: tuple[Step, ...]


def printed(frame: Frame, template: Template, context: Value) -> Iterator[Printed]:
    """What a page made of a template prints of a context, place by place."""
    for output in template.all_outputs():
        value = _printed(frame, output, context)
        if value is not UNKNOWN and not value.is_clean:
            yield Printed(value, output.span, output.chain)


def _printed(frame: Frame, output: PlacedOutput, context: Value) -> Value:
    if not output.path or _TELL_NOTHING & set(output.filters):
        return UNKNOWN
    value: Value | None = (context.fields or {}).get(output.path[0])
    if value is None:
        return UNKNOWN
    for part in output.path[1:]:
        value = _step(frame, value, part)
        if value is UNKNOWN:
            return UNKNOWN
    value = stringify(frame, value)
    return with_state(value, State.LAST4) if _SHORT & set(output.filters) else value


def _step(frame: Frame, value: Value, part: str) -> Value:
    """One dot of a template expression: an element, a key, an attribute, or a call."""
    if part == "[]":
        return frame.element_of(value)
    if value.type == "dict" or (value.fields and part in value.fields):
        return (value.fields or {}).get(part, value.element or UNKNOWN)
    if isinstance(value.type, str) and frame.machine.knowledge.is_a(value.type, "django.forms.BaseForm"):
        return UNKNOWN
    if isinstance(value.type, ClassRef) and frame.machine.project.kind(value.type) == "form":
        return UNKNOWN  # a form's field prints an input, which is what the form is for
    found = attributes.read_attribute(frame, value, part, 0)
    return UNKNOWN if found.ref is not None else found


def rendered(frame: Frame, name: str, context: Value) -> Value | None:
    """The text of a template with a context; None when the template is not one of the project's."""
    template = frame.machine.project.templates.by_name(name)
    if template is None:
        return None
    return as_text(*(item.value for item in printed(frame, template, context)))


def page_of(machine: Machine, call: Call) -> Iterator[Printed]:
    """What the page a call renders prints; nothing when its template is not known."""
    from leaktight.flow.frame import Frame

    context = call.argument("context")
    if context is None or context.is_clean:
        return
    names = call.argument("template_name") or call.argument("template")
    for name in _texts(names):
        template = machine.project.templates.by_name(name)
        if template is not None:
            yield from printed(Frame(machine, call.path, {}, function=call.function), template, context)
            return


def _texts(value: Value | None) -> list[str]:
    if value is None:
        return []
    if value.text is not None:
        return [value.text]
    return [inner.text for inner in (value.fields or {}).values() if inner.text is not None]


def rendered_by_classes(machine: Machine) -> Iterator[Call]:
    """Class-based views that name a template, as the `render()` of what their context method returns."""
    for view in machine.project.views:
        if not isinstance(view.ref, ClassRef):
            continue
        method = machine.program.method(view.ref, "get_context_data")
        named = machine.program.class_value(view.ref, "template_name")
        if not isinstance(method, FunctionRef) or named is None or not isinstance(named[1][2], str):
            continue
        summary = machine.summary(method)
        if summary is not None and summary.returns.fields:
            yield Call(
                name=RENDER,
                path=method.path,
                packed=heading(machine.program.function(method)),
                function=method,
                receiver=None,
                arguments={"template_name": Value(const=named[1][2]), "context": summary.returns},
                places={},
                spec=machine.knowledge.functions[RENDER],
                machine=machine,
            )


def heading(function: Function) -> int:
    """The packed place of `def name`, where a finding about the whole function is shown."""
    line, column, _, _ = unpack_span(function.span)
    return pack_span(line, column, line, column + len("def ") + len(function.name))
