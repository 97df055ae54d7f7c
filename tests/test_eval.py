"""The evaluation counts what it claims to count: on a suite of three files made here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from leaktight.rules.registry import load_rules

ROOT = Path(__file__).parents[1]
OTHER = """\
import requests


def fetch(url):
    requests.get(
        url,
        verify=False,
    )
    requests.get(url, verify=True)
    requests.get(url, verify=url == "x")
"""
EMBEDDED = '''\
import pytest


@pytest.mark.parametrize("name", ["requests", "httpx"])
def test_it(name):
    code = f"""
    import {name}

    {name}.get("https://a.example.net", verify=False)
    options = {{}}
    """
    check(code)
'''


def _case(name: str, path: str, line: int, expect: str, capability: str = "V01", **more: Any) -> str:
    record = {
        "id": name, "peer": "peer", "repo": "owner/name", "commit": "0" * 40, "path": path, "line": line,
        "expect": expect, "capability": capability,
    }  # fmt: skip
    return json.dumps(record | more)


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    folder = tmp_path / "peers" / "owner+name" / "tests"
    folder.mkdir(parents=True)
    (folder / "other.py").write_text(OTHER)
    (folder / "test_embedded.py").write_text(EMBEDDED)
    (folder / "broken.py").write_text("def f(:\n")
    cases = [
        _case("found", "tests/other.py", 6, "flag", stmt=[5, 8]),
        _case("silent", "tests/other.py", 9, "clean", stmt=[9, 9]),
        _case("missed", "tests/other.py", 10, "flag", stmt=[10, 10]),
        _case("false", "tests/other.py", 1, "clean", whole_file=True),
        _case("unfitting", "tests/other.py", 6, "flag", "K01", stmt=[5, 8]),
        _case("inside", "tests/test_embedded.py", 9, "flag", embedded=True),
        _case("inside-silent", "tests/test_embedded.py", 10, "clean", embedded=True),
        _case("broken", "tests/broken.py", 1, "flag", stmt=[1, 1]),
    ]
    (tmp_path / "peer-cases-dev.jsonl").write_text("\n".join(cases) + "\n")
    return tmp_path


def _run(suite: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {
        "LEAKTIGHT_EVAL": str(suite),
        "LEAKTIGHT_EVAL_PEERS": str(suite / "peers"),
        "PYTHONPATH": str(ROOT / "src"),
    }
    environment.pop("LEAKTIGHT_EVAL_CASES", None)
    command = [sys.executable, str(ROOT / "eval" / "run.py"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    return done


def _ids(done: subprocess.CompletedProcess[str]) -> set[str]:
    return {line.split()[1] for line in done.stdout.splitlines() if line.startswith(("V01 ", "K01 ")) and "owner+name" in line}


def test_what_is_found_missed_and_wrongly_reported(suite: Path) -> None:
    assert _ids(_run(suite, "--show", "found")) == {"found", "inside"}
    assert _ids(_run(suite, "--show", "missed")) == {"missed", "unfitting", "broken"}
    assert _ids(_run(suite, "--show", "false")) == {"false"}


def test_the_counts_are_those_of_the_cases(suite: Path) -> None:
    lines = _run(suite).stdout.splitlines()
    core = next(line.split() for line in lines if line.startswith("core "))
    assert core == ["core", "5", "2", "40.0%", "3", "1", "33.3%", "66.7%"]


def test_what_cannot_be_analysed_is_said(suite: Path) -> None:
    shown = _run(suite, "--show", "missed").stdout
    assert "tests/broken.py:1 (not analysed)" in shown
    assert "tests/other.py:10 (not analysed)" not in shown


def test_every_fitting_rule_exists(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "eval"))
    data = __import__("data")
    names = {rule.name for rule in load_rules()}
    fitting = [row.rules for row in data.read_rows().values()] + list(data.read_patterns().values())
    assert fitting
    assert {name for rules in fitting for name in rules} <= names
