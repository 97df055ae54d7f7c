"""Why something is, or is not, reported at a line."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path

from leaktight.config import Config
from leaktight.engine.scan import Progress, ProjectScan
from leaktight.flow.probe import Probe
from leaktight.model import Audience, Finding, Result

_TOPS = ("manage.py", "pyproject.toml", "setup.py", ".git")


def why(
    path: Path | str,
    line: int,
    *,
    config: Config | None = None,
    today: datetime.date | None = None,
    progress: Progress | None = None,
) -> list[str]:
    """Tell what the analysis knows about a line of a file, as lines of text.

    The whole project around the file is analysed, as `root_of` finds it.
    """
    file = Path(path).resolve()
    root = root_of(file)
    place = file.name if root == file else file.relative_to(root).as_posix()
    probe = Probe(place, line)
    scan = ProjectScan(root, config or Config(), audience=Audience.AUDIT, today=today, progress=progress, probe=probe)
    return list(_told(scan.run(), place, line, probe))


def root_of(file: Path) -> Path:
    """The project around a file: the nearest folder above with a `manage.py`, else with another sign of a project, else where we are.

    A file elsewhere, and one that lies in the user's own folder or at the top of everything, is looked at alone.
    """
    for name in _TOPS:
        for folder in file.parents:
            if (folder / name).exists():
                return folder
    here = Path.cwd()
    return here if here in file.parents and here not in {Path.home(), Path(here.anchor)} else file


def _told(result: Result, place: str, line: int, probe: Probe) -> Iterator[str]:
    here = [finding for finding in result.findings if finding.span.path == place and _touches(finding, line)]
    passing = [
        finding
        for finding in result.findings
        if finding not in here and any(step.span.path == place and step.span.line == line for step in finding.flow)
    ]
    for finding in here:
        claimed = ", allowed by a claim" if finding.claimed else ""
        yield f"{finding.rule}: {finding.message}"
        yield f"  confidence {finding.confidence}, shown to the audience {finding.audience}{claimed}"
        for step in finding.flow:
            yield f"  {step.span.path}:{step.span.line}  {step.note}"
    for finding in passing:
        yield f"on the way to {finding.rule} at {finding.span.path}:{finding.span.line}: {finding.message}"
    for gap in result.gaps:
        if gap.path == place:
            yield f"not analysed: {gap.path}: {gap.reason}"
    if not here:
        yield f"nothing is reported at {place}:{line}" + (". What was seen there:" if probe.notes else "")
    yield from probe.notes
    if not here and not probe.notes:
        yield "no call and no labelled name was evaluated on this line: it is never reached, or holds neither"


def _touches(finding: Finding, line: int) -> bool:
    return finding.span.line <= line <= finding.span.end_line
