"""What is kept is unreadable where it lies, opens for the one session it belongs to, and survives new keys."""

from __future__ import annotations

import asyncio
import random
import time
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.models import Session
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import OperationalError, connection
from django.test import Client, override_settings
from django.utils import timezone
from guardsite.exposure import holds, unpacked

from leaktight.guard.fingerprint import fingerprint
from leaktight.guard.incidents import leak_found
from leaktight.guard.keys import CannotOpen, open_sealed, seal

CANARY = "k7Qz-9fWx2LmP3~tY"
OLD, NEW, NEWER = (f"key-number-{number}-" + str(number) * 32 for number in (1, 2, 3))
ENGINES = ["db", "cache", "cached_db", "file"]

pytestmark = pytest.mark.django_db


def _engine(name: str, tmp_path: Path, *, ours: bool = True) -> Any:
    module = f"leaktight.guard.sessions.{name}" if ours else f"django.contrib.sessions.backends.{name}"
    return override_settings(
        SESSION_ENGINE=module,
        SESSION_FILE_PATH=str(tmp_path),
        CACHES={
            "default": {"BACKEND": "django.core.cache.backends.filebased.FileBasedCache", "LOCATION": str(tmp_path / "cache")}
        },
        LEAKTIGHT={"KEYS": [OLD]},
    )


def _store(key: str | None = None) -> Any:
    from django.conf import settings

    return import_module(settings.SESSION_ENGINE).SessionStore(key)


def _dump(tmp_path: Path) -> bytes:
    """Everything that is stored: the rows of the table and all files."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT session_key, session_data FROM django_session")
        rows = repr(cursor.fetchall()).encode()
    return rows + b"".join(file.name.encode() + file.read_bytes() for file in sorted(tmp_path.rglob("*")) if file.is_file())


@pytest.mark.parametrize("engine", ENGINES)
def test_a_session_is_unreadable_where_it_lies(engine: str, tmp_path: Path) -> None:
    for ours in (False, True):
        folder = tmp_path / str(ours)
        folder.mkdir()
        with _engine(engine, folder, ours=ours):
            store = _store()
            store["card"] = CANARY
            store.save()
            assert _store(store.session_key)["card"] == CANARY
            parts = (
                [_dump(folder)]
                if engine == "db"
                else [_dump(folder), *(f.read_bytes() for f in folder.rglob("*") if f.is_file())]
            )
            assert any(holds(unpacked(part), CANARY) for part in parts) is not ours
            assert (store.session_key.encode() in _dump(folder)) is (not ours and engine != "cache")
            store.delete()
            assert not _store(store.session_key).exists(store.session_key)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_life_of_a_session(engine: str, tmp_path: Path) -> None:
    with _engine(engine, tmp_path):
        store = _store()
        store["a"] = 1
        store.save()
        first = store.session_key
        store.cycle_key()
        store.save()
        assert store.session_key != first
        assert not store.exists(first)
        assert _store(store.session_key)["a"] == 1
        store.flush()
        assert _store(store.session_key).get("a") is None
        call_command("clearsessions")


def test_files_are_cleared_when_their_own_time_is_over(tmp_path: Path) -> None:
    """A session may live longer than the rest, as one that is remembered, or shorter; a file of before has no time of its own."""
    month, year = 30 * 86400, 365 * 86400
    with _engine("file", tmp_path), override_settings(SESSION_COOKIE_AGE=month):
        keys: dict[str, str] = {}
        for name, lasts in {
            "usual": None,
            "remembered": year,
            "short": 60,
            "until": timezone.now() + timedelta(days=300),
        }.items():
            store = _store()
            store["a"] = name
            if lasts is not None:
                store.set_expiry(lasts)
            store.save()
            keys[name] = store.session_key
        old = _store()
        old["a"] = "old"
        old.save()
        file = Path(old._key_to_file())
        file.write_text(file.read_text().partition(":")[0])

        def alive(days: float) -> set[str]:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr("time.time", lambda now=time.time: now() + days * 86400)
                call_command("clearsessions")
            kept = {name for name, key in keys.items() if _store(key).exists(key)}
            return kept | ({"old"} if file.exists() else set())

        assert alive(0) == {"usual", "remembered", "short", "until", "old"}
        assert _store(keys["remembered"])["a"] == "remembered"
        assert alive(1) == {"usual", "remembered", "until", "old"}
        assert alive(31) == {"remembered", "until"}
        assert alive(301) == {"remembered"}
        assert alive(366) == set()


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.django_db(transaction=True)
def test_the_async_life_of_a_session(engine: str, tmp_path: Path) -> None:
    async def live() -> None:
        store = _store()
        await store.aset("card", CANARY)
        await store.asave()
        again = _store(store.session_key)
        assert await again.aget("card") == CANARY
        assert await again.aexists(store.session_key)
        await again.acycle_key()
        await again.asave()
        assert await _store(again.session_key).aget("card") == CANARY
        await again.adelete()
        assert not await again.aexists(again.session_key)

    with _engine(engine, tmp_path):
        asyncio.run(live())


@pytest.mark.parametrize("engine", ["db", "cached_db"])
@pytest.mark.parametrize("is_ours", [False, True])
@pytest.mark.django_db(transaction=True)
def test_a_database_that_does_not_answer_is_no_deleted_session(
    engine: str, is_ours: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Django says of both that the session was deleted, which a visitor is told as a fault of theirs (400)."""

    def fail(*_: Any, **__: Any) -> None:
        raise OperationalError("away")

    with _engine(engine, tmp_path, ours=bool(is_ours)):
        store = _store()
        store["card"] = CANARY
        store.save()
        with monkeypatch.context() as patched:
            patched.setattr(Session, "save", fail)
            for save in (store.save, lambda: asyncio.run(store.asave())):
                with pytest.raises(OperationalError if is_ours else UpdateError):
                    save()
        store.save()
        assert _store(store.session_key)["card"] == CANARY
        Session.objects.all().delete()
        for save in (store.save, lambda: asyncio.run(store.asave())):
            with pytest.raises(UpdateError):
                save()


