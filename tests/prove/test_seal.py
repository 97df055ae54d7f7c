"""The seal: a project that is proved reaches no other host, not even while it is imported."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SETTINGS = """
import socket
SECRET_KEY = "only-for-this-test"
ROOT_URLCONF = "urls"
ALLOWED_HOSTS = ["*"]
try:
    socket.create_connection(("127.0.0.1", {port}), timeout=60).close()
except OSError:
    pass
"""
CONNECT = "import socket; socket.create_connection(('127.0.0.1', {port}), timeout=60).close()"
SEALED = "from leaktight.prove.project.seal import seal, open_for_databases; seal(); {more}"


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.5)
        yield listening


def _port(server: socket.socket) -> int:
    return int(server.getsockname()[1])


def _was_asked(server: socket.socket) -> bool:
    try:
        server.accept()[0].close()
    except TimeoutError:
        return False
    return True


def _run(code: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=cwd)


def test_connections_are_refused_whoever_asks(server: socket.socket) -> None:
    connect = CONNECT.format(port=_port(server))
    assert _run(connect).returncode == 0
    assert _was_asked(server)
    done = _run(SEALED.format(more=connect))
    assert "lets nothing out" in done.stderr
    assert not _was_asked(server)


def test_datagrams_and_questions_for_addresses_are_refused(server: socket.socket) -> None:
    send = "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 9))"
    assert _run(send).returncode == 0
    assert "lets nothing out" in _run(SEALED.format(more=send)).stderr
    assert "lets nothing out" in _run(SEALED.format(more="import socket; socket.getaddrinfo('host.example', 80)")).stderr
    assert _run(SEALED.format(more="import socket; socket.getaddrinfo('localhost', 80)")).returncode == 0


def test_what_stays_inside_the_process_is_let_be() -> None:
    assert _run(SEALED.format(more="import asyncio, socket; socket.socketpair(); asyncio.run(asyncio.sleep(0))")).returncode == 0


def test_its_own_database_may_be_reached(server: socket.socket) -> None:
    connect = CONNECT.format(port=_port(server))
    done = _run(SEALED.format(more=f"open_for_databases([{{'HOST': '127.0.0.1'}}]); {connect}"))
    assert done.returncode == 0, done.stderr
    assert _was_asked(server)


def test_a_project_is_sealed_before_its_first_line_runs(server: socket.socket, tmp_path: Path) -> None:
    (tmp_path / "settings.py").write_text(SETTINGS.format(port=_port(server)))
    (tmp_path / "urls.py").write_text("urlpatterns = []\n")
    assert _run("import settings", tmp_path).returncode == 0
    assert _was_asked(server)
    job = tmp_path / "job.json"
    job.write_text(json.dumps({"folder": str(tmp_path), "root": str(tmp_path), "requests": 5, "seconds": 300.0}))
    code = f"import os; os.environ['DJANGO_SETTINGS_MODULE'] = 'settings'; from leaktight.prove.child import main; main({str(job)!r})"
    done = _run(code)
    assert "proof" in json.loads((tmp_path / "outcome.json").read_text()), done.stderr
    assert not _was_asked(server)


def test_what_is_written_while_it_starts_is_told(tmp_path: Path) -> None:
    code = (
        "import os, sqlite3\nfrom leaktight.prove.project.seal import seal, written_so_far\nseal()\n"
        "open('kept.log', 'w').close()\nopen('kept.log').close()\nos.close(os.open('flags.bin', os.O_CREAT | os.O_WRONLY))\n"
        "sqlite3.connect('tasks.sqlite3').close()\nsqlite3.connect(':memory:').close()\nopen(os.devnull, 'w').close()\n"
        "assert written_so_far() == ['flags.bin', 'kept.log', 'tasks.sqlite3'], written_so_far\n"
        "open('later.log', 'w').close()\nassert written_so_far() == []\n"
    )
    done = _run(code, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
