"""`--diff`: both versions are analysed whole, and only what is new is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from leaktight.engine.history import NoHistoryError, as_it_was

Run = Callable[..., tuple[int, str, str]]
Git = Callable[..., str]

HELPER = "import logging\n\n\ndef note(text):\n    logging.info(text)\n"
VIEW = 'from shop.notes import note\n\n\ndef login(request):\n    password = request.POST["password"]\n    note("hello")\n'
OLD = 'import logging\n\n\ndef old(request):\n    logging.info(request.POST["password"])\n'


@pytest.fixture
def shop(project: Callable[[dict[str, str]], Path], git: Git, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = project({"manage.py": "", "shop/notes.py": HELPER, "shop/views.py": VIEW, "shop/old.py": OLD})
    monkeypatch.chdir(root)
    git("init", "-q")
    git("add", "-A")
    git("commit", "-qm", "first")
    return root


def new(run: Run, *more: str) -> list[tuple[str, str]]:
    _, out, _ = run("scan", "--diff", "HEAD", "--format", "json", "-q", *more)
    return [(item["rule"], item["path"]) for item in json.loads(out)["findings"]]


def test_nothing_changed_is_nothing_new(shop: Path, leaktight: Run):
    assert leaktight("scan")[0] == 1
    status, out, _ = leaktight("scan", "--diff", "HEAD")
    assert status == 0
    assert "that were there before" in out


def test_a_new_flow_through_old_code_is_new(shop: Path, leaktight: Run):
    (shop / "shop/views.py").write_text(VIEW.replace('note("hello")', "note(password)"))
    assert new(leaktight) == [("secret-in-log", "shop/notes.py")]


def test_a_moved_and_renamed_leak_is_not_new(shop: Path, leaktight: Run):
    (shop / "shop/old.py").unlink()
    (shop / "shop/ancient.py").write_text(f"# moved\n{OLD}")
    assert new(leaktight) == []


def test_a_second_copy_is_one_new_finding(shop: Path, leaktight: Run):
    (shop / "shop/old.py").write_text(OLD + '    logging.info(request.POST["password"])\n')
    assert new(leaktight) == [("secret-in-log", "shop/old.py")]


def test_a_gap_that_was_there_before_does_not_fail_a_change(shop: Path, leaktight: Run, git: Git):
    (shop / "shop/broken.py").write_text("def (:\n")
    assert leaktight("scan", "--diff", "HEAD")[0] == 3
    git("add", "-A")
    git("commit", "-qm", "second")
    assert leaktight("scan", "--diff", "HEAD")[0] == 0


def test_a_part_of_the_project(shop: Path, leaktight: Run):
    (shop / "shop/old.py").write_text(OLD + '    logging.info(request.POST["card_number"])\n')
    assert new(leaktight, "shop") == [("secret-in-log", "old.py")]
    assert new(leaktight, "shop/old.py") == [("secret-in-log", "old.py")]


def test_a_folder_that_did_not_exist_is_all_new(shop: Path, leaktight: Run):
    (shop / "fresh").mkdir()
    (shop / "fresh/views.py").write_text(OLD)
    assert ("secret-in-log", "views.py") in new(leaktight, "fresh")


@pytest.mark.parametrize("ref", ["nowhere", "--output=x", "HEAD:shop"])
def test_a_revision_that_is_none(shop: Path, leaktight: Run, ref: str):
    status, out, err = leaktight("scan", f"--diff={ref}")
    assert (status, out) == (2, "")
    assert "git knows no revision" in err


def test_outside_a_repository(project: Callable[[dict[str, str]], Path], tmp_path: Path):
    root = project({"a.py": ""})
    with pytest.raises(NoHistoryError), as_it_was(root, "HEAD"):
        pass


def test_files_come_back_as_they_were_and_no_filter_runs(shop: Path, git: Git):
    data = b"x = 1\r\n# \xc3\xa9\n"
    (shop / "shop/odd name\t.py").write_bytes(data)
    (shop / ".gitattributes").write_text("*.py filter=evil\n")
    git("config", "filter.evil.smudge", "touch ran")
    (shop / "link.py").symlink_to("/etc/passwd")
    git("add", "-A")
    git("commit", "-qm", "odd")
    with as_it_was(shop, "HEAD") as old:
        assert (old / "shop/odd name\t.py").read_bytes() == data
        assert not (old / "link.py").exists()
        assert old.name == shop.name
    assert not old.exists()
    assert not (shop / "ran").exists()
