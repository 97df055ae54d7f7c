"""The header fields of a response, read without the detour that Django's mapping takes: for each that is absent it raises an error inside."""

from __future__ import annotations

from collections.abc import ItemsView
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django.http import HttpResponseBase


def all_of(response: HttpResponseBase) -> ItemsView[str, tuple[str, str]]:
    """Return every field: its name in lower case, its name as written, and its value."""
    return _store(response).items()


def field(response: HttpResponseBase, name: str) -> str:
    """Return the value of a field whose name is given in lower case; empty when there is none."""
    found = _store(response).get(name)
    return "" if found is None else found[1]


def without(response: HttpResponseBase, *names: str) -> None:
    """Take fields out whose names are given in lower case."""
    store = _store(response)
    for name in names:
        if name in store:
            del store[name]


def put(response: HttpResponseBase, name: str, value: str) -> None:
    """Set a field to a text of our own, which needs none of the checks that others do."""
    _store(response)[name.lower()] = (name, value)


def _store(response: Any) -> dict[str, tuple[str, str]]:
    store: dict[str, tuple[str, str]] = response.headers._store  # noqa: SLF001 - by the name in lower case: the name and the value
    return store
