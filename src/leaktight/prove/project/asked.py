"""What the project asked for while it answered: names in the request, fields of forms and serializers, objects of the database."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import islice
from types import FrameType
from typing import Any
from uuid import UUID

from django.core.handlers import wsgi
from django.db.models.sql.query import Query
from django.forms.forms import BaseForm
from django.http.request import HttpHeaders
from django.utils.datastructures import MultiValueDict

from leaktight.model import CodePlace
from leaktight.prove.project.observers.patching import replaced
from leaktight.prove.project.places import OwnCode

_MOST_WANTED = 20
_NEAR = 4
"""From so many calls away project code still counts as the one who asked for a header."""


@dataclass
class Asked:
    """What was asked for during one request."""

    containers: dict[int, tuple[Any, dict[str, CodePlace | None]]] = field(default_factory=dict)
    """Query, form data and files: the container and what was asked of it."""
    headers: dict[str, CodePlace | None] = field(default_factory=dict)
    cookies: dict[str, CodePlace | None] = field(default_factory=dict)
    json: dict[str, CodePlace | None] = field(default_factory=dict)
    reads_json: bool = False
    forms: list[Any] = field(default_factory=list)
    serializers: list[Any] = field(default_factory=list)
    lookups: list[tuple[Any, str, Any]] = field(default_factory=list)
    """Fields of models, how they were compared, and with what."""

    def of(self, container: Any) -> dict[str, CodePlace | None]:
        """Return the names asked of one container."""
        return self.containers.get(id(container), (None, {}))[1]


class Listener:
    """Hears what is asked; one request at a time."""

    def __init__(self, code: OwnCode) -> None:
        self.code = code
        self.asked: Asked | None = None
        self.body = b""

    @contextmanager
    def during(self, body: bytes) -> Iterator[Asked]:
        """Listen while one request with this body is answered."""
        self.body = body
        self.asked = asked = Asked()
        try:
            yield asked
        finally:
            self.asked = None

    def heard(self, names: dict[str, CodePlace | None], name: Any, *, near: bool = False) -> None:
        """Note that a name was asked for; `near` keeps only what project code asks for itself."""
        if not isinstance(name, str) or name in names:
            return
        if near and not self._is_near():
            return
        names[name] = self.code.here()

    def _is_near(self) -> bool:
        frame: FrameType | None = sys._getframe(3)  # noqa: SLF001 - past ourselves
        for _ in range(_NEAR):
            if frame is None:
                return False
            if self.code.path_of(frame.f_code.co_filename):
                return True
            frame = frame.f_back
        return False


class AskedDict(dict[str, Any]):
    """A dictionary that tells which keys were asked for; a copy of it is a plain one."""

    def __init__(self, data: Any, listener: Listener, part: str) -> None:
        super().__init__(data)
        self._listener = listener
        self._part = part

    def _note(self, key: Any) -> None:
        asked = self._listener.asked
        if asked is None:
            return
        if self._part == "headers":
            if isinstance(key, str) and key.startswith("HTTP_"):
                self._listener.heard(asked.headers, key[5:].replace("_", "-").title(), near=True)
        else:
            self._listener.heard(getattr(asked, self._part), key, near=self._part == "cookies")

    def __getitem__(self, key: str) -> Any:
        self._note(key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        self._note(key)
        return super().__contains__(key)

    def get(self, key: str, default: Any = None) -> Any:
        self._note(key)
        return super().get(key, default)

    def pop(self, key: str, *default: Any) -> Any:
        self._note(key)
        return super().pop(key, *default)

    def __reduce__(self) -> tuple[type[dict[str, Any]], tuple[dict[str, Any]]]:
        return dict, (dict(self),)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Make the containers of requests, forms, serializers and queries tell what is asked of them."""
    with ExitStack() as stack:
        for owner, given in _changes(listener):
            stack.enter_context(replaced(owner, **given))
        yield


def _changes(listener: Listener) -> Iterator[tuple[Any, dict[str, Any]]]:
    def asking(method: Any) -> Any:
        def asked_for(self: Any, key: Any, *arguments: Any, **named: Any) -> Any:
            if (asked := listener.asked) is not None:
                _, names = asked.containers.setdefault(id(self), (self, {}))
                listener.heard(names, key)
            return method(self, key, *arguments, **named)

        return asked_for

    names = ("__getitem__", "get", "getlist", "pop")
    yield (
        MultiValueDict,
        {name: asking(getattr(MultiValueDict, name)) for name in names} | {"__contains__": asking(dict.__contains__)},
    )

    header = HttpHeaders.__getitem__

    def header_asked(self: Any, key: str) -> Any:
        if listener.asked is not None:
            listener.heard(listener.asked.headers, key.replace("_", "-").title(), near=True)
        return header(self, key)

    yield HttpHeaders, {"__getitem__": header_asked}

    parse_cookie = wsgi.parse_cookie
    yield wsgi, {"parse_cookie": lambda text: AskedDict(parse_cookie(text), listener, "cookies")}

    loads = json.loads

    def loaded(text: Any, *arguments: Any, **named: Any) -> Any:
        given = text.encode() if isinstance(text, str) else bytes(text) if isinstance(text, bytes | bytearray) else b""
        if listener.asked is None or given != listener.body:
            return loads(text, *arguments, **named)
        listener.asked.reads_json = True
        read = loads(text, *arguments, **named)
        return AskedDict(read, listener, "json") if type(read) is dict else read

    yield json, {"loads": loaded}

    yield BaseForm, {"__init__": _noting(BaseForm.__init__, listener, "forms")}
    if "rest_framework.serializers" in sys.modules:
        from rest_framework.serializers import BaseSerializer

        yield BaseSerializer, {"__init__": _noting(BaseSerializer.__init__, listener, "serializers")}

    build = Query.build_lookup

    def looked_up(self: Any, lookups: Any, lhs: Any, rhs: Any) -> Any:
        target = getattr(lhs, "target", None)
        if listener.asked is not None and target is not None:
            several = isinstance(rhs, list | tuple | set | frozenset)
            for wanted in islice(rhs, _MOST_WANTED) if several else [rhs]:
                if isinstance(wanted, str | int | UUID):
                    listener.asked.lookups.append((target, (lookups or ["exact"])[-1], wanted))
        return build(self, lookups, lhs, rhs)

    yield Query, {"build_lookup": looked_up}


def _noting(method: Any, listener: Listener, kind: str) -> Any:
    def made(self: Any, *arguments: Any, **named: Any) -> None:
        if listener.asked is not None:
            getattr(listener.asked, kind).append(self)
        method(self, *arguments, **named)

    return made
