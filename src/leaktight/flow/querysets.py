"""The Django ORM: which model's instances and fields a manager or queryset gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from leaktight.flow import attributes
from leaktight.flow.naming import consumed
from leaktight.flow.value import MANAGER, UNKNOWN, Value, as_text
from leaktight.project.classes import USER
from leaktight.project.symbols import ClassRef

if TYPE_CHECKING:
    from leaktight.flow.frame import Frame


_ONE = ("get", "first", "last", "earliest", "latest", "get_by_natural_key", "aget", "afirst", "alast")
_USERS = ("create_user", "create_superuser", "acreate_user", "acreate_superuser")
_PAIR = ("get_or_create", "update_or_create", "aget_or_create")
_MANY = (
    "all", "filter", "exclude", "order_by", "select_related", "prefetch_related", "distinct", "annotate", "only", "defer", "using",
    "none", "reverse", "select_for_update", "alias", "iterator", "in_bulk", "union", "intersection", "difference", "dates",
)  # fmt: skip


def user(frame: Frame, receiver: Value, arguments: list[Value], keywords: dict[str, Value], span: int) -> Value:
    """`create_user(username, email, password)`: what is given there is a password, whatever it is called."""
    password = arguments[2] if len(arguments) > 2 else keywords.get("password")
    if password is not None:
        consumed(frame, "password", password, "create_user", span)
    return one(frame, receiver, arguments, {key: value for key, value in keywords.items() if key != "password"}, span)


def one(_frame: Frame, receiver: Value, _arguments: list[Value], keywords: dict[str, Value], _span: int) -> Value:
    """An instance of the model; fields given in `create()` are known."""
    made = Value(type=_model(receiver))
    for key, value in keywords.items():
        if not value.is_clean and "__" not in key and key != "defaults":
            made.put(key, value)
    return made


def created(frame: Frame, receiver: Value, arguments: list[Value], keywords: dict[str, Value], span: int) -> Value:
    """`create()` puts what it is given into a row."""
    saved(frame, receiver, keywords, span)
    return one(frame, receiver, arguments, keywords, span)


def updated(frame: Frame, receiver: Value, _arguments: list[Value], keywords: dict[str, Value], span: int) -> Value:
    """`update()` does so with the rows there are."""
    saved(frame, receiver, keywords, span)
    return Value(type="int")


def saved(frame: Frame, receiver: Value, keywords: dict[str, Value], span: int) -> None:
    """What is put into the columns of a row."""
    from leaktight.flow.outside import note_call
    from leaktight.flow.texts import stringify

    holding = {
        name: stringify(frame, value, span=span) if isinstance(value.type, str) else value for name, value in keywords.items()
    }
    telling = {name: value for name, value in holding.items() if not value.is_clean and not _points(frame, receiver, name)}
    if telling:
        note_call(frame, f"{MANAGER}.create", receiver, telling, {}, span)


def _points(frame: Frame, receiver: Value, name: str) -> bool:
    """Tell a column that points to another row: what is put there is that row, whatever it is called."""
    model = _model(receiver)
    field = frame.machine.project.field(model, name) if isinstance(model, ClassRef) else None
    return field is not None and (field.related is not None or field.type in _POINTING)


_POINTING = frozenset({"ForeignKey", "OneToOneField"})


def many(_frame: Frame, receiver: Value, _arguments: list[Value], _keywords: dict[str, Value], _span: int) -> Value:
    return Value(type=MANAGER, origin=_model(receiver))


def pair(frame: Frame, receiver: Value, arguments: list[Value], keywords: dict[str, Value], span: int) -> Value:
    """A row that is found, or made of what it is looked up by and of `defaults`."""
    defaults = keywords.get("defaults")
    given = {**keywords, **((defaults.fields or {}) if defaults is not None else {})}
    saved(frame, receiver, {key: value for key, value in given.items() if isinstance(key, str) and key != "defaults"}, span)
    result = Value(type="tuple")
    result.put(0, one(frame, receiver, arguments, {}, span))
    result.put(1, Value(type="bool"))
    return result


def values(frame: Frame, receiver: Value, arguments: list[Value], keywords: dict[str, Value], span: int) -> Value:
    """`.values()` gives every column; `.values("id", "name")` those named, `.values(total=…)` what is computed."""
    result = Value(type="list")
    model = _model(receiver)
    names = [value.const for value in arguments if isinstance(value.const, str)]
    instance = Value(type=model)
    whole = not arguments and not set(keywords) - {"flat", "named"}
    if whole and isinstance(model, ClassRef):
        result.add(attributes.everything(frame, instance))
        return result
    whole = whole and model == USER
    row = Value(type="dict")
    for name in ["password", "email"] if whole else names:
        column = attributes.read_attribute(frame, instance, name.rpartition("__")[2], span).copy()
        if whole:
            column.facts = tuple(replace(fact, source=attributes.WHOLE_INSTANCE) for fact in column.facts)
        row.put(name, column)
    result.add(row)
    return result


def object_or_404(_frame: Frame, _receiver: Value, arguments: list[Value], _keywords: dict[str, Value], _span: int) -> Value:
    if not arguments:
        return UNKNOWN
    first = arguments[0]
    return Value(type=first.ref if isinstance(first.ref, ClassRef) else first.origin if first.type == MANAGER else None)


def model_to_dict(frame: Frame, _receiver: Value, arguments: list[Value], keywords: dict[str, Value], _span: int) -> Value:
    """`model_to_dict(instance, fields=…)`: the named fields, or all."""
    if not arguments:
        return UNKNOWN
    return _chosen(attributes.everything(frame, arguments[0]), arguments[1] if len(arguments) > 1 else keywords.get("fields"))


def _chosen(whole: Value, chosen: Value | None) -> Value:
    """Of all columns those that were asked for; nothing when what was asked for is not known."""
    if chosen is None or chosen.const is None:
        return whole
    names = {value.const for value in (chosen.fields or {}).values()}
    whole.fields = {key: value for key, value in (whole.fields or {}).items() if key in names}
    return whole


def serialized(frame: Frame, _receiver: Value, arguments: list[Value], keywords: dict[str, Value], _span: int) -> Value:
    """`serializers.serialize("json", queryset, fields=…)`: a text with the named columns, or all."""
    if len(arguments) < 2 or arguments[1].type != MANAGER:
        return UNKNOWN
    return as_text(_chosen(attributes.everything(frame, Value(type=_model(arguments[1]))), keywords.get("fields")))


def user_model(frame: Frame, _receiver: Value, _arguments: list[Value], _keywords: dict[str, Value], _span: int) -> Value:
    """`get_user_model()`: the project's own class of users, or Django's."""
    own = frame.machine.project.user_model
    if own is not None:
        return Value(ref=own)
    return Value(type="django.contrib.auth.models.UserClass")


def _model(receiver: Value) -> ClassRef | str | None:
    origin = receiver.origin
    return origin if isinstance(origin, ClassRef | str) else None


METHODS: dict[str, Callable[[Frame, Value, list[Value], dict[str, Value], int], Value]] = {
    **{f"{MANAGER}.{name}": one for name in _ONE},
    **{f"{MANAGER}.{name}": created for name in ("create", "acreate")},
    **{f"{MANAGER}.{name}": updated for name in ("update", "aupdate")},
    **{f"{MANAGER}.{name}": user for name in _USERS},
    **{f"{MANAGER}.{name}": pair for name in _PAIR},
    **{f"{MANAGER}.{name}": many for name in _MANY},
    f"{MANAGER}.values": values,
    f"{MANAGER}.values_list": values,
    "django.shortcuts.get_object_or_404": object_or_404,
    "django.forms.model_to_dict": model_to_dict,
    "django.forms.models.model_to_dict": model_to_dict,
    "django.core.serializers.serialize": serialized,
    "django.contrib.auth.get_user_model": user_model,
}
