"""Reading and writing attributes and keys: where fields, settings and requests become sources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from leaktight.flow import generic_views, querysets
from leaktight.flow.caught import OF_SETTINGS, told_by
from leaktight.flow.knowledge import AttributeSpec
from leaktight.flow.machine import Function
from leaktight.flow.naming import MESSAGES, add_fact, is_place, made_fact, may_be_secret, name_value, of_addresses
from leaktight.flow.value import (
    ANY_KEY,
    ELEMENT,
    MANAGER,
    MANAGERS,
    MAX_PATH,
    MISSING,
    SOME_KEY,
    UNKNOWN,
    Dependence,
    Evidence,
    Value,
    join,
)
from leaktight.model import Certainty
from leaktight.policy import State
from leaktight.project.classes import USER
from leaktight.project.symbols import ClassRef, External, FunctionRef, ModuleRef
from leaktight.source.code import Op

if TYPE_CHECKING:
    from leaktight.flow.frame import Frame

SETTINGS = "django.conf.LazySettings"

WHOLE_INSTANCE = "instance"
"""Source of fields that nobody named: all of an instance was written out."""
OF_THE_MODEL = "model"
"""Source of fields that a serializer takes over from its model."""

_CLIENTS = ("requests.", "httpx.", "aiohttp.", "urllib")
"""Beginnings of the names of what answers of other servers are: the request of such an answer is one the site made."""

_VALUE_LIKE = frozenset({"value", "raw", "plain", "plaintext", "text", "content", "data", "body", "key", "hex", "secret"})
"""Attributes that give the thing itself; another attribute of a secret is something about it."""
_ERRORS = frozenset({"errors", "error_list", "error_dict", "message_dict", "error_messages"})
"""Attributes of forms, serializers and exceptions that say what is wrong with each field."""


def read_attribute(frame: Frame, base: Value, name: str, span: int) -> Value:
    """What `base.name` gives."""
    if base.ref is not None:
        return _of_reference(frame, base, name, span)
    if base.fields and name in base.fields:
        return base.fields[name]
    if isinstance(base.type, ClassRef):
        found = _of_instance(frame, base, base.type, name, span)
        if found is not None:
            owner = frame.machine.program.class_(base.type).name
            return of_addresses(frame, found, owner, name) if found.facts else found
    elif isinstance(base.type, str):
        if name == "__dict__" and base.type == USER:
            return everything(frame, base)
        own = frame.machine.project.user_model if base.type == USER else None
        found = _of_instance(frame, base, own, name, span) if own is not None else None
        if found is None:
            found = _of_outside(frame, base, base.type, name, span)
        if found is not None:
            return found
    if base.const is not MISSING:
        return UNKNOWN
    return _named(frame, base, name, span)


def _named(frame: Frame, base: Value, name: str, span: int) -> Value:
    """An attribute known by its name alone, or a part of a parameter."""
    depends = deeper(base, name)
    if name in _ERRORS:
        return Value(type=MESSAGES, depends=depends)
    facts = base.facts if name in _VALUE_LIKE else told_by(base, name)
    value = Value(facts=facts, depends=depends) if facts or depends else UNKNOWN
    if name in {"logger", "log", "_logger", "_log"} and not facts:
        return Value(type="logging.Logger", depends=depends)
    if name == "request" and not facts and not (isinstance(base.type, str) and base.type.startswith(_CLIENTS)):
        return Value(type="django.http.HttpRequest", depends=depends)
    return name_value(frame, name, value, span, what="read from")


def deeper(base: Value, key: Any) -> tuple[Dependence, ...]:
    """What a part of a value depends on; a text has no parts, but whoever splits it holds some of it."""
    if not base.depends:
        return ()
    whole = key in {ELEMENT, ANY_KEY, SOME_KEY}
    return tuple(
        item if item.text or len(item.path) >= MAX_PATH else replace(item, path=(*item.path, key))
        for item in base.depends
        if whole or (not item.text and len(item.path) < MAX_PATH)
    )


def _of_reference(frame: Frame, base: Value, name: str, span: int) -> Value:
    machine = frame.machine
    ref = base.ref
    if isinstance(ref, External):
        return machine.external(f"{ref.name}.{name}")
    if isinstance(ref, ModuleRef):
        symbol = machine.program.member(ref, name)
        return UNKNOWN if symbol is None else machine.symbol_value(symbol)
    if isinstance(ref, ClassRef):
        symbol = machine.program.member(ref, name)
        if symbol is not None:
            return machine.symbol_value(symbol)
        if name in MANAGERS or name.endswith("objects"):
            return Value(type=MANAGER, origin=ref)
        found = class_value(frame, ref, name)
        if found is not None:
            return found
        method = machine.method(ref, name)
        if isinstance(method, External):
            return Value(ref=External(machine.knowledge.canonical(method.name)))
        return UNKNOWN
    return UNKNOWN


def class_value(frame: Frame, cls: ClassRef, name: str) -> Value | None:
    """A class-level assignment, evaluated in the file it stands in."""
    found = frame.machine.class_code(cls, name)
    if found is None:
        return None
    path, code, _ = found
    key = ("class value", path, code[1], name)
    if key in frame.machine.active:
        return UNKNOWN
    frame.machine.active.add(key)
    inner = frame.for_module(frame.machine, path, {})
    value = name_value(inner, name, inner.evaluate(code), code[1], what="stored in")
    frame.machine.active.discard(key)
    return value


def _of_instance(frame: Frame, base: Value, cls: ClassRef, name: str, span: int) -> Value | None:
    """An attribute of an instance of a project's class."""
    machine = frame.machine
    if name == "__dict__":
        return everything(frame, base)
    if name == "__class__":
        return Value(ref=cls)
    method = machine.method(cls, name)
    if isinstance(method, FunctionRef):
        return _method(frame, base, method, name, span)
    field = machine.project.field(cls, name)
    if field is not None:
        return field_value(frame, field, base, name, span)
    stored = machine.instance_field(cls, name)
    if stored is None:
        stored = class_value(frame, cls, name)
    if stored is not None:
        depends = deeper(base, name)
        if depends and not stored.depends:
            stored = stored.copy()
            stored.depends = depends
        return name_value(frame, name, stored, span, what="read from")
    given = generic_views.attribute(frame, cls, name)
    if given is not None:
        return given
    for outside in machine.program.mro(cls):
        if isinstance(outside, External):
            found = _of_outside(frame, base, machine.knowledge.canonical(outside.name), name, span)
            if found is not None:
                return found
    overriding = _in_subclasses(frame, base, cls, name)
    if overriding is not None:
        return overriding
    if isinstance(method, External):
        value = _named(frame, base, name, span)
        if value is UNKNOWN or (not value.facts and value.type is None):
            return Value(ref=External(machine.knowledge.canonical(method.name)), depends=deeper(base, name), facts=value.facts)
        return value
    return None


