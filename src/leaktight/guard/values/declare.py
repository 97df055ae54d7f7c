"""Declare names sensitive, once: on a view, a form, a serializer, a model, or a single field; and find out what was declared."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, TypeVar, overload

from leaktight.guard.values.registry import watch
from leaktight.policy import LABELS, recognise

T = TypeVar("T")

EVERYTHING = "*"
"""Stands for every name in a declaration without names."""

_ATTRIBUTE = "leaktight_sensitive"
_METHODS = ("get", "post", "put", "patch", "delete", "head", "options", "dispatch", "form_valid", "form_invalid")
_site_wide: dict[str, str] = {}
CHANGES = [0]
"""How often what is declared for every view has changed, so that what was derived from it can be kept until it does."""


@overload
def sensitive(*names: str, label: str | None = None, **labels: str) -> Callable[[T], T]: ...
@overload
def sensitive(field: T, /, *, label: str | None = None) -> T: ...
def sensitive(*names: Any, label: str | None = None, **labels: str) -> Any:
    """Declare what is sensitive; every outlet of the guard respects it.

    `@sensitive("card_number", "cvv", diagnosis="health")` goes on a view (function, class, method, async, DRF, ninja), a form, a serializer
    or a model. The names are those of POST fields, JSON keys at any depth, query and path parameters, headers, cookies, uploads and model fields.
    A label is one of the policy's; it is taken from the name when not given, and is `secret` when the name says nothing.
    `@sensitive()` makes everything a view receives sensitive. `card = sensitive(forms.CharField())` declares one field.
    Raises `ValueError` for an unknown label and `TypeError` for a name that is no text.
    """
    if len(names) == 1 and not isinstance(names[0], str) and not labels:
        return _declare_field(names[0], label)
    for name in names:
        if not isinstance(name, str):
            raise TypeError(f'a name to declare must be a text, not {type(name).__name__}: write @sensitive("card_number")')
    declared = {normal(name): label or _label(name) for name in (names or () if labels or names else (EVERYTHING,))}
    declared |= {normal(name): given for name, given in labels.items()}
    if unknown := {given for given in declared.values() if given not in LABELS}:
        raise ValueError(f"unknown label {', '.join(sorted(unknown))}; the labels are {', '.join(LABELS)}")

    def decorate(target: T) -> T:
        known = target.__dict__.get(_ATTRIBUTE, {}) if isinstance(target, type) else getattr(target, _ATTRIBUTE, {})
        setattr(target, _ATTRIBUTE, MappingProxyType({**known, **declared}))
        if isinstance(target, type) and not _is_view(target):
            _declare_site_wide({name: given for name, given in declared.items() if name != EVERYTHING})
            _watch_model(target, declared)
        return target

    return decorate


def _declare_field(field: Any, label: str | None) -> Any:
    if label is not None and label not in LABELS:
        raise ValueError(f"unknown label {label}; the labels are {', '.join(LABELS)}")
    field.leaktight_label = label or ""
    return field


def normal(name: str) -> str:
    """Write a name the one way names are compared: `X-Card` and `x_card` are the same."""
    return name.lower().replace("-", "_")


def _declare_site_wide(declared: Mapping[str, str]) -> None:
    _site_wide.update(declared)
    CHANGES[0] += 1


def site_wide() -> Mapping[str, str]:
    """Return what forms, serializers and models declared: name → label, for every view."""
    return _site_wide


_by_view: weakref.WeakKeyDictionary[Any, Mapping[str, str]] = weakref.WeakKeyDictionary()


def declared_by(view: Any) -> Mapping[str, str]:
    """Return what a view declares itself, or by its form, serializer or model: name → label."""
    try:
        known = _by_view.get(view)
        if known is None:
            known = _by_view[view] = MappingProxyType(dict(_declarations(view)))
        return known
    except TypeError:  # a callable that cannot be remembered
        return dict(_declarations(view))


def _declarations(view: Any) -> Iterator[tuple[str, str]]:
    yield from getattr(view, _ATTRIBUTE, {}).items()
    for operation in _operations(view):
        yield from getattr(getattr(operation, "view_func", None), _ATTRIBUTE, {}).items()
    made = getattr(view, "view_class", None) or getattr(view, "cls", None)
    if made is None:
        return
    given = getattr(view, "view_initkwargs", None) or getattr(view, "initkwargs", None) or {}
    actions = (getattr(view, "actions", None) or {}).values()
    for base in reversed(made.__mro__):
        yield from base.__dict__.get(_ATTRIBUTE, {}).items()
    for method in (*_METHODS, *actions):
        yield from getattr(getattr(made, method, None), _ATTRIBUTE, {}).items()
    for attribute in ("model", "form_class", "serializer_class"):
        part = given.get(attribute) or getattr(made, attribute, None)
        if isinstance(part, type):
            yield from declared_by_class(part)


def _operations(view: Any) -> Iterator[Any]:
    """Yield the operations of a path of django-ninja, whose view holds them in its closure."""
    for cell in getattr(view, "__closure__", None) or ():
        try:
            yield from getattr(cell.cell_contents, "operations", ())
        except (ValueError, TypeError):  # an empty cell, or operations of another kind
            continue


def declared_by_class(part: type) -> Iterator[tuple[str, str]]:
    """Yield what a form, serializer or model declares, by decorator or field by field: name, label."""
    for base in reversed(part.__mro__):
        yield from base.__dict__.get(_ATTRIBUTE, {}).items()
    for name, field in _fields(part):
        label = getattr(field, "leaktight_label", None)
        if label is not None:
            yield normal(name), label or _label(name)


def _fields(part: type) -> Iterable[tuple[str, Any]]:
    for attribute in ("base_fields", "_declared_fields"):
        if found := getattr(part, attribute, None):
            return list(found.items())
    meta = getattr(part, "_meta", None)
    return [(field.name, field) for field in getattr(meta, "fields", ())]


def _is_view(target: type) -> bool:
    return hasattr(target, "as_view")


def _label(name: str) -> str:
    found = recognise(name)
    return found.label if found else "secret"


def _watch_model(target: type, declared: Mapping[str, str]) -> None:
    """Watch for the values of a model's declared fields from the moment an instance is loaded or made."""
    if not hasattr(target, "_meta"):
        return
    from django.db.models.signals import post_init

    def loaded(instance: Any, **_: Any) -> None:
        for name, label in declared.items():
            value = instance.__dict__.get(name)  # a deferred field is not loaded for this
            if value not in (None, ""):
                watch(str(value), label, name)

    post_init.connect(loaded, sender=target, weak=False)