@pytest.mark.parametrize("engine", ENGINES)
def test_new_keys_sign_nobody_out(engine: str, tmp_path: Path) -> None:
    with _engine(engine, tmp_path):
        client = Client()
        for keys in ([OLD], [NEW, OLD], [NEWER, NEW, OLD], [NEWER]):
            with override_settings(LEAKTIGHT={"KEYS": keys}):
                last = int(client.get("/visit/", secure=True).content)
        assert last == 4
        with override_settings(LEAKTIGHT={"KEYS": [OLD]}):
            assert int(client.get("/visit/", secure=True).content) == 1


def test_a_row_that_was_changed_or_swapped_is_an_empty_session(tmp_path: Path) -> None:
    heard: list[Any] = []

    def listen(incident: Any, **_: Any) -> None:
        heard.append(str(incident.channel))

    with _engine("db", tmp_path):
        mine, theirs = _store(), _store()
        mine["who"], theirs["who"] = "me", "them"
        mine.save()
        theirs.save()
        one, other = Session.objects.order_by("session_key")
        one.session_data, other.session_data = other.session_data, one.session_data
        one.save()
        other.save()
        leak_found.connect(listen)
        try:
            assert _store(mine.session_key).get("who") is None
            assert _store(theirs.session_key).get("who") is None
            Session.objects.update(session_data="not sealed at all")
            assert _store(mine.session_key).get("who") is None
        finally:
            leak_found.disconnect(listen)
    assert heard == ["session"] * 3


def test_without_a_key_nothing_is_kept(tmp_path: Path) -> None:
    with _engine("db", tmp_path), override_settings(LEAKTIGHT={}):
        store = _store()
        store["a"] = 1
        with pytest.raises(ImproperlyConfigured, match="KEYS"):
            store.save()
    with override_settings(LEAKTIGHT={"KEYS": ["short"]}), pytest.raises(ImproperlyConfigured, match="shorter than 32"):
        seal(b"x", "p", "q")


@override_settings(LEAKTIGHT={"KEYS": [NEW, OLD]})
def test_nothing_that_was_tampered_with_opens() -> None:
    sealed = seal(CANARY.encode(), "session", "place")
    assert open_sealed(sealed, "session", "place") == (CANARY.encode(), False)
    assert not holds(sealed, CANARY)
    accepted, chance = 0, random.Random("tampering")
    for attempt in range(20_000):
        bad = bytearray(sealed)
        match attempt % 4:
            case 0:
                bad[chance.randrange(len(bad))] ^= 1 + chance.randrange(255)
            case 1:
                del bad[chance.randrange(len(bad))]
            case 2:
                bad.insert(chance.randrange(len(bad)), chance.randrange(256))
            case _:
                bad = bad[: chance.randrange(len(bad))]
        try:
            open_sealed(bytes(bad), "session", "place")
            accepted += bytes(bad) != sealed
        except CannotOpen:
            continue
    assert accepted == 0
    for purpose, place in [("vault", "place"), ("session", "plac"), ("session", "place\0"), ("sessio", "nplace")]:
        with pytest.raises(CannotOpen):
            open_sealed(sealed, purpose, place)
    with override_settings(LEAKTIGHT={"KEYS": [OLD]}):
        old = seal(b"x", "p", "q")
    assert open_sealed(old, "p", "q").is_stale


def test_fingerprints_are_keyed() -> None:
    with override_settings(LEAKTIGHT={"KEYS": [OLD]}):
        one = fingerprint("4711")
        assert one == fingerprint("4711") != fingerprint("4712")
    with override_settings(LEAKTIGHT={"KEYS": [NEW]}):
        assert fingerprint("4711") != one
    assert len(one) == 16


# -- the flow of the article -------------------------------------------------------------------


def test_a_secret_is_posted_redirected_and_shown_once() -> None:
    client, other = Client(), Client()
    posted = client.post("/keep/", {"combination": CANARY}, secure=True)
    assert posted.status_code == 303
    page = posted.headers["Location"]
    assert not holds(page, CANARY)
    asked = client.get(page, secure=True)
    assert not holds(asked.content, CANARY)
    assert client.get(page, secure=True).content.count(b"<button") == 1
    assert other.post(page, secure=True).status_code == 410
    shown = client.post(page, secure=True)
    assert CANARY.encode() in shown.content
    assert "no-store" in shown.headers["Cache-Control"]
    assert shown.headers["Referrer-Policy"] == "no-referrer"
    again = client.post(page, secure=True)
    assert again.status_code == 410
    assert not holds(again.content, CANARY)


def test_the_page_wants_a_csrf_token() -> None:
    client = Client(enforce_csrf_checks=True)
    client.get("/visit/", secure=True)
    page = Client().post("/keep/", {"combination": CANARY}, secure=True).headers["Location"]
    assert client.post(page, secure=True).status_code == 403
