"""The header fields of a response, read without the detour that Django's mapping takes: for each that is absent it raises an error inside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django.http import HttpResponseBase


def fields_of(response: Any) -> dict[str, tuple[str, str]]:
    """Return every field by its name in lower case: its name as written, and its value. What is put there gets none of Django's checks."""
    fields: dict[str, tuple[str, str]] = response.headers._store  # noqa: SLF001 - it has no public name
    return fields


def field(response: HttpResponseBase, name: str) -> str:
    """Return the value of a field whose name is given in lower case; empty when there is none."""
    found = fields_of(response).get(name)
    return "" if found is None else found[1]


def without(response: HttpResponseBase, *names: str) -> None:
    """Take fields out whose names are given in lower case."""
    fields = fields_of(response)
    for name in names:
        fields.pop(name, None)
