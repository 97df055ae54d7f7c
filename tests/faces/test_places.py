"""The places leaktight runs at: `manage.py`, pre-commit, GitHub and GitLab; their files are run, not only read."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
LEAK = 'import logging\n\n\ndef login(request):\n    logging.info(request.POST["password"])\n'


@pytest.fixture
def shop(project: Callable[[dict[str, str]], Path], tmp_path: Path) -> Path:
    """A project, and a `leaktight` on the path."""
    script = tmp_path / "bin/leaktight"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m leaktight "$@"\n')
    script.chmod(0o755)
    return project({"manage.py": "", "shop/views.py": LEAK})


def bash(text: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    path = f"{cwd.parent / 'bin'}:{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", text],
        cwd=cwd,
        env=os.environ | {"PATH": path} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


# -- pre-commit --------------------------------------------------------------------------------


def test_the_hook_looks_at_the_whole_project_and_ends_with_the_status(shop: Path):
    [hook] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert hook["pass_filenames"] is False
    done = bash(hook["entry"], shop)
    assert done.returncode == 1
    assert "secret-in-log" in done.stdout
    (shop / "shop/views.py").write_text("x = 1\n")
    assert bash(hook["entry"], shop).returncode == 0


# -- GitHub ------------------------------------------------------------------------------------


def action(shop: Path, **inputs: str) -> tuple[subprocess.CompletedProcess[str], Path]:
    """Run the scanning step of the action as a runner does, and the last one with its status."""
    steps = yaml.safe_load((ROOT / "action.yml").read_text())["runs"]["steps"]
    names = yaml.safe_load((ROOT / "action.yml").read_text())["inputs"]
    runner = shop.parent / "runner"
    runner.mkdir(exist_ok=True)
    given = {f"LEAKTIGHT_{name.upper()}": inputs.get(name, str(item["default"])) for name, item in names.items()}
    [scan] = [step for step in steps if step.get("id") == "scan"]
    assert set(scan["env"]) == set(given) - {"LEAKTIGHT_UPLOAD"}
    assert "${{" not in scan["run"], "what others write must not become part of a script"
    files = {"RUNNER_TEMP": f"{runner}", "GITHUB_OUTPUT": f"{runner}/output", "GITHUB_STEP_SUMMARY": f"{runner}/summary"}
    done = bash(scan["run"], shop, **given, **files)
    assert done.returncode == 0, done.stderr
    status = (runner / "output").read_text().strip().removeprefix("status=")
    assert bash(steps[-1]["run"], shop, LEAKTIGHT_STATUS=status).returncode == int(status)
    return done, runner


def test_the_action_annotates_summarises_and_fails(shop: Path):
    done, runner = action(shop, html="report.html")
    assert "::error file=shop/views.py,line=5" in done.stdout
    assert (runner / "output").read_text() == "status=1\n"
    assert "secret-in-log" in (runner / "summary").read_text()
    assert (shop / "leaktight.sarif").is_file()
    assert (shop / "report.html").is_file()


def test_the_action_passes_a_tight_project_and_takes_options(shop: Path):
    _, runner = action(shop, args="--rule secret-in-mail -q")
    assert (runner / "output").read_text() == "status=0\n"


def test_an_odd_path_is_no_part_of_a_script(shop: Path):
    _, runner = action(shop, path="$(touch ran); x")
    assert (runner / "output").read_text() == "status=2\n"
    assert not (shop / "ran").exists()


# -- GitLab ------------------------------------------------------------------------------------


def test_the_template_writes_what_it_promises(shop: Path):
    [job] = yaml.safe_load((ROOT / "ci/leaktight.gitlab-ci.yml").read_text()).values()
    done = bash(job["script"][-1], shop, **job["variables"])
    assert done.returncode == 1, done.stderr
    for file in (*job["artifacts"]["reports"].values(), *job["artifacts"]["paths"]):
        assert (shop / file).is_file(), file


# -- manage.py ---------------------------------------------------------------------------------

MANAGE = """\
import sys
from django.conf import settings
from django.core.management import execute_from_command_line

settings.configure(INSTALLED_APPS=["leaktight.guard"], SECRET_KEY="x" * 60, USE_TZ=True)
execute_from_command_line(sys.argv)
"""


def test_manage_py_runs_every_command_with_its_options_and_status(shop: Path):
    (shop / "manage.py").write_text(MANAGE)

    def manage(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", "leaktight", *words], cwd=shop, capture_output=True, text=True, check=False
        )

    done = manage("scan", "--format", "json", "-q", "shop")
    assert done.returncode == 1, done.stderr
    assert '"secret-in-log"' in done.stdout
    assert manage("explain", "secret-in-log").returncode == 0
    assert "Options:" in manage("scan", "--help").stdout
    assert manage("scan", "nowhere").returncode == 2


def test_manage_py_loads_nothing_of_the_scanner(shop: Path):
    code = MANAGE.replace("execute_from_command_line(sys.argv)", "") + (
        "import leaktight.guard.management.commands.leaktight\n"
        "print(sorted(name for name in sys.modules if name.startswith('leaktight.') and name.split('.')[1] in "
        "{'cli', 'engine', 'flow', 'source', 'project', 'rules', 'report'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=shop, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
