"""On real servers: of racing readers exactly one gets a one-time value, sessions survive new keys, and dumps hold nothing readable."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from guardsite.exposure import holds, unpacked
from redis import Redis

from .servers import HOST, postgres, program, redis

pytestmark = pytest.mark.xdist_group("live")
LOCMEM = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
CANARY = "k7Qz-9fWx2LmP3~tY"
RACERS, RACES = 3, 30


class Site:
    """A site whose processes share a store."""

    def __init__(self, caching: dict[str, Any], database: dict[str, Any], vault: str, engine: str, folder: Path) -> None:
        self.given = {"caching": caching, "database": database, "vault": vault, "engine": f"leaktight.guard.sessions.{engine}"}
        self.engine = engine
        self._folder = folder

    def process(self, action: str, *, engine: str | None = None, **given: Any) -> subprocess.Popen[str]:
        """Start a process of the site, of which `outcome` waits for the end."""
        site = {**self.given, "engine": engine or self.given["engine"]}
        environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
        command = [sys.executable, "-B", str(Path(__file__).with_name("racing.py"))]
        return subprocess.Popen(
            [*command, json.dumps({"site": site, "action": action, "given": given})],
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def run(self, action: str, **given: Any) -> Any:
        return outcome(self.process(action, **given))

    def dump(self) -> bytes:
        """Everything the stores hold."""
        texts = [file.name.encode() + b"\n" + file.read_bytes() for file in self._folder.glob("cache/*")]
        database = self.given["database"]
        if "postgres" in database["ENGINE"]:
            command = [program("pg_dump"), "-h", HOST, "-p", str(database["PORT"]), "-U", "site", "--data-only", "postgres"]
            texts.append(subprocess.run(command, capture_output=True, check=True).stdout)
        else:
            with sqlite3.connect(database["NAME"]) as connection:
                texts.append("\n".join(connection.iterdump()).encode())
        if "redis" in self.given["caching"]["BACKEND"].lower():
            server = Redis.from_url(self.given["caching"]["LOCATION"])
            texts += [key + b"\n" + server.get(key) for key in server.keys("*")]  # type: ignore[operator, union-attr]
            server.close()
        return b"\n".join(texts)


def outcome(process: subprocess.Popen[str]) -> Any:
    written, errors = process.communicate(timeout=600)
    assert process.returncode == 0, errors
    return json.loads(written.splitlines()[-1])


@pytest.fixture(params=["sqlite", "postgres", "redis", "files"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    sqlite = {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(tmp_path / "site.sqlite3"),
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 300},
    }
    match request.param:
        case "sqlite":
            yield Site(LOCMEM, sqlite, "database", "db", tmp_path)
        case "postgres":
            with postgres(tmp_path) as port:
                server = {
                    "ENGINE": "django.db.backends.postgresql",
                    "NAME": "postgres",
                    "USER": "site",
                    "HOST": HOST,
                    "PORT": port,
                }
                yield Site(LOCMEM, server, "database", "cached_db", tmp_path)
        case "redis":
            with redis(tmp_path) as port:
                caching = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": f"redis://{HOST}:{port}/0"}
                yield Site(caching, sqlite, "cache:default", "cache", tmp_path)
        case _:
            caching = {"BACKEND": "django.core.cache.backends.filebased.FileBasedCache", "LOCATION": str(tmp_path / "cache")}
            yield Site(caching, sqlite, "cache:default", "cache", tmp_path)


def test_one_of_the_racing_readers_wins_and_sessions_survive_new_keys(site: Site) -> None:
    site.run("prepare")
    assert site.run("race", rounds=40) == {"winners": [1] * 40, "wrong": 0}
    assert site.run("rotate") == {"kept": ["kept"] * 4 + [None]}
    values = [f"value-{number}" for number in range(RACES)]
    kept = site.run("keep", values=values)
    racers = [site.process("read", **kept, at=time.time() + 4) for _ in range(RACERS)]
    got = [outcome(each)["got"] for each in racers]
    assert [[each[number] for each in got if each[number] is not None] for number in range(RACES)] == [
        [value] for value in values
    ]


def test_a_dump_holds_nothing_readable(site: Site) -> None:
    site.run("prepare")
    site.run("keep", values=[CANARY], engine=f"django.contrib.sessions.backends.{site.engine}")
    assert holds(unpacked(site.dump()), CANARY)  # Django signs what it keeps, no more
    _forget(site)
    kept = site.run("keep", values=[CANARY])
    dump = site.dump()
    assert len(dump) > 100
    assert not holds(dump, CANARY)
    assert not holds(unpacked(dump), CANARY)
    assert kept["session"].encode() not in dump
    assert kept["handles"][0].encode() not in dump


def _forget(site: Site) -> None:
    for file in site._folder.glob("cache/*"):
        file.unlink()
    if "redis" in site.given["caching"]["BACKEND"].lower():
        with Redis.from_url(site.given["caching"]["LOCATION"]) as server:
            server.flushall()
    site.run("forget")
