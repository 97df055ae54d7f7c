"""Repairs: made on paper, scanned again, kept only if they help; written whole or not at all."""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaktight.config import Config
from leaktight.edit import Desk, NotPossible
from leaktight.engine import repair
from leaktight.engine import write as writing
from leaktight.engine.verify import culprits
from leaktight.engine.write import uncommitted, write_file, write_files
from leaktight.model import Audience, Edit, Finding, Safety
from leaktight.rules.registry import load_rules

VIEWS = """\
import secrets\r
\r
from django.shortcuts import redirect\r
\r
\r
def signed_in(request):\r
    handle = secrets.token_urlsafe(32)\r
    response = redirect("home")\r
    response.set_cookie("auth", handle, httponly=True, samesite="Lax")  # keep me\r
    return response\r
"""
WANTED = VIEWS.replace('samesite="Lax")', 'samesite="Lax", secure=True)')
RULE = "cookie-without-secure"
Project = Callable[[dict[str, str]], Path]


def _shop(project: Project) -> Path:
    root = project({"shop/__init__.py": ""})
    (root / "shop/views.py").write_bytes(VIEWS.encode())
    return root


def _repair(root: Path, **options: object) -> object:
    return repair(root, Config(), level=Safety.SAFE, audience=Audience.DEFAULT, **options)  # type: ignore[arg-type]


def test_a_finding_is_repaired_on_paper_and_nothing_else_changes(project: Project) -> None:
    root = _shop(project)
    done = _repair(root)
    assert [(fix.rule, fix.safety) for fix in done.fixes] == [(RULE, Safety.SAFE)]
    assert done.after == {"shop/views.py": WANTED.encode()}
    assert done.before == {"shop/views.py": VIEWS.encode()}
    assert not [finding for finding in done.result.findings if finding.rule == RULE]
    assert (root / "shop/views.py").read_bytes() == VIEWS.encode()


def test_what_is_repaired_is_not_repaired_again(project: Project) -> None:
    root = _shop(project)
    (root / "shop/views.py").write_bytes(_repair(root).after["shop/views.py"])
    assert _repair(root).fixes == []


def test_a_claimed_finding_and_other_rules_are_left_alone(project: Project) -> None:
    root = _shop(project)
    assert _repair(root, rules={"secret-in-log"}).fixes == []
    claimed = VIEWS.replace("# keep me", f"# leaktight: allow[{RULE}] a test site")
    (root / "shop/views.py").write_bytes(claimed.encode())
    assert _repair(root).fixes == []


@pytest.fixture
def fixer() -> Iterator[list[Callable[[Finding, Desk], Iterator[Edit]]]]:
    """The fixers of a rule, replaced for one test."""
    rule = next(rule for rule in load_rules() if rule.name == RULE)
    kept = list(rule.fixers)
    rule.fixers.clear()
    given: list[Callable[[Finding, Desk], Iterator[Edit]]] = []
    rule.fix(Safety.SAFE, "a fix of this test")(lambda finding, desk: given[0](finding, desk))
    yield given
    rule.fixers[:] = kept


def _after(finding: Finding, desk: Desk, text: str) -> Iterator[Edit]:
    document = desk.python(finding.span.path)
    yield document.insert(len(document.text), text)


BAD = {
    "leaves the finding": ("\n# nothing\n", "still there"),
    "breaks the file": ("\ndef (:\n", "could not be analysed any more"),
    "brings a new finding": (
        "\nimport logging\n\n\ndef note(request):\n    logging.warning('%s', request.POST['password'])\n",
        "it brought a new finding: ",
    ),
}


@pytest.mark.parametrize("what", BAD)
def test_a_fix_that_does_harm_is_taken_back(what: str, project: Project, fixer: list[object]) -> None:
    text, reason = BAD[what]

    def fix(finding: Finding, desk: Desk) -> Iterator[Edit]:
        yield from _after(finding, desk, text)
        if what != "leaves the finding":
            document = desk.python(finding.span.path)
            at = document.text.index(', samesite="Lax")')
            yield document.insert(at, ", secure=True")

    fixer.append(fix)
    done = _repair(_shop(project))
    assert done.fixes == []
    assert done.after == {}
    assert len(done.undone) == 1
    assert reason in done.undone[0].reason


def test_one_that_does_harm_is_taken_back_and_those_beside_it_are_made(project: Project, fixer: list[object]) -> None:
    """Which of five fixes in one file brought the new finding is not to be seen: they are tried again apart."""
    root = project({"shop/__init__.py": ""})
    head, body = VIEWS.replace("\r\n", "\n").split("def signed_in")
    views = head + "\n\n".join("def " + name + body for name in ("one", "two", "bad", "four", "five"))
    (root / "shop/views.py").write_text(views)

    def fix(finding: Finding, desk: Desk) -> Iterator[Edit]:
        document = desk.python(finding.span.path)
        at = document.text.index(', samesite="Lax")', document.offset(finding.span.line, 1))
        yield document.insert(at, ", secure=True")
        if finding.symbol.endswith("bad"):
            yield from _after(finding, desk, BAD["brings a new finding"][0])

    fixer.append(fix)
    done = _repair(root)
    assert [(undone.line, undone.reason[:26]) for undone in done.undone] == [
        (views[: views.index("def bad")].count("\n") + 4, BAD["brings a new finding"][1])
    ]
    assert sorted(fix.span.line for fix in done.fixes) == [9, 16, 30, 37]
    text = done.after["shop/views.py"].decode()
    assert text.count("secure=True") == 4
    assert "secure=True" not in text[text.index("def bad") : text.index("def four")]


