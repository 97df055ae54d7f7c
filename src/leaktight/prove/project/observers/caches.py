"""Caches: what is put into them; they are in memory for the time being, and forgotten afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.cache.backends.locmem import LocMemCache

from leaktight.policy import Channel, Safeguard
from leaktight.prove.project.observers.patching import replaced
from leaktight.prove.project.watch import Watch


@contextmanager
def observe(watch: Watch) -> Iterator[None]:
    """Read what has really been kept, whatever stood between the project and the cache."""
    keep = LocMemCache._set  # noqa: SLF001 - `set`, `add`, `set_many` and `get_or_set` all end here

    def kept(self: Any, key: str, value: Any, *arguments: Any, **named: Any) -> None:
        is_session = "contrib.sessions" in key
        channel = Channel.SESSION if is_session else Channel.CACHE
        met = frozenset({Safeguard.SERVER_SIDE}) if is_session else frozenset()
        data = value if isinstance(value, bytes) else repr(value).encode()
        watch.saw(channel, data, "a cache entry", met=met)
        watch.saw(channel, key, "the key of a cache entry", met=met)
        keep(self, key, value, *arguments, **named)

    with replaced(LocMemCache, _set=kept):
        yield
