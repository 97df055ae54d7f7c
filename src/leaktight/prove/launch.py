"""Start a proof in the project's own interpreter, beside its manage.py, and read what it tells."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from leaktight.model import Proof
from leaktight.prove.record import unpack

_MOST_VARIABLES = 40
_GRACE = 120.0
_SCRIPT = "import sys; sys.path.append(sys.argv[1]); from leaktight.prove.child import main; main(sys.argv[2])"


_ENVIRONMENTS = (".venv", "venv", "env")
"""What people call the virtual environment beside a project."""


class CannotProve(Exception):
    """The project could not be run; the text says why."""


def prove_project(
    root: Path,
    folder: Path,
    settings: str,
    *,
    python: str = "",
    requests: int,
    seconds: float,
    own_database: bool = False,
    documents: Sequence[Any] = (),
) -> Proof:
    """Prove a project. Raises `CannotProve`.

    `folder` is where manage.py lies, `root` the folder that all of its code is below, `documents` are its OpenAPI descriptions. Environment variables its settings need and
    that are not set are made up.
    """
    made_up: dict[str, str] = {}
    found = "" if python else interpreter_of(root, folder)
    with tempfile.TemporaryDirectory(prefix="leaktight-job-") as place:
        job = Path(place) / "job.json"
        job.write_text(
            json.dumps(
                {
                    "folder": str(folder.resolve()),
                    "root": str(root.resolve()),
                    "requests": requests,
                    "seconds": seconds,
                    "own_database": own_database,
                    "documents": list(documents),
                }
            ),
            "utf-8",
        )
        while True:
            told = _run(job, folder, settings, python or found, made_up, seconds)
            name = told.get("needs", "")
            if not name or name in made_up or len(made_up) >= _MOST_VARIABLES:
                break
            made_up[name] = secrets.token_urlsafe(40)
    if "proof" not in told:
        raise CannotProve(told.get("failed") or f"the settings need the environment variable {name}")
    proof = unpack(told["proof"])
    notes = [*proof.notes]
    if found:
        notes.append(f"it ran with {os.path.relpath(found, root.resolve())}")
    if made_up:
        notes.append(f"made up, since the settings need them: {', '.join(sorted(made_up))}")
    return replace(proof, notes=tuple(notes))


def interpreter_of(root: Path, folder: Path) -> str:
    """Return the interpreter of the virtual environment that lies beside manage.py or at the root; empty when there is none."""
    program = Path("Scripts", "python.exe") if os.name == "nt" else Path("bin", "python")
    for place in (folder.resolve(), root.resolve()):
        for name in _ENVIRONMENTS:
            if (place / name / "pyvenv.cfg").is_file() and (place / name / program).is_file():
                return str(place / name / program)
    return ""


def _run(job: Path, folder: Path, settings: str, python: str, made_up: dict[str, str], seconds: float) -> dict[str, str]:
    outcome = job.with_name("outcome.json")
    outcome.unlink(missing_ok=True)
    environment = made_up | os.environ | {"DJANGO_SETTINGS_MODULE": settings, "PYTHONDONTWRITEBYTECODE": "1"}
    ours = str(Path(__file__).parents[2])
    program = os.path.abspath(python) if Path(python).name != python else python  # noqa: PTH100  # the link of an environment is the environment
    command = [program or sys.executable, "-c", _SCRIPT, ours, str(job)]
    try:
        done = subprocess.run(  # noqa: S603 - the interpreter the user named
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=seconds + _GRACE,
            check=False,
        )
    except FileNotFoundError:
        raise CannotProve(f"there is no interpreter {python}") from None
    except subprocess.TimeoutExpired:
        raise CannotProve(f"the project did not come to an end in {seconds + _GRACE:.0f} seconds") from None
    if not outcome.exists():
        last = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
        raise CannotProve(
            f"the interpreter ended with status {done.returncode}: {last[0].partition(':')[0] if last else 'no word'}"
        )
    told: dict[str, str] = json.loads(outcome.read_text("utf-8"))
    return told
