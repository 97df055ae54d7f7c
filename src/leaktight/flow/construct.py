"""Instances of the project's classes: what they hold once made, and what their text tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leaktight.flow.knowledge import ClassSpec
from leaktight.flow.machine import Function
from leaktight.flow.naming import add_fact, made_fact, name_value
from leaktight.flow.typing import annotation_type
from leaktight.flow.value import GONE, MANAGER, TRUTH, UNKNOWN, Evidence, Value, all_depends, all_facts, as_text, merge_facts
from leaktight.policy import LABELS, LabelKind, Match
from leaktight.project.symbols import ClassRef, External, FunctionRef
from leaktight.source.code import Code, Op, last_name

if TYPE_CHECKING:
    from leaktight.flow.frame import Frame

_DATA_DECORATORS = frozenset({"dataclass", "define", "frozen", "mutable", "attrs", "s", "attributes"})
_DATA_BASES = frozenset({"NamedTuple", "BaseModel", "Struct", "TypedDict", "Schema", "BaseSettings"})
TOLD = "__told__"
"""Key under which an exception being made keeps what it hands to `Exception.__init__`."""
_COMMON = frozenset({LabelKind.PERSONAL, LabelKind.INTERNAL})
_EXCEPTION_BASES = ("Exception", "Error", "Warning", "BaseException")


def instance(frame: Frame, cls: ClassRef, arguments: list[Value], keywords: dict[str, Value], span: int) -> Value:
    """A new instance of a project's class, with what its `__init__` or its declaration stores."""
    machine = frame.machine
    from leaktight.flow.querysets import saved

    made = Value(type=cls, depth=frame.depth)
    if machine.is_watched("read:request-url"):
        _bound_to_query(frame, cls, [*arguments, *keywords.values()], span)
    init = machine.method(cls, "__init__")
    if isinstance(init, FunctionRef):
        from leaktight.flow.calls import call_function

        call_function(frame, Function(init, receiver=made), arguments, keywords, span, {})
    elif _is_data(frame, cls):
        for name, value in zip(_declared(frame, cls), arguments, strict=False):
            made.put(name, name_value(frame, name, value, span))
    if not isinstance(init, FunctionRef):
        for name, value in keywords.items():
            if name != "**":
                made.put(name, value)
        if machine.project.kind(cls) == "model":
            saved(frame, Value(type=MANAGER, origin=cls), {name: value for name, value in keywords.items() if name != "**"}, span)
    if _is_exception(frame, cls) and not isinstance(machine.method(cls, "__str__"), FunctionRef):
        told = (made.fields or {}).pop(TOLD, None)
        values = [*arguments, *keywords.values()] if told is None else [told]
        made.facts = merge_facts(*(all_facts(value) for value in values))
        made.depends = tuple(dict.fromkeys(item for value in values for item in all_depends(value)))
    return made


def remember_told(frame: Frame, function_code: Code, arguments: list[Value]) -> None:
    """`super().__init__(text)` of an exception: what else it was given is not in its text."""
    base = function_code[2]
    if base[0] != Op.CALL or base[2][0] != Op.NAME or base[2][2] != "super" or frame.function is None:
        return
    owner = frame.machine.program.function(frame.function).owner
    itself = frame.parameters[0] if frame.parameters else None
    if itself is not None and owner >= 0 and _is_exception(frame, ClassRef(frame.path, owner)):
        itself.put(TOLD, as_text(*arguments), depth=itself.depth)


def _bound_to_query(frame: Frame, cls: ClassRef, values: list[Value], span: int) -> None:
    """A form or serializer that is given the query reads each of its fields from it."""
    if not any(value.type == "django.http.QueryDict" and value.origin == "request-url" for value in values):
        return
    from leaktight.flow.outside import note_call

    fields = frame.machine.project.fields(cls)
    taken = [(field.name, field.match) for field in fields if field.match is not None and not field.is_read_only]
    for name, match in sorted(taken, key=_gravest_first)[:1]:
        note = f"`{name}` comes in by the request-url"
        evidence = Evidence.NAME | Evidence.SOURCE
        read = add_fact(frame, UNKNOWN, match, name, span, evidence=evidence, note=note, source="request-url")
        note_call(frame, "read:request-url", UNKNOWN, {"key": Value(const=name), "value": read}, {"key": span}, span)


def _gravest_first(item: tuple[str, Match]) -> tuple[bool, int, str]:
    name, match = item
    return (match.label in LABELS and LABELS[match.label].kind in _COMMON, -match.strength, name)


def exception(frame: Frame, name: str, arguments: list[Value]) -> Value:
    """An instance of a class from outside: for an exception what it is given is its text."""
    tail = name.rpartition(".")[2]
    if not tail.endswith(_EXCEPTION_BASES) and tail not in {"Http404", "PermissionDenied", "SystemExit"}:
        return UNKNOWN
    if tail == "ValidationError":
        arguments = [_without_field_names(value) for value in arguments]
    facts = merge_facts(*(all_facts(value) for value in arguments))
    depends = tuple(dict.fromkeys(item for value in arguments for item in all_depends(value)))
    return Value(type=name, facts=facts, depends=depends)


