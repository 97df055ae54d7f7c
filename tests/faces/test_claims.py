"""What is allowed: written, listed, ended, taken back; a baseline that knows contents and counts and only shrinks."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from leaktight.engine.baseline import FILE, Baseline, BaselineError
from leaktight.engine.claiming import ClaimError, with_claim

Run = Callable[..., tuple[int, str, str]]
Project = Callable[[dict[str, str]], Path]

LEAK = """\
import logging


def login(request):
    password = request.POST["password"]
    logging.info("login %s", password)
"""
SECOND = """

def again(request):
    password = request.POST["password"]
    logging.info("again %s", password)
"""


def found(run: Run, root: Path, *more: str) -> list[tuple[str, str, int]]:
    """Rule, path and line of what is reported and not claimed."""
    _, out, _ = run("scan", root, "--format", "json", "-q", "--rule", "secret-in-log", *more)
    return [(item["rule"], item["path"], item["line"]) for item in json.loads(out)["findings"] if not item["claimed"]]


@pytest.fixture
def shop(project: Project, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = project({"manage.py": "", "shop/views.py": LEAK})
    monkeypatch.chdir(root)
    return root


# -- claims in files ---------------------------------------------------------------------------


def test_a_claim_is_added_listed_ended_and_removed(shop: Path, leaktight: Run):
    place = "shop/views.py:6"
    assert found(leaktight, shop) == [("secret-in-log", "shop/views.py", 6)]
    assert leaktight("claims", "add", place, "--reason", "a test bench", "--until", "2999-12-31")[0] == 0
    assert "    # leaktight: allow[secret-in-log] a test bench (until 2999-12-31)\n" in (shop / "shop/views.py").read_text()
    assert found(leaktight, shop) == []
    _, listed, _ = leaktight("claims")
    assert "shop/views.py:6  secret-in-log  until 2999-12-31" in listed
    assert "a test bench" in listed
    leaktight("claims", "expire", place, "--until", "2020-01-01")
    assert found(leaktight, shop) == [("expired-claim", "shop/views.py", 6), ("secret-in-log", "shop/views.py", 7)]
    assert "(ended)" in leaktight("claims")[1]
    leaktight("claims", "remove", place)
    assert (shop / "shop/views.py").read_text() == LEAK


def test_a_claim_is_put_above_the_whole_statement(shop: Path, leaktight: Run):
    text = LEAK.replace('logging.info("login %s", password)', 'logging.info(\n        "login %s",\n        password,\n    )')
    (shop / "shop/views.py").write_text(text)
    [(_, _, line)] = found(leaktight, shop)
    assert leaktight("claims", "add", f"shop/views.py:{line}", "--reason", "a test bench")[0] == 0
    rows = (shop / "shop/views.py").read_text().splitlines()
    assert rows[5].startswith("    # leaktight: allow[")
    assert rows[6] == "    logging.info("
    assert found(leaktight, shop) == []


def test_a_claim_in_a_template(project: Project, leaktight: Run, monkeypatch: pytest.MonkeyPatch):
    form = '<form method="get">\n  <input type="password" name="password">\n</form>\n'
    root = project({"manage.py": "", "shop/templates/a.html": form})
    monkeypatch.chdir(root)
    _, out, _ = leaktight("scan", "--format", "json", "-q")
    line = json.loads(out)["findings"][0]["line"]
    assert leaktight("claims", "add", f"shop/templates/a.html:{line}", "--reason", "shows how not to do it")[0] == 0
    assert "{# leaktight: allow[get-form-with-secret] shows how not to do it #}" in (root / "shop/templates/a.html").read_text()
    assert leaktight("scan")[0] == 0


def test_unused_claims_are_removed_at_once(shop: Path, leaktight: Run):
    text = LEAK.replace("    logging.info", "    # leaktight: allow[secret-in-log] a test bench\n    logging.info")
    (shop / "shop/views.py").write_text(
        f"# leaktight: allow[secret-in-log] no longer\nx = 1  # leaktight: allow[secret-in-log] nor this\n{text}"
    )
    status, _, said = leaktight("claims", "remove", "--unused")
    assert status == 0
    assert "2 claims removed" in said
    assert (shop / "shop/views.py").read_text() == f"x = 1\n{text}"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["add", "shop/views.py:6"], "needs a reason"),
        (["add", "shop/views.py:1", "--reason", "why"], "nothing that can be allowed"),
        (["add", "shop/nowhere.py:1", "--reason", "why"], "is not a place"),
        (["add", "shop/views.py:6", "--reason", "why", "--until", "soon"], "is not a date"),
        (["add", "shop/views.py:6", "--reason", "why", "--rule", "secret-in-logs"], 'did you mean "secret-in-log"?'),
        (["remove", "shop/views.py:6"], "there is no claim"),
        (["prune"], "there is no baseline"),
        (["ad"], ""),
    ],
)
def test_wrong_use_changes_nothing(shop: Path, leaktight: Run, arguments: list[str], said: str):
    status, out, err = leaktight("claims", *arguments)
    assert (status, out) == (2, "")
    assert said in err
    assert (shop / "shop/views.py").read_text() == LEAK


@pytest.mark.parametrize("reason", ["", "  ", "...", "two\nlines", "ends here #} <b>"])
def test_a_reason_must_say_something_and_fit_in_a_comment(reason: str):
    with pytest.raises(ClaimError):
        with_claim("x = 1\n", "a.py", 1, rules=["secret-in-log"], reason=reason, until=None)


# -- baseline ----------------------------------------------------------------------------------


@pytest.fixture
def based(shop: Path, leaktight: Run) -> Path:
    """A project whose one finding is in its baseline."""
    assert leaktight("claims", "add", "--baseline")[0] == 0
    return shop


def test_what_is_in_the_baseline_is_not_reported(based: Path, leaktight: Run):
    status, out, _ = leaktight("scan")
    assert status == 0
    assert "in the baseline" in out
    (based / FILE).unlink()
    assert leaktight("scan")[0] == 1


def test_the_file_has_an_entry_a_line_and_no_line_numbers(based: Path):
    rows = [row for row in (based / FILE).read_text().splitlines() if "key" in row]
    assert all(set(json.loads(row.strip(" ,"))) == {"rule", "key", "count"} for row in rows)
    assert rows == sorted(rows)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: f"# a line more\n\n{text}",
        lambda text: text.replace(
            'logging.info("login %s", password)', "logging.info(\n        'login %s',\n        password,\n    )"
        ),
        lambda text: text.replace("    ", "\t"),
        lambda text: f"{text}\n\ndef other():\n    return 1\n",
    ],
    ids=["moved", "reformatted", "tabs", "code after it"],
)
def test_a_changed_file_makes_nothing_new(based: Path, leaktight: Run, change: Callable[[str], str]):
    (based / "shop/views.py").write_text(change(LEAK))
    assert found(leaktight, based) == []


def test_a_renamed_file_makes_nothing_new(based: Path, leaktight: Run):
    (based / "shop/views.py").rename(based / "shop/pages.py")
    assert found(leaktight, based) == []


def test_a_second_copy_is_exactly_one_new(based: Path, leaktight: Run):
    (based / "shop/views.py").write_text(f"{LEAK}    logging.info('login %s', password)\n")
    assert len(found(leaktight, based)) == 1


def test_another_leak_is_new(based: Path, leaktight: Run):
    (based / "shop/views.py").write_text(LEAK + SECOND)
    assert found(leaktight, based) == [("secret-in-log", "shop/views.py", 11)]


def test_a_repaired_finding_must_leave_the_baseline(based: Path, leaktight: Run):
    (based / "shop/views.py").write_text("x = 1\n")
    status, out, _ = leaktight("scan", "--fail-on", "low")
    assert status == 1
    assert "unused-claim" in out
    assert "leaktight claims prune" in " ".join(out.split())
    assert leaktight("scan", "shop", "--fail-on", "low")[0] == 0, "a part of the project says nothing about the rest"
    before = (based / FILE).read_text()
    leaktight("scan")
    assert (based / FILE).read_text() == before, "a scan never changes it"
    assert leaktight("claims", "prune")[0] == 0
    assert json.loads((based / FILE).read_text())["entries"] == []
    assert leaktight("scan", "--fail-on", "low")[0] == 0


def test_pruning_adds_nothing(based: Path, leaktight: Run):
    (based / "shop/views.py").write_text(LEAK + SECOND)
    before = (based / FILE).read_text()
    leaktight("claims", "prune")
    assert (based / FILE).read_text() == before


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"schema": 2, "entries": []}', '{"schema": 1, "entries": [{"key": 1}]}', "[" * 9999]
)
def test_what_is_no_baseline_is_refused(shop: Path, leaktight: Run, text: str):
    (shop / FILE).write_text(text)
    status, _, said = leaktight("scan")
    assert status == 2
    assert FILE in said
    with pytest.raises(BaselineError):
        Baseline.read(text)
