"""Sessions: what is kept of them on the server, as somebody with a copy of the store would read it."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase

from leaktight.policy import Channel, Safeguard
from leaktight.prove.project.observers.patching import replaced
from leaktight.prove.project.watch import Watch

_SIGNED_COOKIES = "django.contrib.sessions.backends.signed_cookies"


@contextmanager
def observe(watch: Watch) -> Iterator[None]:
    """Note what is put into sessions and from where, and read the store after each save."""
    put: dict[str, Any] = {}
    set_item = SessionBase.__setitem__
    store = importlib.import_module(settings.SESSION_ENGINE).SessionStore
    save = store.save

    def __setitem__(self: Any, key: str, value: Any) -> None:  # noqa: N807 - it takes the place of one
        if watch.is_open and (place := watch.code.here()) is not None:
            put[key] = place
        set_item(self, key, value)

    def saved(self: Any, *arguments: Any, **named: Any) -> Any:
        done = save(self, *arguments, **named)
        if watch.is_open and settings.SESSION_ENGINE != _SIGNED_COOKIES:
            for key, value in _kept(self).items():
                place = put.get(key) or watch.code.here()
                watch.saw(Channel.SESSION, value, f"session key {key}", place=place, met=frozenset({Safeguard.SERVER_SIDE}))
        return done

    with replaced(SessionBase, __setitem__=__setitem__), replaced(store, save=saved):
        yield


def _kept(session: Any) -> dict[str, str]:
    """Return what can be read of a session in its store: nothing, if what is written there is sealed."""
    data = dict(session.items())
    written = session.encode(data)
    readable = type(session).encode is SessionBase.encode
    return {str(key): repr(value) for key, value in data.items()} if readable else {"": written}
