"""Projects with a history, and the command line run in this process."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from leaktight.cli import main

Git = Callable[..., str]


@pytest.fixture
def leaktight(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Return a function that runs a command in this process and gives exit status, standard output and standard error."""

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        status = main([*map(str, arguments)])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run


@pytest.fixture
def git(tmp_path: Path) -> Git:
    """Return a function that runs git in the project's folder, with a name and without anybody's configuration."""

    def run(*words: str) -> str:
        settings = [
            "-c",
            "user.name=a",
            "-c",
            "user.email=a@example.org",
            "-c",
            "init.defaultBranch=main",
            "-c",
            "commit.gpgsign=false",
        ]
        return subprocess.run(
            ["git", *settings, *words], cwd=tmp_path / "project", check=True, capture_output=True, text=True
        ).stdout

    return run
