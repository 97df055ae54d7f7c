"""What the body of a request holds, as far as the code that reads it shows: names it takes out, and serializers and forms of its view."""

from __future__ import annotations

from leaktight.flow.events import Arrival
from leaktight.policy import LabelKind
from leaktight.project import Project
from leaktight.project.symbols import ClassRef, FunctionRef
from leaktight.project.views import View
from leaktight.rules.judging import is_grave, kind_of
from leaktight.rules.responses.answering import named_by
from leaktight.source.code import Op, last_name, unpack_span

_NO_BODIES = frozenset({"headers", "META", "COOKIES", "GET", "query_params", "session", "environ", "kwargs"})
"""What else of a request is read by name."""


def takes_nothing_sensitive(arrival: Arrival) -> bool:
    """Tell the body of one view that takes nothing from it that a name says is sensitive."""
    reader = read_in(arrival)
    return reader is not None and bool(arrival.project.views.of(reader)) and not _takes(arrival.project, reader)


def holds_something_sensitive(arrival: Arrival) -> bool:
    """Tell a body of which something sensitive is taken by name, or that a serializer or form of the view has a grave field for."""
    project = arrival.project
    readers = {function for function in (read_in(arrival), arrival.call.function) if function is not None}
    if any(_takes(project, one) for one in readers):
        return True
    shapes = {shape for one in readers for shape in _shapes_named(project, one)}
    shapes |= {shape for one in readers for view in project.views.of(one) for shape in _shapes_of(project, view)}
    return any(field.match is not None and is_grave(field.match.label) for shape in shapes for field in project.fields(shape))


def _takes(project: Project, reader: FunctionRef) -> bool:
    taken = [
        code[3][2] if code[0] == Op.ITEM else code[3][0][2]
        for code in project.program.pieces(reader)
        if (code[0] == Op.ITEM and code[3][0] == Op.CONST and last_name(code[2]) not in _NO_BODIES)
        or (
            code[0] == Op.CALL
            and code[2][0] == Op.ATTR
            and code[2][3] == "get"
            and last_name(code[2][2]) not in _NO_BODIES
            and code[3]
            and code[3][0][0] == Op.CONST
        )
    ]
    matches = [project.recogniser.recognise(name) for name in taken if isinstance(name, str)]
    return any(match is not None and kind_of(match.label) is not LabelKind.INTERNAL for match in matches)


def _shapes_named(project: Project, reader: FunctionRef) -> set[ClassRef]:
    """The serializers, schemas and forms a function names."""
    program = project.program
    found = {program.resolve_code(code, reader.path) for code in program.pieces(reader) if code[0] in {Op.NAME, Op.ATTR}}
    return {ref for ref in found if isinstance(ref, ClassRef) and project.kind(ref) in {"serializer", "schema", "form"}}


def _shapes_of(project: Project, view: View) -> set[ClassRef]:
    if not isinstance(view.ref, ClassRef):
        return set()
    found = project.program.class_value(view.ref, "form_class")
    form = project.program.resolve_code(found[1], found[0]) if found is not None else None
    return {*named_by(project, view.ref), *([form] if isinstance(form, ClassRef) else [])}


def read_in(arrival: Arrival) -> FunctionRef | None:
    """The innermost function in which the request is read, or whatever else the data begins with."""
    path, packed = arrival.fact.trace.begin
    module = arrival.project.program.modules.get(path)
    line = unpack_span(packed)[0]
    around: list[tuple[int, int]] = []
    for index, function in enumerate(module.functions if module is not None else ()):
        first, _, last, _ = unpack_span(function.span)
        if first <= line <= last:
            around.append((first, index))
    return FunctionRef(path, max(around)[1]) if around else None
