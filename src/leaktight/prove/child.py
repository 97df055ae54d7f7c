"""The side of a proof that runs in the project's interpreter: reads a job, writes a proof, or says which variable it needs."""

from __future__ import annotations

import json
import os
import re
import sys
import traceback
from pathlib import Path
from typing import Any

_VARIABLE = re.compile(r"\b([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)\b")


def main(job_file: str) -> None:
    """Read the job from one file and write the outcome into the same folder as `outcome.json`."""
    job = json.loads(Path(job_file).read_text("utf-8"))
    outcome = _outcome(job)
    Path(job_file).with_name("outcome.json").write_text(json.dumps(outcome), "utf-8")


def _outcome(job: dict[str, Any]) -> dict[str, Any]:
    if sys.version_info < (3, 11):  # noqa: UP036 - it is the project's Python, not ours
        return {"failed": f"prove needs Python 3.11 or newer; the project's is {sys.version.split()[0]}"}
    from leaktight.prove.project.seal import seal

    seal()
    sys.path.insert(0, job.pop("folder"))
    try:
        from django.conf import settings

        settings.INSTALLED_APPS  # noqa: B018  # reads the settings
    except ModuleNotFoundError as error:
        return _without(error)
    except Exception as error:  # noqa: BLE001 - whatever settings may raise
        if name := _needs(error):
            return {"needs": name}
        return {"failed": f"the settings cannot be read: {_said(error, job['root'])}"}
    from leaktight.prove.project.run import Job, prove
    from leaktight.prove.record import pack

    root = job["root"]
    try:
        return {"proof": pack(prove(Job(**job)))}
    except ModuleNotFoundError as error:
        return _without(error)
    except Exception as error:  # noqa: BLE001 - whatever the project may raise
        if name := _needs(error):
            return {"needs": name}
        return {"failed": f"the project cannot be run: {_said(error, root)}"}


def _without(error: ModuleNotFoundError) -> dict[str, str]:
    return {
        "failed": f"the project cannot be imported: there is no module {error.name} in {sys.prefix}; "
        "install what it needs there, or name the interpreter it runs with: --python .venv/bin/python"
    }


def _needs(error: Exception) -> str:
    """Return the environment variable an error is about that is not set."""
    said = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
    names = [name for name in _VARIABLE.findall(said) if name not in os.environ]
    single = re.fullmatch(r"'?([A-Z][A-Z0-9_]{2,})'?", said)
    if isinstance(error, KeyError) and single and single[1] not in os.environ:
        return single[1]
    return names[0] if names and ("environment" in said.lower() or isinstance(error, KeyError)) else ""


def _said(error: Exception, root: str) -> str:
    """Say what went wrong, by kind and place: the text of a foreign error may hold anything."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename]
    place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    own = [frame for frame in frames if Path(frame.filename).is_relative_to(root) and "site-packages" not in frame.filename]
    if own:
        theirs = f"{Path(own[-1].filename).relative_to(root).as_posix()}:{own[-1].lineno}"
        place = theirs if own[-1] is frames[-1] else f"{place}, called at {theirs}"
    # Names of modules and SQLite's names of errors are the only parts of a text that hold nothing of the project's data.
    missing = f" {error.name}" if isinstance(error, ModuleNotFoundError) else ""
    named = getattr(error, "sqlite_errorname", "")
    return f"{type(error).__name__}{missing}{f' ({named})' if named else ''} at {place}"
