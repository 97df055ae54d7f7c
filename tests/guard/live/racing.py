"""Run by a test in a process of its own, for a store that several processes share: keeps values, races for them, changes keys."""

from __future__ import annotations

import json
import sys
import threading
import time
from importlib import import_module
from typing import Any

import django
from django.conf import settings
from django.test import RequestFactory, override_settings

KEYS = [f"key-number-{number}-" + str(number) * 32 for number in range(3)]
NEWER = [f"newer-key-{number}-" + str(number) * 32 for number in range(3)]


def start(site: dict[str, Any]) -> None:
    settings.configure(
        INSTALLED_APPS=["django.contrib.sessions", "leaktight.guard"],
        DATABASES={"default": site["database"]},
        CACHES={"default": site["caching"]},
        SESSION_ENGINE=site["engine"],
        SECRET_KEY="site-of-the-test-" + "k" * 40,
        USE_TZ=True,
        LEAKTIGHT={"KEYS": KEYS, "VAULT": site["vault"]},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    )
    django.setup()


def _session(key: str | None = None) -> Any:
    return import_module(settings.SESSION_ENGINE).SessionStore(key)


def _vault(session: Any) -> Any:
    from leaktight.guard.vault import Vault

    request = RequestFactory().get("/")
    request.session = session
    return Vault(request)


def prepare() -> dict[str, Any]:
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    return {}


def forget() -> dict[str, Any]:
    from django.contrib.sessions.models import Session

    return {"forgotten": Session.objects.all().delete()[0]}


def keep(values: list[str]) -> dict[str, Any]:
    """Keep values in a session and in the vault; return how to get them."""
    session = _session()
    session["card"] = values[0]
    vault = _vault(session)
    handles = [vault.put(value) for value in values]
    session.save()
    return {"session": session.session_key, "handles": handles}


def read(session: str, handles: list[str], at: float) -> dict[str, Any]:
    """Read values one by one at set moments, at which other processes read them, too."""
    got = []
    for number, handle in enumerate(handles):
        vault = _vault(_session(session))
        vault._request.session.get("card")  # loaded before the moment comes
        time.sleep(max(at + number * 0.03 - time.time(), 0))
        found = vault.get(handle)
        got.append(None if found is None else found.reveal())
    return {"got": got}


def race(rounds: int) -> dict[str, Any]:
    """Let threads race for values; return how many got each, and how often it was the wrong one."""
    from django.db import connections

    winners, wrong = [], 0
    for number in range(rounds):
        session = _session()
        handle = _vault(session).put(f"value-{number}")
        barrier, got = threading.Barrier(4), []

        def reader(session: Any = session, handle: str = handle, barrier: Any = barrier, got: list[str] = got) -> None:
            try:
                barrier.wait()
                found = _vault(session).get(handle)
                if found is not None:
                    got.append(found.reveal())
            finally:
                connections.close_all()

        threads = [threading.Thread(target=reader) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        winners.append(len(got))
        wrong += got != [f"value-{number}"]
    return {"winners": winners, "wrong": wrong}


def rotate() -> dict[str, Any]:
    """Put three new keys on the ring, one after the other, until none of the first ones is left; return what a session says each time."""
    session = _session()
    session["card"] = "kept"
    session.save()
    kept = []
    for keys in ([NEWER[0], *KEYS], [NEWER[1], NEWER[0], *KEYS], [NEWER[2], NEWER[1]], [NEWER[2]]):
        with override_settings(LEAKTIGHT={**settings.LEAKTIGHT, "KEYS": keys}):
            again = _session(session.session_key)
            kept.append(again.get("card"))
            again.save()
    with override_settings(LEAKTIGHT={**settings.LEAKTIGHT, "KEYS": KEYS}):
        kept.append(_session(session.session_key).get("card"))
    return {"kept": kept}


if __name__ == "__main__":
    wanted = json.loads(sys.argv[1])
    start(wanted["site"])
    actions = {each.__name__: each for each in (prepare, forget, keep, read, race, rotate)}
    sys.stdout.write("\n" + json.dumps(actions[wanted["action"]](**wanted["given"])))
