"""The whole way, from a project on disk to what a user sees."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from leaktight.cli.formats import Format

Run = Callable[..., "subprocess.CompletedProcess[bytes]"]
Project = Callable[[dict[str, str]], Path]

CANARY = "c4n4ry-9f8e7d6c5b4a39281706"
LEAK = f"""\
import logging

logger = logging.getLogger(__name__)
API_TOKEN = "{CANARY}"


def login(request):
    password = request.POST["password"]  # {CANARY}
    logger.info("login %s %s", password, API_TOKEN or "{CANARY}")
"""
FORMATS = list(Format)


def findings(run: Run, root: Path, *arguments: str) -> list[tuple[str, int, bool]]:
    done = run("scan", root, "--format", "json", "--allow-gaps", *arguments)
    return [(item["rule"], item["line"], item["claimed"]) for item in json.loads(done.stdout)["findings"]]


def test_a_leak_is_told_with_what_to_do(project: Project, run_leaktight: Run):
    done = run_leaktight("scan", project({"shop/views.py": LEAK}))
    out = done.stdout.decode("ascii")
    assert done.returncode == 1
    assert done.stderr == b""
    assert "error[secret-in-log]: " in out
    assert "shop/views.py:9:" in out
    assert "= fix: " in out
    assert out.splitlines()[-1].startswith("exit status 1: ")


@pytest.mark.parametrize("format_", FORMATS)
def test_no_value_of_the_project_is_printed(project: Project, run_leaktight: Run, format_: str):
    done = run_leaktight("scan", project({"shop/views.py": LEAK}), "--format", format_, "-v", "--audience", "audit")
    assert done.returncode in {1, 3}
    assert CANARY.encode() not in done.stdout + done.stderr


def test_a_claim_accepts_a_finding(project: Project, run_leaktight: Run):
    claim = "    # leaktight: allow[secret-in-log] a test bench, never deployed\n    logger.info("
    root = project({"shop/views.py": LEAK.replace("    logger.info(", claim)})
    assert {item[2] for item in findings(run_leaktight, root) if item[0] == "secret-in-log"} == {True}
    done = run_leaktight("scan", root)
    assert done.returncode == 0
    assert b"claimed" in done.stdout


def test_a_claim_that_has_ended_accepts_nothing(project: Project, run_leaktight: Run):
    claim = "    # leaktight: allow[secret-in-log] a test bench (until 2020-01-01)\n    logger.info("
    found = findings(run_leaktight, project({"shop/views.py": LEAK.replace("    logger.info(", claim)}))
    assert ("expired-claim", 9, False) in found
    assert ("secret-in-log", 10, False) in found


def test_a_claim_that_is_not_needed_is_told(project: Project, run_leaktight: Run):
    text = "# leaktight: allow[secret-in-log] no reason any more\nx = 1\n"
    assert findings(run_leaktight, project({"shop/views.py": text})) == [("unused-claim", 1, False)]


def test_a_claim_in_a_template(project: Project, run_leaktight: Run):
    form = '<form method="get">{claim}<input type="password" name="password"></form>\n'
    claim = "{# leaktight: allow[get-form-with-secret] shows how not to do it #}"
    found = findings(run_leaktight, project({"shop/templates/a.html": form.format(claim=claim)}))
    assert ("get-form-with-secret", 1, True) in found
    assert not [item for item in found if item[0].endswith("-claim")]


def test_nothing_to_look_at_is_not_silence(tmp_path: Path, run_leaktight: Run):
    done = run_leaktight("scan", tmp_path)
    assert done.returncode == 3
    assert done.stdout.decode().splitlines()[-1] == "exit status 3: there was nothing to look at"


def test_what_the_configuration_excludes_is_not_scanned(project: Project, run_leaktight: Run):
    root = project({"shop/views.py": "x = 1\n", "old/views.py": LEAK, "leaktight.toml": 'exclude = ["old/"]\n'})
    assert findings(run_leaktight, root) == []


def test_a_single_file_outside_any_project(tmp_path: Path, run_leaktight: Run):
    (tmp_path / "views.py").write_text(LEAK)
    done = run_leaktight("scan", tmp_path / "views.py")
    assert done.returncode == 1
    assert b'logger.info("login %s %s", password, API_TOKEN' in done.stdout


def test_the_first_run(project: Project, run_leaktight: Run):
    done = run_leaktight(cwd=project({"shop/views.py": LEAK}))
    assert done.returncode == 1
    assert b"next:" in done.stdout
