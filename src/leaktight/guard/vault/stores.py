"""Where the vault keeps its sealed values: a table, or a cache that all processes share."""

from __future__ import annotations

import datetime
import itertools
from typing import Any, Protocol

from django.core.cache import caches
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from leaktight.guard.conf import configuration

_SWEPT_EVERY = 64
"""After so many values that came in, those whose time is over are removed."""


class Store(Protocol):
    """Keeps sealed values by place."""

    def put(self, place: str, sealed: bytes, reads: int, ttl: int) -> None:
        """Keep a value."""

    def peek(self, place: str) -> bytes | None:
        """Return a value that can still be read."""

    def take(self, place: str) -> bytes | None:
        """Use up one read and return the value; None when no read is left. One read goes to one taker only."""

    def drop(self, place: str) -> None:
        """Forget a value."""


class DatabaseStore:
    """Values in a table; the database decides who gets the last read."""

    _puts = itertools.count(1)

    def put(self, place: str, sealed: bytes, reads: int, ttl: int) -> None:
        """Keep a value, and now and then remove those that are over."""
        now = timezone.now()
        if next(self._puts) % _SWEPT_EVERY == 0:
            self._entries().filter(expires__lte=now).delete()
        self._entries().create(place=place, sealed=sealed, reads=reads, expires=now + datetime.timedelta(seconds=ttl))

    def peek(self, place: str) -> bytes | None:
        """Return a value that can still be read."""
        return self._sealed(place)

    def take(self, place: str) -> bytes | None:
        """Count down in one statement, which only one of two takers can do for the last read."""
        with transaction.atomic():
            entry = self._entries().filter(place=place, reads__gt=0, expires__gt=timezone.now())
            if not entry.update(reads=F("reads") - 1):
                return None
            kept = self._entries().filter(place=place).values_list("sealed", "reads").first()
            if kept is None:
                return None
            if kept[1] == 0:
                self._entries().filter(place=place).delete()
            return bytes(kept[0])

    def drop(self, place: str) -> None:
        """Forget a value."""
        self._entries().filter(place=place).delete()

    def _sealed(self, place: str) -> bytes | None:
        found = (
            self._entries().filter(place=place, reads__gt=0, expires__gt=timezone.now()).values_list("sealed", flat=True).first()
        )
        return None if found is None else bytes(found)

    @staticmethod
    def _entries() -> Any:
        from leaktight.guard.models import VaultEntry

        return VaultEntry.objects


class CacheStore:
    """Values in a cache, and a ticket for each read: who deletes a ticket has the read, and a cache says whether it deleted."""

    def __init__(self, alias: str) -> None:
        self._cache = caches[alias]

    def put(self, place: str, sealed: bytes, reads: int, ttl: int) -> None:
        """Keep a value and its tickets."""
        self._cache.set_many(dict.fromkeys(self._tickets(place, reads), 1), ttl)
        self._cache.set(self._name(place), (reads, sealed), ttl)

    def peek(self, place: str) -> bytes | None:
        """Return a value that can still be read."""
        kept = self._cache.get(self._name(place))
        if kept is None or not self._cache.get_many(self._tickets(place, kept[0])):
            return None
        return bytes(kept[1])

    def take(self, place: str) -> bytes | None:
        """Tear off a ticket and return the value."""
        kept = self._cache.get(self._name(place))
        tickets = [] if kept is None else self._tickets(place, kept[0])
        if not any(self._cache.delete(ticket) for ticket in tickets):
            return None
        if len(tickets) == 1 or not self._cache.get_many(tickets):
            self._cache.delete(self._name(place))
        return bytes(kept[1])

    def drop(self, place: str) -> None:
        """Forget a value and its tickets."""
        kept = self._cache.get(self._name(place))
        self._cache.delete_many([self._name(place), *([] if kept is None else self._tickets(place, kept[0]))])

    @staticmethod
    def _name(place: str) -> str:
        return f"leaktight-vault-{place}"

    @classmethod
    def _tickets(cls, place: str, reads: int) -> list[str]:
        return [f"{cls._name(place)}-{number}" for number in range(reads)]


def store() -> Store:
    """Return the store the settings choose."""
    chosen = configuration().vault
    return DatabaseStore() if chosen == "database" else CacheStore(chosen.removeprefix("cache:"))
