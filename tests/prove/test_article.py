"""The article's view: as it was, as it should be, and behind the guard, each proved by one command."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ARTICLE = Path(__file__).parents[2] / "examples" / "article"


def _prove(project):
    command = [sys.executable, "-m", "leaktight", "prove", str(project), "--format", "json", "--seconds", "3000"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    return json.loads(done.stdout), done


def test_the_original_leaks_on_the_wire_in_the_body_and_on_get():
    told, done = _prove(ARTICLE / "original")
    assert done.returncode == 1
    assert told["outcome"] == "leaking"
    leaks = {verdict["rule"]: verdict for verdict in told["verdicts"] if verdict["outcome"] == "leaking"}
    assert set(leaks) == {"https-not-enforced", "secret-in-response", "secret-on-get"}
    body = leaks["secret-in-response"]
    assert (body["path"], body["line"]) == ("safe/views.py", 10)
    assert (body["label"], body["form"]) == ("secret", "plain")
    assert body["proves"]
    assert "7 left" not in done.stdout + done.stderr


@pytest.mark.parametrize("version", ["correct", "guarded"])
def test_the_repaired_ones_are_tight_and_wholly_exercised(version):
    told, done = _prove(ARTICLE / version)
    assert (done.returncode, told["outcome"]) == (0, "tight"), told["verdicts"]
    exercised = {(verdict["request"]["method"], verdict["request"]["path"]) for verdict in told["verdicts"]}
    assert ("POST", "/combination/") in exercised
    assert len(exercised) >= 3  # and the page that shows it afterwards


def test_the_version_as_printed_cannot_be_called_tight():
    told, done = _prove(ARTICLE / "compliant_as_printed")
    assert done.returncode == 3
    (open_,) = (verdict for verdict in told["verdicts"] if verdict["outcome"] == "inconclusive")
    assert open_["request"]["method"] == "POST"


def test_nothing_is_left_behind(tmp_path):
    before = sorted(ARTICLE.rglob("*"))
    _prove(ARTICLE / "correct")
    assert [path for path in sorted(ARTICLE.rglob("*")) if "__pycache__" not in path.parts] == [
        path for path in before if "__pycache__" not in path.parts
    ]


def test_a_folder_without_a_project_is_wrong_use(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "leaktight", "prove", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "manage.py" in done.stderr