def _without_field_names(value: Value) -> Value:
    """The messages of a validation error: its keys name fields of a form, and say nothing about the texts under them."""
    if value.type != "dict" or not value.fields:
        return value
    twin = value.copy()
    twin.fields = {}
    for key, inner in value.fields.items():
        message = inner.copy()
        message.facts = tuple(fact for fact in inner.facts if fact.source or fact.word != key)
        twin.fields[key] = message
    return twin


def _is_exception(frame: Frame, cls: ClassRef) -> bool:
    return any(
        isinstance(item, External) and item.name.rpartition(".")[2].endswith(_EXCEPTION_BASES)
        for item in frame.machine.program.mro(cls)
    ) or any(
        base[0] == Op.NAME and base[2].endswith(_EXCEPTION_BASES)
        for item in frame.machine.program.mro(cls)
        if isinstance(item, ClassRef)
        for base in frame.machine.program.class_(item).bases
    )


def _is_data(frame: Frame, cls: ClassRef) -> bool:
    code = frame.machine.program.class_(cls)
    decorated = any(last_name(decorator) in _DATA_DECORATORS for decorator in code.decorators)
    return decorated or any(last_name(base) in _DATA_BASES for base in code.bases)


def _declared(frame: Frame, cls: ClassRef) -> list[str]:
    """Names of the fields a data class declares, bases first."""
    names: dict[str, None] = {}
    for item in reversed(frame.machine.program.mro(cls)):
        if isinstance(item, ClassRef):
            for code in frame.machine.program.class_(item).body:
                if code[0] == Op.ASSIGN and code[4] is not None and code[2][0][0] == Op.NAME:
                    names[code[2][0][2]] = None
    return list(names)


def text_of(frame: Frame, value: Value, cls: ClassRef) -> Value:
    """What `str()` of an instance tells."""
    from leaktight.flow.calls import call_function

    program = frame.machine.program
    for name in ("__str__", "__repr__", "__unicode__"):
        method = program.method(cls, name)
        if isinstance(method, FunctionRef):
            key = ("text of", cls)
            if key in frame.machine.active:
                return TRUTH
            frame.machine.active.add(key)
            told = call_function(frame, Function(method, receiver=value), [], {}, program.function(method).span, {})
            frame.machine.active.discard(key)
            return as_text(told, Value(facts=value.facts, depends=()))
    if _is_data(frame, cls):
        fields = dict(value.fields or {})
        for name in _declared(frame, cls):
            if name not in fields:
                fields[name] = name_value(frame, name, UNKNOWN, program.class_(cls).span)
        return as_text(*(inner for name, inner in fields.items() if not _is_hidden(frame, cls, name)))
    if _is_exception(frame, cls):
        return Value(facts=value.facts, depends=value.depends, type="str")
    return Value(facts=value.facts, type="str") if value.facts else TRUTH


def _is_hidden(frame: Frame, cls: ClassRef, name: str) -> bool:
    """A field declared with `repr=False`, or of a type that hides itself."""
    program = frame.machine.program
    found = program.class_value(cls, name)
    if found is not None and found[1][0] == Op.CALL:
        return any(key == "repr" and code[0] == Op.CONST and code[2] is False for key, code in found[1][4])
    for item in program.mro(cls):
        for code in program.class_(item).body if isinstance(item, ClassRef) else ():
            if code[0] == Op.ASSIGN and code[4] is not None and code[2][0][0] == Op.NAME and code[2][0][2] == name:
                declared = annotation_type(frame, code[4])
                spec = frame.machine.knowledge.classes.get(declared) if isinstance(declared, str) else None
                return spec is not None and spec.protects
    return False


def _is_cleaned(frame: Frame, value: Value) -> bool:
    """Something was taken out of the container, or something sensitive was overwritten with a mask."""
    recognise = frame.machine.project.recogniser.recognise
    return any(
        inner.type == GONE or (isinstance(inner.const, str) and isinstance(key, str) and recognise(key) is not None)
        for key, inner in (value.fields or {}).items()
    )


def text_of_container(frame: Frame, value: Value, spec: ClassSpec, span: int) -> Value:
    """A whole request container written out: all the client sent is in the text."""
    source = value.origin if isinstance(value.origin, str) else spec.container
    if spec.opaque or _is_cleaned(frame, value):
        return TRUTH
    if not isinstance(value.origin, str) and any(not item.path and not item.text for item in value.depends):
        return Value(depends=value.depends, type="str")  # a parameter: what is passed for it decides
    fact = made_fact(
        frame, "request-data", span, note=f"the whole {source} is read here", evidence=Evidence.TYPE, word=spec.name.rpartition(".")[2],
        source=source,
    )  # fmt: skip
    inner = merge_facts(*(all_facts(part) for part in (value.fields or {}).values()))
    return Value(facts=merge_facts((fact,), inner), depends=value.depends, type="str")
