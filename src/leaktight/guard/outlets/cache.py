"""Server-side caches: what holds a value that must not lie there is not stored, whoever wants to store it."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

from django.core.cache import CacheHandler, caches

from leaktight.guard.conf import Mode, configuration
from leaktight.guard.fingerprint import fingerprint
from leaktight.guard.incidents import Incident, tell
from leaktight.guard.values.deep import first_hit, unpack
from leaktight.guard.values.registry import current
from leaktight.guard.values.search import Hit, Search
from leaktight.policy import Channel

_classes: dict[Any, Any] = {}
_original: list[Callable[..., Any]] = []


def install() -> None:
    """Look at everything that goes into a cache of `CACHES`, those in use included."""
    if _original:
        return
    _original.append(CacheHandler.create_connection)

    def create_connection(self: CacheHandler, alias: str) -> Any:
        return _guarded(_original[0](self, alias))

    CacheHandler.create_connection = create_connection
    for used in caches.all(initialized_only=True):
        _guarded(used)


def remove() -> None:
    """Leave caches to themselves again."""
    if _original:
        CacheHandler.create_connection = _original.pop()
    for used in caches.all(initialized_only=True):
        if hasattr(type(used), "_leaktight_base"):
            used.__class__ = type(used)._leaktight_base  # noqa: SLF001 - our own


def _guarded(backend: Any) -> Any:
    """Give a backend the guarded form of its own class."""
    if not hasattr(type(backend), "_leaktight_base"):
        backend.__class__ = _guarded_class(type(backend))
    return backend


def _guarded_class(base: Any) -> Any:
    """Make a class of a backend that asks before it stores. Every other way to store of Django's caches ends in one of these."""
    if base in _classes:
        return _classes[base]

    class Guarded(base):
        _leaktight_base = base

        def set(self, key: Any, value: Any, *arguments: Any, **named: Any) -> Any:
            return None if is_vetoed(key, value) else super().set(key, value, *arguments, **named)

        def add(self, key: Any, value: Any, *arguments: Any, **named: Any) -> Any:
            return False if is_vetoed(key, value) else super().add(key, value, *arguments, **named)

        def set_many(self, data: Any, *arguments: Any, **named: Any) -> Any:
            kept = {key: value for key, value in data.items() if not is_vetoed(key, value)}
            return super().set_many(kept, *arguments, **named) if kept else []

    Guarded.__name__ = Guarded.__qualname__ = base.__name__
    _classes[base] = Guarded
    return Guarded


def is_vetoed(key: Any, value: Any) -> bool:
    """Tell whether something must not be stored, under this key or at all, and tell the site."""
    search = current().search(Channel.CACHE)
    if not search:
        return False
    hit = first_hit(search, str(key)) or _hit_in(search, value)
    if hit is None:
        return False
    mode = configuration().mode(Channel.CACHE)
    tell(Incident(Channel.CACHE, hit.label, hit.name, mode, fingerprint(hit.value), hit.form))
    return mode is not Mode.REPORT


def _hit_in(search: Search, value: Any) -> Hit | None:
    if isinstance(value, int | float):
        return first_hit(search, str(value))
    try:
        data = value if isinstance(value, bytes) else pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    except Exception:  # noqa: BLE001 - whatever it is, the cache could hardly store it either
        return None
    hits = search.hits_in_bytes(data) or search.hits_in_bytes(unpack(data) or b"")
    return hits[0] if hits else first_hit(search, data.decode("latin-1"), 1)