def _method(frame: Frame, base: Value, method: FunctionRef, name: str, span: int) -> Value:
    """A bound method, or what a property gives."""
    decorators = frame.machine.program.function(method).decorators
    if decorators and any(_is_property(decorator) for decorator in decorators):
        from leaktight.flow.calls import call_function

        value = call_function(frame, Function(method, receiver=base), [], {}, span, {})
        return name_value(frame, name, value, span, what="read from")
    if decorators and any(decorator[0] == Op.NAME and decorator[2] == "staticmethod" for decorator in decorators):
        return Value(ref=Function(method))
    return Value(ref=Function(method, receiver=base))


def _is_property(decorator: list[Any]) -> bool:
    return (decorator[0] == Op.NAME or decorator[0] == Op.ATTR) and decorator[-1] in {
        "property",
        "cached_property",
        "hybrid_property",
    }


def _in_subclasses(frame: Frame, base: Value, cls: ClassRef, name: str) -> Value | None:
    """A method or attribute that only subclasses define: any of the first few may be meant."""
    found: Value | None = None
    for sub in frame.machine.program.subclasses(cls)[:6]:
        index = frame.machine.program.class_(sub).methods.get(name)
        if index is not None:
            value = Value(ref=Function(FunctionRef(sub.path, index), receiver=base))
            return value
        constant = class_value(frame, sub, name)
        if constant is not None:
            found = constant if found is None else join(found, constant)
    return found