def test_a_fix_that_is_not_possible_says_why(project: Project, fixer: list[object]) -> None:
    def fix(finding: Finding, desk: Desk) -> Iterator[Edit]:
        raise NotPossible("the moon is full")

    fixer.append(fix)
    assert [undone.reason for undone in _repair(_shop(project)).undone] == ["the moon is full"]


# -- writing -----------------------------------------------------------------------------------


def test_a_file_keeps_its_permissions(tmp_path: Path) -> None:
    file = tmp_path / "run.py"
    file.write_bytes(b"old")
    file.chmod(0o750)
    write_file(file, b"new")
    assert file.read_bytes() == b"new"
    assert stat.S_IMODE(file.stat().st_mode) == 0o750
    assert list(tmp_path.iterdir()) == [file]


def test_what_a_killed_run_left_lying_is_cleared_away(tmp_path: Path) -> None:
    file, other = tmp_path / "run[1].py", tmp_path / ".run.py.x.leaktight"
    file.write_bytes(b"old")
    (tmp_path / ".run[1].py.abcd.leaktight").write_bytes(b"ne")
    other.write_bytes(b"of another file")
    write_file(file, b"new")
    assert sorted(tmp_path.iterdir()) == sorted([file, other])


def test_two_runs_at_once_leave_each_other_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "run.py"
    file.write_bytes(b"old")
    real = os.fsync
    other = Thread(target=write_file, args=(file, b"of the other run"))

    def slow(handle: int) -> None:
        real(handle)
        if not other.ident:
            other.start()
            other.join(0.2)  # it has to wait; where it does not, it takes away what is being written here

    monkeypatch.setattr(writing.os, "fsync", slow)
    write_file(file, b"new")
    other.join()
    assert file.read_bytes() == b"of the other run"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("failing", ["fsync", "fdopen"])
def test_a_failure_leaves_the_old_file(failing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "views.py"
    file.write_bytes(b"old")
    real = getattr(os, failing)

    def full(*arguments: object, **named: object) -> object:
        if failing == "fdopen":
            os.close(arguments[0])  # type: ignore[arg-type]
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(writing.os, failing, full)
    with pytest.raises(OSError, match="No space left"):
        write_file(file, b"new")
    monkeypatch.setattr(writing.os, failing, real)
    assert file.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [file]


def test_nothing_is_written_over_what_somebody_else_has_changed(tmp_path: Path) -> None:
    for name in ("a.py", "b.py"):
        (tmp_path / name).write_bytes(b"old")
    (tmp_path / "b.py").write_bytes(b"theirs")
    with pytest.raises(FileExistsError, match=r"b\.py was changed"):
        write_files(tmp_path, {"a.py": b"new", "b.py": b"new"}, {"a.py": b"old", "b.py": b"old"})
    assert (tmp_path / "a.py").read_bytes() == b"old"


def _git(folder: Path, *arguments: str) -> None:
    names = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main"]
    subprocess.run(["git", *names, *arguments], cwd=folder, check=True, capture_output=True)


def test_changes_that_are_not_committed_are_told(tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    repository.mkdir()
    (repository / "a.py").write_text("a = 1\n")
    _git(repository, "init")
    _git(repository, "add", "a.py")
    _git(repository, "commit", "-m", "a")
    assert uncommitted(repository) == []
    (repository / "new.py").write_text("not tracked\n")
    assert uncommitted(repository) == []
    (repository / "a.py").write_text("a = 2\n")
    assert uncommitted(repository) == ["a.py"]


def test_a_folder_outside_a_repository_has_no_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert uncommitted(tmp_path) is None


@given(st.integers(1, 40), st.data())
def test_the_culprits_are_found(number: int, data: st.DataObject) -> None:
    bad = data.draw(st.sets(st.integers(0, number - 1), min_size=1))

    def holds(kept: Sequence[int]) -> bool:
        return bad.isdisjoint(kept)

    assert culprits(list(range(number)), holds) == sorted(bad)


DEVELOPED = """\
SECRET_KEY = "x"
DEBUG = True
ALLOWED_HOSTS = ["shop.example"]
ROOT_URLCONF = "shop.urls"
INSTALLED_APPS = ["django.contrib.sessions"]
MIDDLEWARE = ["django.contrib.sessions.middleware.SessionMiddleware"]
"""


def test_what_follows_debug_is_no_fix_while_debug_is_on_and_one_when_that_is_repaired(project: Project) -> None:
    root = project({"manage.py": "", "shop/__init__.py": "", "shop/urls.py": "urlpatterns = []\n", "shop/settings.py": DEVELOPED})
    safe = _repair(root)
    assert (safe.fixes, safe.after) == ([], {})
    assert "it would follow DEBUG, which is on here: repair debug-enabled first" in [
        undone.reason for undone in safe.undone if undone.rule == RULE
    ]
    both = repair(root, Config(), level=Safety.UNSAFE, audience=Audience.DEFAULT)
    assert [rule for rule in (fix.rule for fix in both.fixes) if rule in {"debug-enabled", RULE}] == ["debug-enabled", RULE]
    assert b"SESSION_COOKIE_SECURE = not DEBUG" in both.after["shop/settings.py"]
    assert not [undone for undone in both.undone if undone.rule == RULE]
