"""Stores that are killed in the middle of a request, full, or away: nothing is shown or lost, somebody is told, and it goes on by itself."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from guardsite.exposure import holds

from .servers import HOST, cluster, free_port, program, running

pytestmark = pytest.mark.xdist_group("live")
LOCMEM = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
CANARY = "k7Qz-9fWx2LmP3~tY"


class Site:
    """A guarded site in a process of its own."""

    def __init__(self, **given: Any) -> None:
        environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed with the site
        self._process = subprocess.Popen(
            [sys.executable, "-B", str(Path(__file__).with_name("faulty.py")), json.dumps(given)],
            env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors, text=True,
        )  # fmt: skip
        self.answered()

    def answered(self) -> Any:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            self._errors.seek(0)
            raise AssertionError(self._errors.read())
        return json.loads(line)

    def say(self, **wanted: Any) -> None:
        assert self._process.stdin
        self._process.stdin.write(json.dumps(wanted) + "\n")
        self._process.stdin.flush()

    def ask(self, method: str, address: str, **data: str) -> Any:
        self.say(method=method, address=address, data=data)
        return self.answered()

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()
        self._errors.close()


class Server:
    """A server of a store that can be killed and started again with what it held."""

    def __init__(self, command: list[str], port: int, folder: Path, options: dict[str, Any]) -> None:
        self._given = command, port, folder
        self._options = options
        self._stack = contextlib.ExitStack()

    def start(self) -> None:
        self._process = self._stack.enter_context(running(*self._given, **self._options))

    def kill(self) -> None:
        helpers = _children(self._process.pid)  # those of PostgreSQL answer for a moment longer than what started them
        self._process.kill()
        self._process.wait()
        for helper in helpers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(helper, signal.SIGKILL)
        while any(_runs(helper) for helper in helpers):
            time.sleep(0.01)
        self._stack.close()

    close = kill


def _children(process: int) -> list[int]:
    told = Path(f"/proc/{process}/task/{process}/children")
    return [int(child) for child in told.read_text().split()] if told.exists() else []


def _runs(process: int) -> bool:
    """Tell whether a process still does anything; whoever it now belongs to may never ask how it ended."""
    try:
        status = Path(f"/proc/{process}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] not in {"Z", "X"}


@contextlib.contextmanager
def _redis(folder: Path) -> Iterator[tuple[Server, dict[str, Any]]]:
    port = free_port()
    command = [program("redis-server"), "--port", str(port), "--bind", HOST, "--dir", str(folder), "--save", ""]
    server = Server([*command, "--appendonly", "yes", "--appendfsync", "always"], port, folder, {})
    sqlite = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(folder / "site.sqlite3")}
    caching = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": f"redis://{HOST}:{port}/0"}
    with contextlib.closing(server):
        server.start()
        yield (
            server,
            {"database": sqlite, "caching": caching, "vault": "cache:default", "engine": "leaktight.guard.sessions.cache"},
        )


@contextlib.contextmanager
def _postgres(folder: Path) -> Iterator[tuple[Server, dict[str, Any]]]:
    port = free_port()
    database = {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "postgres",
        "USER": "site",
        "HOST": HOST,
        "PORT": port,
        "CONN_MAX_AGE": 60,
    }
    with cluster(port) as (command, options), contextlib.closing(Server(command, port, folder, options)) as server:
        server.start()
        yield server, {"database": database, "caching": LOCMEM, "vault": "database", "engine": "leaktight.guard.sessions.db"}


@pytest.mark.parametrize("store", [_redis, _postgres], ids=["redis", "postgres"])
def test_a_server_that_is_killed_in_the_middle_of_a_request(store: Any, tmp_path: Path) -> None:
    with store(tmp_path) as (server, given), contextlib.closing(Site(**given)) as site:
        assert site.ask("get", "/visit/")["body"] == "1"
        page = site.ask("post", "/keep/", password=CANARY)["location"]
        assert site.ask("get", page)["status"] == 200
        site.say(method="post", address="/slowly/", data={"password": CANARY})
        assert site.answered() == {"waiting": True}
        server.kill()
        site.say()
        during = [site.answered(), site.ask("get", page), site.ask("post", page), site.ask("get", "/visit/")]
        assert all(answer["status"] in {500, 503} for answer in during), during
        assert not any(answer["signed_out"] for answer in during)
        assert not any(holds(json.dumps(answer), CANARY) for answer in during)
        assert "store does not answer" in during[0]["incidents"]
        server.start()
        until = time.monotonic() + 300  # a server that was killed looks through its log before it answers
        while (answer := site.ask("get", "/visit/"))["status"] != 200 and time.monotonic() < until:
            time.sleep(0.1)
        assert answer["body"] == "2"  # nobody was signed out
        assert CANARY in site.ask("post", page)["body"]  # and the secret was not used up
        assert site.ask("post", page)["status"] == 410


def test_a_full_disk(tmp_path: Path) -> None:
    sqlite = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(tmp_path / "site.sqlite3")}
    given = {"database": sqlite, "caching": LOCMEM, "vault": "database", "engine": "leaktight.guard.sessions.db"}
    with contextlib.closing(Site(**{**given, "database": {**sqlite, "CONN_MAX_AGE": 600}})) as site:
        assert site.ask("get", "/visit/")["body"] == "1"
        page = site.ask("post", "/keep/", password=CANARY)["location"]
        site.say(statement="PRAGMA max_page_count = 1")  # SQLite says then what it says of a full disk
        site.answered()
        full = [site.ask("post", "/keep/", password=CANARY * 500) for _ in range(2)]
        assert [answer["status"] for answer in full] == [500, 500]
        assert "store does not answer" in full[0]["incidents"]
        assert not any(holds(answer["body"], CANARY) for answer in full)
        site.say(statement="PRAGMA max_page_count = 1000000")
        site.answered()
        assert site.ask("post", "/keep/", password=CANARY * 500)["status"] == 303
        assert site.ask("get", "/visit/")["body"] == "2"
        assert CANARY in site.ask("post", page)["body"]
