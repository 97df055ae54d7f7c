"""What class-based views hand to their methods: the form, serializer, object and queryset they declare."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from leaktight.flow import attributes
from leaktight.flow.value import MANAGER, Value
from leaktight.project.symbols import ClassRef

if TYPE_CHECKING:
    from leaktight.flow.frame import Frame

_FORM, _SERIALIZER, _OBJECT, _OBJECTS = "form", "serializer", "object", "objects"

_GIVES = {
    "get_form": _FORM,
    "get_serializer": _SERIALIZER,
    "get_object": _OBJECT,
    "get_queryset": _OBJECTS,
    "filter_queryset": _OBJECTS,
    "paginate_queryset": _OBJECTS,
}
"""Inherited methods and what they give."""

_PARAMETERS = {
    ("form_valid", "form"): _FORM,
    ("form_invalid", "form"): _FORM,
    ("save_form", "form"): _FORM,
    ("save_model", "form"): _FORM,
    ("save_model", "obj"): _OBJECT,
    ("perform_create", "serializer"): _SERIALIZER,
    ("perform_update", "serializer"): _SERIALIZER,
    ("perform_destroy", "instance"): _OBJECT,
    ("create", "validated_data"): "validated",
    ("update", "validated_data"): "validated",
    ("update", "instance"): "model",
    ("to_representation", "instance"): "model",
    ("validate", "attrs"): "validated",
    ("validate", "data"): "validated",
}
"""Methods a framework calls, and what their parameters are."""


def result_of(frame: Frame, receiver: Value | None, name: str) -> Value | None:
    """What an inherited method such as `get_object()` gives in this view; None when nothing tells."""
    kind = _GIVES.get(name)
    if kind is None or receiver is None or not isinstance(receiver.type, ClassRef):
        return None
    return _declared(frame, receiver.type, kind)


def parameter(frame: Frame, owner: ClassRef, method: str, name: str) -> Value | None:
    """What a framework hands to a method's parameter; None when nothing tells."""
    kind = _PARAMETERS.get((method, name))
    if kind is None:
        return None
    if kind in {"validated", "model"}:
        made = frame.machine.project.classes.get(owner)
        if made is None or made.kind not in {"serializer", "form"}:
            return None
        instance = Value(type=owner)
        return Value(type=made.model) if kind == "model" else attributes.special(frame, instance, "fields", "serializer")
    return _declared(frame, owner, kind)


def attribute(frame: Frame, cls: ClassRef, name: str) -> Value | None:
    """`self.object` of a view that declares its model."""
    return _declared(frame, cls, _OBJECT) if name == "object" else None


def _declared(frame: Frame, cls: ClassRef, kind: str) -> Value | None:
    if kind == _FORM:
        return _instance(_class(frame, cls, "form_class"))
    if kind == _SERIALIZER:
        return _instance(_class(frame, cls, "serializer_class"))
    model = _model(frame, cls)
    if model is None:
        return None
    return Value(type=model) if kind == _OBJECT else Value(type=MANAGER, origin=model)


def _model(frame: Frame, cls: ClassRef) -> Any:
    """The model of a view: `model`, `queryset`, or what its form or serializer stands for."""
    named = _class(frame, cls, "model")
    if named is not None:
        return named
    queryset = attributes.class_value(frame, cls, "queryset")
    if queryset is not None and queryset.type == MANAGER and isinstance(queryset.origin, ClassRef):
        return queryset.origin
    for name in ("serializer_class", "form_class"):
        declared = _class(frame, cls, name)
        made = frame.machine.project.classes.get(declared) if declared is not None else None
        if made is not None and made.model is not None:
            return made.model
    return None


def _class(frame: Frame, cls: ClassRef, name: str) -> ClassRef | None:
    value = attributes.class_value(frame, cls, name)
    return value.ref if value is not None and isinstance(value.ref, ClassRef) else None


def _instance(cls: ClassRef | None) -> Value | None:
    return None if cls is None else Value(type=cls)
