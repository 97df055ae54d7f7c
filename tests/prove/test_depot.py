"""A site with a planted leak on every way out: they are found, each with its line; its twin without them is tight."""

import json
import os
import re
import resource
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

DEPOT = Path(__file__).parents[2] / "examples" / "depot"
MARK = re.compile(r"# planted: (?P<channel>[a-z-]+)$")
OUTLETS = {
    "page",
    "response-body",
    "response-header",
    "redirect",
    "cookie",
    "session",
    "log",
    "error-report",
    "mail",
    "third-party",
    "outgoing-http",
    "task-queue",
    "cache",
    "database",
    "file",
    "request-url",
    "request-body",
}

pytestmark = pytest.mark.xdist_group("depot")


@cache
def proved(version):
    """What is told, the exit status, and the seconds of a processor it took."""
    command = [sys.executable, "-m", "leaktight", "prove", str(DEPOT / version), "--format", "json", "--seconds", "3000"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | {"SENTRY_DSN": ""})
    assert done.stdout, done.stderr
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return json.loads(done.stdout), done.returncode, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def planted():
    root = DEPOT / "leaky"
    return {
        (file.relative_to(root).as_posix(), number, mark["channel"])
        for file in root.rglob("*.py")
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1)
        if (mark := MARK.search(line))
    }


def leaks(told):
    return [verdict for verdict in told["verdicts"] if verdict["outcome"] == "leaking"]


def test_every_way_out_has_a_planted_leak():
    assert len(planted()) >= 80
    assert {channel for _, _, channel in planted()} == OUTLETS


def test_planted_leaks_are_found_with_their_line():
    told, status, _ = proved("leaky")
    assert status in {1, 3}
    found = {(leak["path"], leak["line"], leak["channel"]) for leak in leaks(told)}
    missed = planted() - found
    assert len(missed) <= len(planted()) * 0.05, sorted(missed)


def test_what_else_is_told_is_another_consequence_of_a_planted_leak():
    told, *_ = proved("leaky")
    marked = {(path, line) for path, line, _ in planted()}
    near = {(path, line + step) for path, line in marked for step in range(-5, 3)}
    assert [leak for leak in leaks(told) if (leak["path"], leak["line"]) not in near] == []


def test_each_says_what_how_and_by_which_request():
    told, *_ = proved("leaky")
    for leak in leaks(told):
        if leak["rule"] == "cleartext-redirect":
            continue  # of the whole API, whatever it is sent
        assert leak["label"]
        assert leak["form"]
        assert leak["rule"]
        assert leak["missing"]
        assert leak["request"]["planted"]
        assert leak["reproduction"].startswith("curl ")
    assert {(leak["form"] or "").partition(" below")[0] for leak in leaks(told)} >= {
        "computed",
        "plain",
        "base64",
        "hex",
        "reversed",
        "grouped",
        "entities",
        "escapes",
        "utf-16",
    }


def test_the_twin_is_tight():
    told, status, _ = proved("tight")
    assert leaks(told) == []
    assert [verdict for verdict in told["verdicts"] if verdict["outcome"] == "inconclusive"] == []
    assert status == 0


def test_the_twin_answers_what_the_leaky_one_answers():
    """Else its silence says nothing."""
    assert proved("tight")[0]["counts"]["exercised"] >= proved("leaky")[0]["counts"]["exercised"]


def test_a_hundred_endpoints_take_less_than_a_minute():
    told, _, spent = proved("tight")
    assert told["counts"]["endpoints"] >= 100
    assert spent < 60


def test_nothing_is_left_behind():
    proved("leaky")
    assert not [
        path for path in (DEPOT / "leaky").rglob("*") if path.suffix in {".log", ".txt", ".csv", ".bin", ".sqlite3", ".json"}
    ]
