"""Somebody who can write to the store of the vault: changes records, swaps them, and puts old ones back."""

from __future__ import annotations

import random
from importlib import import_module
from typing import Any

from django.conf import settings
from django.core.cache import caches
from django.test import RequestFactory

from leaktight.guard.keys import place_of
from leaktight.guard.models import VaultEntry
from leaktight.guard.vault import Vault
from leaktight.guard.vault.stores import CacheStore


class Store:
    """What such a person can do with either store: read a record with all that belongs to it, and write it."""

    def __init__(self) -> None:
        self._is_table = settings.LEAKTIGHT.get("VAULT", "database") == "database"

    def read(self, handle: str) -> dict[str, Any]:
        place = place_of(handle)
        if self._is_table:
            return dict(VaultEntry.objects.filter(place=place).values("place", "sealed", "reads", "expires").get())
        reads, sealed = caches["default"].get(CacheStore._name(place))
        return {"place": place, "sealed": sealed, "reads": reads}

    def write(self, record: dict[str, Any], handle: str) -> None:
        place = place_of(handle)
        if self._is_table:
            VaultEntry.objects.update_or_create(place=place, defaults={**record, "place": place})
            return
        caches["default"].set(CacheStore._name(place), (record["reads"], bytes(record["sealed"])), 300)
        caches["default"].set_many(dict.fromkeys(CacheStore._tickets(place, record["reads"]), 1), 300)


def vault() -> Vault:
    """The vault of a new session."""
    request = RequestFactory().get("/")
    request.session = import_module(settings.SESSION_ENGINE).SessionStore()
    return Vault(request)


def accepted(attempts: int) -> int:
    """Try so many times, always in the same way, and return how often something came out that must not."""
    chance, store = random.Random("tampering"), Store()
    mine, theirs = vault(), vault()
    wrong = 0
    for number in range(attempts):
        if number % 500 == 0:
            mine, theirs = vault(), vault()
        handle = mine.put(f"value {number}", reads=1 + number % 2)
        record = store.read(handle)
        sealed = bytearray(record["sealed"])
        match number % 6:
            case 0:
                sealed[chance.randrange(len(sealed))] ^= 1 + chance.randrange(255)
                store.write({**record, "sealed": bytes(sealed)}, handle)
            case 1:
                del sealed[chance.randrange(len(sealed))]
                store.write({**record, "sealed": bytes(sealed)}, handle)
            case 2:  # a record of the same session under another handle
                other = mine.put("another value")
                store.write({**store.read(other), "reads": record["reads"]}, handle)
                mine.drop(other)
            case 3:  # a record of another session
                other = theirs.put("the value of somebody else")
                store.write({**store.read(other), "reads": record["reads"]}, handle)
                theirs.drop(other)
            case 4:  # the same record again, when it has been read as often as it may
                read = [mine.get(handle) for _ in range(record["reads"])]
                assert None not in read
                store.write(record, handle)
            case _:  # more reads than it was given
                store.write({**record, "reads": 5}, handle)
                read = [mine.get(handle) for _ in range(record["reads"])]
                assert None not in read
        found = mine.get(handle)
        wrong += found is not None
        mine.drop(handle)
    return wrong
