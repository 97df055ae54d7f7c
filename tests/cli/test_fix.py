"""`leaktight fix` as a user meets it: it shows, asks, writes, verifies, and ends with the right status."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

VIEWS = """\
import secrets

from django.shortcuts import redirect


def signed_in(request):
    handle = secrets.token_urlsafe(32)
    response = redirect("home")
    response.set_cookie("auth", handle, httponly=True, samesite="Lax")
    return response
"""
WANTED = VIEWS.replace('samesite="Lax")', 'samesite="Lax", secure=True)')
Run = Callable[..., subprocess.CompletedProcess[bytes]]


@pytest.fixture
def shop(project: Callable[[dict[str, str]], Path]) -> Path:
    return project({"shop/__init__.py": "", "shop/views.py": VIEWS})


def _text(shop: Path) -> str:
    return (shop / "shop/views.py").read_text()


@pytest.mark.parametrize("wish", ["--diff", "--check", None])
def test_nothing_is_written_unless_somebody_agrees(wish: str | None, shop: Path, run_leaktight: Run) -> None:
    done = run_leaktight("fix", shop, *([wish] if wish else []))
    assert done.returncode == (1 if wish != "--diff" else 0)
    assert b"+    response.set_cookie(" in done.stdout
    assert _text(shop) == VIEWS
    if wish is None:
        assert b"nobody to ask" in done.stderr


def test_yes_writes_and_the_status_is_that_of_the_repaired_project(shop: Path, run_leaktight: Run) -> None:
    assert run_leaktight("scan", shop).returncode == 1
    done = run_leaktight("fix", shop, "--yes")
    assert (done.returncode, b"1 fix made in 1 file" in done.stderr) == (0, True)
    assert _text(shop) == WANTED
    assert run_leaktight("scan", shop).returncode == 0


def test_a_command_that_fails_takes_the_fix_back(shop: Path, run_leaktight: Run) -> None:
    command = f"{sys.executable} -c \"import sys; sys.exit('secure=True' in open('shop/views.py').read())\""
    done = run_leaktight("fix", shop, "--yes", "--verify", command)
    assert _text(shop) == VIEWS
    assert b"taken back: cookie-without-secure" in done.stderr
    assert run_leaktight("fix", shop, "--yes", "--verify", f'{sys.executable} -c "pass"').returncode == 0
    assert _text(shop) == WANTED


def test_only_the_fix_that_breaks_the_command_is_taken_back(shop: Path, run_leaktight: Run) -> None:
    names = ["badge", "breaks", "cart", "desk", "entry"]
    for name in names:
        (shop / f"shop/{name}.py").write_text(VIEWS.replace("signed_in", name))
    command = f"{sys.executable} -c \"import sys; sys.exit('secure=True' in open('shop/breaks.py').read())\""
    done = run_leaktight("fix", shop, "--yes", "--verify", command)
    taken = [line for line in done.stderr.decode().splitlines() if line.startswith("taken back")]
    assert len(taken) == 1
    assert "cookie-without-secure at shop/breaks.py:9" in taken[0]
    assert b"5 fixes made in 5 files" in done.stderr
    assert done.returncode == 1
    secure = [name for name in [*names, "views"] if "secure=True" in (shop / f"shop/{name}.py").read_text()]
    assert secure == ["badge", "cart", "desk", "entry", "views"]


def test_a_command_that_fails_anyway_leaves_every_file_as_it_was(shop: Path, run_leaktight: Run) -> None:
    done = run_leaktight("fix", shop, "--yes", "--verify", f'{sys.executable} -c "import sys; sys.exit(1)"')
    assert (done.returncode, b"fails without any fix" in done.stderr) == (2, True)
    assert _text(shop) == VIEWS


def test_changes_that_are_not_committed_are_refused(shop: Path, run_leaktight: Run) -> None:
    names = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "a"]):
        subprocess.run(["git", *names, *arguments], cwd=shop, check=True)
    (shop / "shop/__init__.py").write_text("# changed\n")
    done = run_leaktight("fix", shop, "--yes")
    assert (done.returncode, b"not committed" in done.stderr) == (2, True)
    assert _text(shop) == VIEWS
    assert run_leaktight("fix", shop, "--yes", "--allow-dirty").returncode == 0


@pytest.mark.parametrize("wrong", [["--diff", "--yes"], ["--verify", "true"], ["--rule", "no-such-rule"], ["nowhere"]])
def test_wrong_use_is_told(wrong: list[str], shop: Path, run_leaktight: Run) -> None:
    paths = [] if wrong == ["nowhere"] else [shop]
    assert run_leaktight("fix", *paths, *wrong).returncode == 2
    assert _text(shop) == VIEWS
