"""Run by a test in a process of its own: readers race for one-time values in a store, and sessions live through new keys there."""

from __future__ import annotations

import json
import sys
import threading
from importlib import import_module
from typing import Any

import django
from django.conf import settings
from django.test import RequestFactory, override_settings

KEYS = [f"key-number-{number}-" + str(number) * 32 for number in range(3)]


def main(database: dict[str, Any], caching: dict[str, Any], vault: str, engine: str, rounds: int) -> None:
    settings.configure(
        INSTALLED_APPS=["django.contrib.sessions", "leaktight.guard"],
        DATABASES={"default": database},
        CACHES={"default": caching},
        SESSION_ENGINE=engine,
        USE_TZ=True,
        LEAKTIGHT={"KEYS": KEYS, "VAULT": vault},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    )
    django.setup()
    from django.core.management import call_command
    from django.db import connections

    from leaktight.guard.vault import Vault

    call_command("migrate", verbosity=0)
    winners, wrong = [], 0
    for number in range(rounds):
        request = RequestFactory().get("/")
        request.session = import_module(engine).SessionStore()
        handle = Vault(request).put(f"value-{number}")
        barrier, got = threading.Barrier(4), []

        def read(
            request: Any = request, handle: str = handle, barrier: threading.Barrier = barrier, got: list[str] = got
        ) -> None:
            try:
                barrier.wait()
                found = Vault(request).get(handle)
                if found is not None:
                    got.append(found.reveal())
            finally:
                connections.close_all()

        threads = [threading.Thread(target=read) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        winners.append(len(got))
        wrong += got != [f"value-{number}"]
    store = import_module(engine).SessionStore()
    store["card"] = "kept"
    store.save()
    kept = []
    for keys in (
        KEYS[:1] + KEYS[1:],
        ["a-newer-key-" + "n" * 32, *KEYS],
        ["the-newest-key-" + "m" * 32, "a-newer-key-" + "n" * 32, *KEYS],
    ):
        with override_settings(LEAKTIGHT={"KEYS": keys, "VAULT": vault}):
            again = import_module(engine).SessionStore(store.session_key)
            kept.append(again.get("card"))
            again.save()
    sys.stdout.write(json.dumps({"winners": winners, "wrong": wrong, "kept": kept}))


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
