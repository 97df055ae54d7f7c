"""On real servers: of racing readers exactly one gets a one-time value, and sessions survive new keys."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .servers import HOST, postgres, redis

pytestmark = pytest.mark.xdist_group("live")
LOCMEM = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}


@pytest.fixture(params=["sqlite", "postgres", "redis"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[dict[str, Any]]:
    sqlite = {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(tmp_path / "site.sqlite3"),
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20},
    }
    match request.param:
        case "sqlite":
            yield {"database": sqlite, "caching": LOCMEM, "vault": "database", "engine": "leaktight.guard.sessions.db"}
        case "postgres":
            with postgres(tmp_path) as port:
                database = {
                    "ENGINE": "django.db.backends.postgresql",
                    "NAME": "postgres",
                    "USER": "site",
                    "HOST": HOST,
                    "PORT": port,
                }
                yield {
                    "database": database,
                    "caching": LOCMEM,
                    "vault": "database",
                    "engine": "leaktight.guard.sessions.cached_db",
                }
        case _:
            with redis(tmp_path) as port:
                caching = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": f"redis://{HOST}:{port}/0"}
                yield {
                    "database": sqlite,
                    "caching": caching,
                    "vault": "cache:default",
                    "engine": "leaktight.guard.sessions.cache",
                }


def test_one_of_the_racing_readers_wins_and_sessions_survive_new_keys(store: dict[str, Any]) -> None:
    script = Path(__file__).with_name("racing.py")
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    done = subprocess.run(
        [sys.executable, "-B", str(script), json.dumps({**store, "rounds": 40})],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    outcome = json.loads(done.stdout.splitlines()[-1])
    assert outcome == {"winners": [1] * 40, "wrong": 0, "kept": ["kept"] * 3}