def field_value(frame: Frame, field: Any, base: Value, name: str, span: int, *, path: str = "", source: str = "field") -> Value:
    """A field of a model, form or serializer instance: a source when the field is sensitive."""
    depends = deeper(base, name)
    if field.related is not None:
        return Value(type=field.related, depends=depends)
    value = Value(depends=depends)
    if field.match is None:
        return value
    evidence = Evidence.NAME | Evidence.SOURCE | (Evidence.TYPE if field.typed else 0)
    note = f"field `{name}` of {field.owner}"
    return add_fact(frame, value, field.match, name, span, evidence=evidence, note=note, source=source, path=path)


def everything(frame: Frame, base: Value) -> Value:
    """All an instance holds: `__dict__`, `vars()`, `model_to_dict()`."""
    if base.type == USER:
        return _of_user(frame, base)
    result = Value(type="dict", facts=base.facts)
    if isinstance(base.type, ClassRef):
        for field in frame.machine.project.fields(base.type):
            result.put(
                field.name, field_value(frame, field, base, field.name, field.span, path=field.path, source=WHOLE_INSTANCE)
            )
        for item in frame.machine.program.mro(base.type):
            if isinstance(item, ClassRef):
                for name in frame.machine.program.class_(item).writes:
                    stored = frame.machine.instance_field(base.type, name)
                    if stored is not None:
                        result.put(name, name_value(frame, name, stored, 0))
    for key, inner in (base.fields or {}).items():
        result.put(key, inner)
    return result


def _of_user(frame: Frame, base: Value) -> Value:
    """The columns of Django's own users that matter, or those of the project's class of users."""
    own = frame.machine.project.user_model
    if own is not None:
        user = base.copy()
        user.type = own
        return everything(frame, user)
    result = Value(type="dict")
    for name in ("password", "email"):
        column = read_attribute(frame, base, name, 0).copy()
        column.facts = tuple(replace(fact, source=WHOLE_INSTANCE) for fact in column.facts)
        result.put(name, column)
    return result


def _of_outside(frame: Frame, base: Value, kind: str, name: str, span: int) -> Value | None:
    """An attribute of an instance of a class from outside, as far as it is known."""
    machine = frame.machine
    if kind == SETTINGS:
        return setting(frame, name, span)
    spec = machine.knowledge.attribute(kind, name)
    if spec is not None:
        return _specified(frame, base, spec, name, span)
    qualified, function = machine.knowledge.method(kind, name)
    if function is not None or machine.is_watched(qualified) or qualified in querysets.METHODS:
        return Value(ref=External(qualified), origin=base.origin)
    return None


SPECIAL_TYPES = frozenset({"fields", "readable-fields", "form-model"})
"""Types that depend on the class an attribute is read from: its fields by name, or its model."""


def special(frame: Frame, base: Value, kind: str, source: str) -> Value:
    """What `cleaned_data`, `serializer.data` or `form.save()` gives for this very class."""
    made = frame.machine.project.classes.get(base.type) if isinstance(base.type, ClassRef) else None
    if kind == "form-model":
        return Value(type=made.model if made else None)
    result = Value(type="django.http.QueryDict" if made is None else "dict", origin=source if made is None else None)
    program = frame.machine.program
    own = {program.class_(item).name for item in program.mro(made.ref) if isinstance(item, ClassRef)} if made else set()
    gone = _taken_out(frame, made.ref) if made is not None and kind == "readable-fields" else frozenset()
    for field in made.fields if made else ():
        if field.name in gone:
            continue
        if not (kind == "readable-fields" and field.is_write_only) and not (kind == "fields" and field.is_read_only):
            entered = source if kind == "fields" or field.owner in own else OF_THE_MODEL
            value = field_value(frame, field, base, field.name, field.span, path=field.path, source=entered or "field")
            if kind == "fields":
                value.facts = tuple(replace(fact, state=State.PLAIN) for fact in value.facts)  # what is typed in is no hash yet
            result.put(field.name, value)
    if made is not None:
        result.depends = deeper(base, "cleaned")
    return result


