"""Responses: which line of code made one, set its cookies and its headers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.http import HttpResponse, HttpResponseBase

from leaktight.model import CodePlace
from leaktight.prove.project.observers.patching import replaced
from leaktight.prove.project.watch import Watch

_KEPT = "_leaktight_places"


@contextmanager
def observe(watch: Watch) -> Iterator[None]:
    """Note on each response where it was made and changed."""

    def noting(method: Any, what: Any) -> Any:
        def noted(self: Any, *arguments: Any, **named: Any) -> Any:
            if watch.is_open and (place := watch.code.here()) is not None:
                self.__dict__.setdefault(_KEPT, {}).setdefault(what(arguments), place)
            return method(self, *arguments, **named)

        return noted

    base = HttpResponseBase
    with (
        replaced(
            base,
            __init__=noting(base.__init__, lambda _: "made"),
            __setitem__=noting(base.__setitem__, lambda given: f"header {str(given[0]).lower()}"),
            set_cookie=noting(base.set_cookie, lambda given: f"cookie {given[0] if given else ''}"),
        ),
        replaced(HttpResponse, write=noting(HttpResponse.write, lambda _: "written")),
    ):
        yield


def place_of(response: Any, what: str) -> CodePlace | None:
    """Return the line that made a response or wrote into it (`made`), or set one of its headers (`header x`) or cookies (`cookie x`)."""
    known: dict[str, CodePlace] = response.__dict__.get(_KEPT, {})
    if what == "made":
        return known.get("written") or known.get("made")
    return known.get(what) or known.get("made")
