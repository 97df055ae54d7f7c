"""The pytest plugin, run as a team would run it: on the tests of the depot, leaky and tight."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from prove.small import run_pytest

DEPOT = Path(__file__).parents[2] / "examples" / "depot"

PLANTED = """
from django.test import Client

def test_locker(leaktight):
    Client().post("/logs/with-argument/", {"password": leaktight.canary("password")}, secure=True)
"""
OWN = """
from django.test import Client

def test_pay():
    Client().post("/sessions/plain/", {"card_number": "4000008412345671"}, secure=True)
"""


def _pytest(version, text, tmp_path, *options):
    test = tmp_path / "test_it.py"
    test.write_text(f"import pytest\npytestmark = pytest.mark.django_db\n{text}")
    root = DEPOT / version
    words = ["-p", "leaktight.testing", "--ds=depot.settings", "--rootdir", str(root), *options, str(test)]
    return run_pytest(root, *words, path=root)


@pytest.mark.parametrize(
    ("text", "options", "rule", "line"),
    [
        (PLANTED, (), "secret-in-log", "parcels/logs.py:"),
        (OWN, ("--leaktight",), "clear-secret-in-session", "parcels/sessions.py:"),
    ],
)
def test_a_leak_fails_the_test_and_its_repair_does_not(text, options, rule, line, tmp_path):
    leaky = _pytest("leaky", text, tmp_path, *options)
    assert leaky.returncode == 1, leaky.stdout + leaky.stderr
    assert f"leaking[{rule}] at {line}" in leaky.stdout
    assert "4000008412345671" not in leaky.stdout.partition("short test summary")[2]
    tight = _pytest("tight", text, tmp_path, *options)
    assert tight.returncode == 0, tight.stdout + tight.stderr


def test_without_the_option_own_values_are_left_alone(tmp_path):
    assert _pytest("leaky", OWN, tmp_path).returncode == 0


def test_a_canary_nobody_can_name_is_refused(tmp_path):
    done = _pytest("leaky", "def test_it(leaktight):\n    leaktight.canary('colour')\n", tmp_path)
    assert done.returncode == 1
    assert "what is colour?" in done.stdout


def test_unused_it_imports_nothing_of_ours_and_touches_no_test():
    code = (
        "import pytest, sys, leaktight.testing as plugin\n"
        "assert not [name for name in sys.modules if name.startswith(('leaktight.', 'django')) and name != 'leaktight.testing']\n"
        "assert not [name for name, one in vars(plugin).items() if getattr(one, '_fixture_function_marker', None) and one._fixture_function_marker.autouse]\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("named", [(), ("-p", "leaktight.testing")])
def test_pytest_finds_it_by_itself_and_once(named, tmp_path):
    declared = tomllib.loads((DEPOT.parents[1] / "pyproject.toml").read_text())["project"]["entry-points"]["pytest11"]
    place = tmp_path / "installed" / "leaktight_plugin-1.dist-info"
    place.mkdir(parents=True)
    (place / "METADATA").write_text("Metadata-Version: 2.1\nName: leaktight-plugin\nVersion: 1\n")
    (place / "entry_points.txt").write_text("[pytest11]\n" + "".join(f"{name} = {module}\n" for name, module in declared.items()))
    (tmp_path / "test_it.py").write_text("def test_it():\n    pass\n")
    done = run_pytest(tmp_path, *named, "--leaktight", "--co", "test_it.py", path=place.parent)
    assert "1 test collected" in done.stdout, done.stdout + done.stderr
    if not named:
        assert run_pytest(tmp_path, "--co", "test_it.py", path=place.parent).returncode == 0