def _taken_out(frame: Frame, cls: ClassRef) -> frozenset[str]:
    """Keys a serializer takes out of what it gives: `del data["password"]`, `data.pop("password")` in `to_representation`."""
    method = frame.machine.program.method(cls, "to_representation")
    found = set()
    for code in frame.machine.program.pieces(method) if isinstance(method, FunctionRef) else ():
        match code:
            case [Op.DELETE, int(), [*targets]]:
                found |= {target[3][2] for target in targets if target[0] == Op.ITEM and target[3][0] == Op.CONST}
            case [Op.CALL, int(), [Op.ATTR, int(), _, "pop"], [[Op.CONST, int(), str(key)], *_], _]:
                found.add(key)
            case _:
                pass
    return frozenset(found)


def _specified(frame: Frame, base: Value, spec: AttributeSpec, name: str, span: int) -> Value:
    if spec.type in SPECIAL_TYPES:
        given = special(frame, base, spec.type, spec.source)
        if given.type == "dict" and not base.depends and base is not UNKNOWN:
            base.put(name, given, depth=frame.depth)  # it is one dictionary: what is taken out of it stays out
        return given
    value = Value(type=spec.type or None, depends=deeper(base, name), origin=spec.source or None)
    if spec.label:
        fact = made_fact(
            frame,
            spec.label,
            span,
            note=f"`{name}` is read here",
            evidence=Evidence.SOURCE if spec.vague else Evidence.TYPE | Evidence.SOURCE,
            word=name,
            source=spec.source,
            strong=not spec.vague,
        )
        value.facts = (replace(fact, state=State(spec.state)) if spec.state else fact,)
    return value


def setting(frame: Frame, name: str, span: int) -> Value:
    """A setting: its value where that is known, and a source when its name says it is secret."""
    resolved = frame.machine.project.setting(name)
    value = Value(origin=OF_SETTINGS)
    if resolved is not None and resolved.certainty in {Certainty.KNOWN, Certainty.DEFAULTED}:
        if isinstance(resolved.value, str | int | float | bool | None):
            value = Value(const=resolved.value, origin=resolved)
        elif isinstance(resolved.value, dict):
            value = _from_plain(frame, resolved.value, resolved, span)
    match = frame.machine.project.recogniser.recognise(name)
    if match is None or isinstance(value.const, bool | int) or match.label == "email":
        return value
    if value.text is not None and is_place(value.text):
        return value
    if value.const is None or value.const == "":
        value = Value(origin=resolved)
    return add_fact(
        frame, value, match, name, span, evidence=Evidence.NAME | Evidence.SOURCE, note=f"setting `{name}`", source="settings"
    )


def _under(frame: Frame, key: str | int, plain: Any, origin: Any, span: int, depth: int) -> Value:
    """What a settings dictionary holds under a key: a source when the key says that it is secret."""
    value = _from_plain(frame, plain, origin, span, depth)
    match = frame.machine.project.recogniser.recognise(key) if isinstance(key, str) else None
    if match is None or match.label == "email" or isinstance(plain, dict | list | tuple | bool | int):
        return value
    if isinstance(plain, str) and not may_be_secret(plain):
        return value
    if plain is None:
        if origin.certainty is Certainty.KNOWN:
            return value
        value = Value(origin=origin)  # the environment gives it
    evidence = Evidence.NAME | Evidence.SOURCE
    return add_fact(frame, value, match, str(key), span, evidence=evidence, note=f"`{key}` in the settings", source="settings")


def _from_plain(frame: Frame, plain: Any, origin: Any, span: int, depth: int = 0) -> Value:
    """A settings dictionary as a value."""
    if isinstance(plain, dict) and depth < 4:
        value = Value(type="dict", origin=origin)
        for key, inner in plain.items():
            if isinstance(key, str | int):
                value.put(key, _under(frame, key, inner, origin, span, depth + 1))
        return value
    if isinstance(plain, str | int | float | bool | None):
        return Value(const=plain, origin=origin)
    return Value()
