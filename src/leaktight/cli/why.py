"""`leaktight why`: why something is or is not reported at a place."""

from __future__ import annotations

import datetime
import re
from pathlib import Path

from leaktight.cli.console import Progress, write
from leaktight.cli.errors import UsageError
from leaktight.cli.scan import Request, effective, existing
from leaktight.report import Status
from leaktight.report.ink import visible
from leaktight.report.mask import shield

_PLACE = re.compile(r"(?P<path>.+?):(?P<line>\d+)(?::\d+)?")


def why(place: str) -> Status:
    """Print what the analysis knows about a line."""
    match = _PLACE.fullmatch(place)
    if not match:
        raise UsageError(f'"{place}" is not a place: write FILE:LINE, as in accounts/views.py:41')
    file = Path(match["path"])
    if not file.is_file():
        raise UsageError(f"there is no file {file}")
    [path] = existing([match["path"]])

    from leaktight import engine

    progress = Progress()
    lines = engine.why(
        path,
        int(match["line"]),
        config=effective([path], Request()).config,
        today=datetime.date.today(),  # noqa: DTZ011  # a claim ends where the user lives
        progress=progress,
    )
    progress.clear()
    write("".join(f"{visible(shield(line))}\n" for line in lines))
    return Status.TIGHT
