"""The vault: a value is read as often as was said, by the session it belongs to, and no change of its record helps anybody."""

from __future__ import annotations

import asyncio
import pickle
import threading
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import caches
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings
from django.utils import timezone
from guardsite.exposure import holds
from guardsite.tampering import Store, accepted
from guardsite.tampering import vault as _vault

from leaktight.guard import Secret
from leaktight.guard.incidents import leak_found
from leaktight.guard.models import VaultEntry

CANARY = "k7Qz-9fWx2LmP3~tY"
OLD, NEW = (f"key-number-{number}-" + str(number) * 32 for number in (1, 2))

pytestmark = pytest.mark.django_db

STORES = ["database", "cache:default"]


@pytest.fixture(params=STORES)
def vault_store(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    caching = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": str(tmp_path)}}
    with override_settings(LEAKTIGHT={"KEYS": [OLD], "VAULT": request.param}, CACHES=caching):
        yield request.param


def test_a_value_is_read_once_by_its_session(vault_store: str) -> None:
    vault, other = _vault(), _vault()
    other.put("something else")
    handle = vault.put(Secret(CANARY), label="card")
    assert other.get(handle) is None
    assert not other.holds(handle)
    other.drop(handle)
    assert vault.holds(handle)
    secret = vault.get(handle)
    assert secret is not None
    assert (secret.reveal(), secret.label) == (CANARY, "card")
    assert vault.get(handle) is None
    assert not vault.holds(handle)


def test_a_value_is_read_as_often_as_was_said_and_dropped_on_demand(vault_store: str) -> None:
    vault = _vault()
    handle = vault.put(CANARY, reads=3)
    assert [vault.get(handle) is not None for _ in range(5)] == [True, True, True, False, False]
    handle = vault.put(CANARY)
    vault.drop(handle)
    assert vault.get(handle) is None
    with pytest.raises(ValueError, match="label of the policy"):
        vault.put(CANARY, label="colour")


def test_the_vault_survives_sign_in_and_new_keys(vault_store: str) -> None:
    vault = _vault()
    handle = vault.put(CANARY)
    vault._request.session.save()
    vault._request.session.cycle_key()
    with override_settings(LEAKTIGHT={"KEYS": [NEW, OLD], "VAULT": vault_store}):
        assert vault.get(handle) == CANARY


def test_nothing_in_the_vault_is_readable(vault_store: str) -> None:
    vault = _vault()
    handle = vault.put(CANARY)
    stored = repr(list(VaultEntry.objects.values())) + repr(pickle.dumps(getattr(caches["default"], "_cache", {})))
    assert stored
    assert not holds(stored, CANARY)
    assert handle not in stored


def test_a_value_whose_time_is_over_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    with override_settings(LEAKTIGHT={"KEYS": [OLD]}):
        vault = _vault()
        handle = vault.put(CANARY, ttl=60)
        later = timezone.now() + timezone.timedelta(seconds=61)
        monkeypatch.setattr(timezone, "now", lambda: later)
        assert vault.get(handle) is None
        for _ in range(64):
            vault.put("x", ttl=60)
        assert VaultEntry.objects.count() <= 64


@pytest.mark.parametrize("round_", range(5))
def test_one_of_two_racing_readers_gets_it_from_a_cache(round_: int, tmp_path: Path) -> None:
    caching = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": str(tmp_path)}}
    with override_settings(LEAKTIGHT={"KEYS": [OLD], "VAULT": "cache:default"}, CACHES=caching):
        vault = _vault()
        handle = vault.put(CANARY)
        barrier, got = threading.Barrier(8), []

        def read() -> None:
            barrier.wait()
            got.append(vault.get(handle) is not None)

        threads = [threading.Thread(target=read) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(got) == [False] * 7 + [True]


def test_records_that_were_changed_swapped_or_put_back_are_not_accepted(vault_store: str) -> None:
    """The whole hundred thousand: `bench/guard_counts.py`."""
    assert accepted(1_200) == 0


def test_what_is_not_accepted_is_told(vault_store: str) -> None:
    heard: list[tuple[str, str]] = []

    def listen(incident: Any, **_: Any) -> None:
        heard.append((str(incident.channel), incident.form))

    vault, store = _vault(), Store()
    handle = vault.put(CANARY)
    record = store.read(handle)
    leak_found.connect(listen)
    try:
        assert vault.get(handle) == CANARY
        assert vault.get(handle) is None  # simply gone
        assert heard == []
        store.write(record, handle)
        assert vault.get(handle) is None
        assert heard == [("session", "read before")]
        store.write({**record, "sealed": bytes(record["sealed"])[:-1]}, handle)
        assert not vault.holds(handle)
        assert heard[1:] == [("session", "cannot be opened")]
    finally:
        leak_found.disconnect(listen)


def test_nobody_can_put_off_the_end_of_a_record(monkeypatch: pytest.MonkeyPatch) -> None:
    with override_settings(LEAKTIGHT={"KEYS": [OLD]}):
        vault = _vault()
        handle = vault.put(CANARY, ttl=60)
        later = timezone.now() + timezone.timedelta(seconds=61)
        VaultEntry.objects.update(expires=later + timezone.timedelta(days=1))
        assert vault.holds(handle)
        monkeypatch.setattr(timezone, "now", lambda: later)
        assert not vault.holds(handle)
        assert vault.get(handle) is None


def test_reads_are_remembered_no_longer_than_needed(vault_store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    vault = _vault()
    for _ in range(100):
        vault.get(vault.put(CANARY))
    assert len(vault._request.session["_leaktight_vault_spent"]) <= 65
    later = timezone.now() + timezone.timedelta(seconds=400)
    monkeypatch.setattr(timezone, "now", lambda: later)
    if vault_store == "database":
        vault.get(vault.put(CANARY))
        assert len(vault._request.session["_leaktight_vault_spent"]) == 1


def test_nothing_stays_in_a_cache_after_the_last_read_or_a_drop(vault_store: str) -> None:
    vault = _vault()
    handle = vault.put(CANARY, reads=3)
    assert all(vault.get(handle) for _ in range(3))
    vault.drop(vault.put(CANARY, reads=3))
    assert not VaultEntry.objects.exists()
    assert not getattr(caches["default"], "_cache", {})


@pytest.mark.django_db(transaction=True)
def test_the_vault_in_async_code(vault_store: str) -> None:
    async def use() -> None:
        vault = _vault()
        handle = await vault.aput(CANARY)
        assert await vault.aholds(handle)
        assert await vault.aget(handle) == CANARY
        assert await vault.aget(handle) is None
        handle = await vault.aput(CANARY)
        await vault.adrop(handle)
        assert not await vault.aholds(handle)

    asyncio.run(use())


def test_a_clock_that_jumps(vault_store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forward, a value is over; back again, it is there, and still only once."""
    vault = _vault()
    handle = vault.put(CANARY, ttl=60)
    now = timezone.now()
    for jump in (3600, -86400):
        with monkeypatch.context() as clock:
            clock.setattr(timezone, "now", lambda jump=jump: now + timezone.timedelta(seconds=jump))
            assert vault.holds(handle) is (jump < 0)
    assert vault.get(handle) == CANARY
    assert vault.get(handle) is None


def test_a_key_that_is_missing_for_a_while(vault_store: str) -> None:
    vault = _vault()
    handle = vault.put(CANARY)
    with override_settings(LEAKTIGHT={"VAULT": vault_store}), pytest.raises(ImproperlyConfigured, match="KEYS"):
        vault.get(handle)
    with override_settings(LEAKTIGHT={"KEYS": [NEW], "VAULT": vault_store}):
        assert vault.get(handle) is None
    assert vault.get(handle) == CANARY
