"""Shared by all tests: small projects from text, the command line as a subprocess, no network."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from literate import write_project

from leaktight.model.slips import DEBUG

ROOT = Path(__file__).parents[1]
os.environ[DEBUG] = "1"  # a mistake of ours fails the test; a user gets a gap

# How long an example takes says how busy the machine is; and what was green once stays green: other examples are a search, no check.
_CALM = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]
settings.register_profile("same", deadline=None, derandomize=True, database=None, suppress_health_check=_CALM)
settings.register_profile("search", deadline=None, suppress_health_check=_CALM)
settings.load_profile("same")  # `pytest --hypothesis-profile search` tries others, new ones each time


SPEAKING = tuple(Path(__file__).parent / name for name in ("guard", "prove"))
"""Their tests speak to servers of their own on this machine."""


@pytest.fixture(autouse=True)
def no_network(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A scan never reaches a network, and neither does a test; those of the guard and of proofs reach this machine only."""
    connect = socket.socket.connect
    may_speak = any(request.path.is_relative_to(folder) for folder in SPEAKING)

    def refuse(self: socket.socket, address: Any) -> Any:
        if may_speak and (isinstance(address, str) or address[0] in {"127.0.0.1", "::1"}):
            return connect(self, address)
        raise AssertionError("a test opened a network connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.fixture(scope="session")
def caches(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a folder for the caches of tests."""
    return tmp_path_factory.mktemp("caches")


@pytest.fixture(autouse=True)
def own_cache(caches: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give each test a cache of its own, which is not there yet, and leave the user's alone."""
    folder = caches / uuid.uuid4().hex
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Callable[[dict[str, str]], Path]:
    """Return a function that writes a project from path → text and returns its folder."""
    return lambda texts: write_project(texts, tmp_path / "project")


@pytest.fixture
def run_leaktight() -> Callable[..., subprocess.CompletedProcess[bytes]]:
    """Return a function that runs the command line in a process of its own."""

    def run(
        *arguments: str | Path, cwd: Path = ROOT, timeout: float = 600, **environment: str
    ) -> subprocess.CompletedProcess[bytes]:
        command = [sys.executable, "-m", "leaktight", *map(str, arguments)]
        return subprocess.run(
            command,
            cwd=cwd,
            env=os.environ | environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout,
            check=False,
        )

    return run
