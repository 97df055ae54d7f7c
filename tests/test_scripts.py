"""What sets up this repository does so whatever environment is active."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_python_of_an_active_environment_is_the_one_it_was_made_with(tmp_path: Path) -> None:
    """`make` removes an environment to make it anew, and then still needs a Python to do so."""
    active = tmp_path / ".venv"
    venv.create(active, symlinks=True)
    path = f"{active / 'bin'}:{os.environ['PATH']}"
    environment = os.environ | {"VIRTUAL_ENV": str(active), "PATH": path}
    version = "{}.{}".format(*sys.version_info)
    command = ["sh", str(ROOT / "scripts/python"), version]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    found = Path(done.stdout.strip())
    assert not found.is_relative_to(active)
    told = subprocess.run([found, "-c", "import sys; print(sys.version_info[:2])"], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == str(sys.version_info[:2])
