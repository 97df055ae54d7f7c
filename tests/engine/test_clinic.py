"""The leaking clinic, repaired with every fix there is: its own tests pass as before, and nothing is left that had a fix."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from leaktight.config import Config
from leaktight.engine import repair
from leaktight.engine.write import write_files
from leaktight.model import Audience, Safety

LEAKY = Path(__file__).parents[2] / "examples/clinic/leaky"
OWN = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}


def test_the_clinic_is_repaired_and_still_works(tmp_path: Path) -> None:
    root = tmp_path / "clinic"
    shutil.copytree(LEAKY, root)
    done = repair(root, Config(), level=Safety.UNSAFE, audience=Audience.STRICT)
    assert len(done.fixes) >= 30
    write_files(root, done.after, done.before)
    again = repair(root, Config(), level=Safety.UNSAFE, audience=Audience.STRICT)
    assert (again.fixes, again.after) == ([], {})
    ran = subprocess.run(
        [sys.executable, "-B", "manage.py", "test"], cwd=root, env=OWN, capture_output=True, text=True, timeout=600, check=False
    )
    assert ran.returncode == 0, ran.stderr
