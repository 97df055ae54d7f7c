"""`leaktight scan` and the first run: read, judge, tell, and end with the right status."""

from __future__ import annotations

import datetime
import gc
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from leaktight import __version__
from leaktight.cli.baseline import read_baseline
from leaktight.cli.console import Colour, Progress, complain, terminal, write
from leaktight.cli.errors import UsageError, require
from leaktight.cli.formats import Format, Output, Scanned, outputs, save
from leaktight.cli.rulebook import rulebook
from leaktight.config import Config, Effective, load
from leaktight.model import Audience, Safety, Severity, Sighting
from leaktight.report import Status, decide, render_text

if TYPE_CHECKING:
    from leaktight.source.cache import Cache

_SHOWN_FIRST = 3
_MANY = 10  # findings nobody repairs in one go
_STEP = 37  # columns of the longest command
_MOST_JOBS = 8


@dataclass(frozen=True, slots=True)
class Request:
    """What the user asks of a scan."""

    paths: tuple[str, ...] = ()
    format: Format = Format.TEXT
    output: tuple[str, ...] = ()
    audience: Audience | None = None
    rules: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    fail_on: Severity | None = None
    allow_gaps: bool = False
    exit_zero: bool = False
    settings: tuple[str, ...] = ()
    since: str = ""
    incidents: str = ""
    jobs: int | None = None
    no_cache: bool = False
    quiet: bool = False
    verbose: bool = False
    colour: Colour = Colour.AUTO


def scan(request: Request) -> Status:
    """Scan, write every format asked for, and give the exit status."""
    if request.quiet and request.verbose:
        raise UsageError("-q shows less and -v shows more: give one of them")
    files = outputs(request.output)
    return tell(look(request), request, files)


def tell(scanned: Scanned, request: Request, files: Sequence[Output]) -> Status:
    """Write every format asked for, and give the exit status."""
    for output in files:
        try:
            save(output.path, scanned.told(output.format))
        except OSError as error:
            raise UsageError(f"{output.path} cannot be written: {error.strerror}") from None
    if request.format is Format.TEXT:
        _show(scanned, colour=request.colour, verbose=request.verbose, quiet=request.quiet)
    else:
        write(scanned.told(request.format), as_utf8=True)
        if not request.quiet:
            complain(f"exit status {int(scanned.outcome.status)}: {scanned.outcome.reason}")
    return scanned.outcome.status


def first_run() -> Status:
    """Scan where we are, show the worst, and say what can be done next."""
    scanned = look(Request())
    open_ = [finding for finding in scanned.result.findings if not finding.claimed]
    worst = max(open_, key=lambda item: (item.severity.rank, item.confidence.rank), default=None)
    project = scanned.result.project
    safe = sum(item.fix is not None and item.fix.safety is Safety.SAFE for item in open_)
    other = sum(item.fix is not None for item in open_) - safe
    steps = {
        "leaktight scan": f"shows all {len(open_)}" if len(open_) > _SHOWN_FIRST else "",
        f"leaktight explain {worst.rule if worst else ''}": "says more about the worst" if worst else "",
        "leaktight fix": f"repairs {safe}: shows the change, and asks" if safe else "",
        "leaktight fix --unsafe": f"repairs {other}: says what else changes, and asks" if other and not safe else "",
        "leaktight prove": "runs it apart, watches what comes out" if project.settings and Path("manage.py").is_file() else "",
        "leaktight scan -o html=leaktight.html": "draws a map of it as a page" if open_ else "",
        "leaktight scan PATH": "scans another folder or file" if not project.counts.get("python files") else "",
        "leaktight claims add --baseline": "takes up all that; only what is new counts" if len(open_) > _MANY else "",
    }
    hints = ["", "next:", *(f"  {command:<{_STEP}}  {said}" for command, said in steps.items() if said), ""]
    _show(scanned, at_most=_SHOWN_FIRST, hints=hints)
    return scanned.outcome.status


def _show(
    scanned: Scanned,
    *,
    colour: Colour = Colour.AUTO,
    verbose: bool = False,
    quiet: bool = False,
    at_most: int | None = None,
    hints: Sequence[str] = (),
) -> None:
    """Write the text of a scan as the terminal takes it."""
    shown = terminal(sys.stdout, colour=colour)
    write(
        render_text(
            scanned.result,
            scanned.outcome,
            rules=scanned.rules,
            sources=scanned.sources,
            version=__version__,
            width=shown.width,
            colour=shown.colour,
            unicode=shown.unicode,
            verbose=verbose,
            quiet=quiet,
            at_most=at_most,
            hints=hints,
        )
    )


def effective(paths: Sequence[str], request: Request) -> Effective:
    """The configuration of all the paths, with the options of the command line above it."""
    found = {path: load(Path(path)) for path in paths}
    first = found[paths[0]]
    for path, other in found.items():
        if other.file != first.file:
            raise UsageError(f"{paths[0]} and {path} have different configurations; scan them one at a time")
    result = first
    if request.audience is not None:
        result = result.override("--audience", audience=request.audience)
    if request.fail_on is not None:
        result = result.override("--fail-on", fail_on=request.fail_on)
    if request.settings:
        result = result.override("--settings", settings=request.settings)
    if request.no_cache:
        result = result.override("--no-cache", cache=False)
    return result


def cache_of(config: Config) -> Cache | None:
    """The cache of this user, unless it is not wanted."""
    from leaktight.source.cache import Cache, cache_folder

    return Cache(cache_folder()) if config.cache else None


def existing(paths: Sequence[str]) -> tuple[str, ...]:
    """The paths to look at; where we are when none is given."""
    for path in paths:
        if not os.path.lexists(path):
            raise UsageError(f"there is no file or folder {path}")
    return tuple(paths) or (".",)


_HELD: list[object] = []
"""What the scan of one root read. The process ends without taking it apart, which would cost a tenth of the scan."""


def look(request: Request) -> Scanned:
    """Scan what is asked for."""
    paths = existing(request.paths)
    found = effective(paths, request)
    config = found.config
    jobs = jobs_of(request.jobs)

    from leaktight import engine
    from leaktight.policy import LABELS, Channel

    today = datetime.date.today()  # noqa: DTZ011  # a claim ends where the user lives
    progress = Progress(quiet=request.quiet)
    # The rules are loaded while the files are read, unless we must know their names before.
    asked = require("rule", request.rules, [rule.name for rule in engine.all_rules()] if request.rules else [])
    labels = require("label", request.labels, LABELS)
    channels = require("channel", request.channels, [str(channel) for channel in Channel])
    baseline = read_baseline(paths, found)
    if len(paths) > 1:
        gc.enable()  # what was read of one root goes before the next is read
    try:
        result = engine.scan(
            paths,
            config=config,
            jobs=jobs,
            audience=config.audience,
            rules=asked,
            labels=labels,
            channels=channels,
            today=today,
            progress=progress,
            since=request.since,
            offers=True,
            keep=_HELD.append if len(paths) == 1 else None,
            cache=cache_of(config),
        )
    except engine.NoHistoryError as error:
        raise UsageError(f"--diff {request.since}: {error}") from None
    if baseline is not None:
        whole = not (request.since or asked or labels or channels)
        result = baseline.applied(result, whole=whole)
    if request.incidents:
        result = replace(result, sightings=_seen(request.incidents))
    progress.clear()
    return Scanned(
        result=result,
        outcome=decide(result, fail_on=config.fail_on, allow_gaps=request.allow_gaps, exit_zero=request.exit_zero),
        rules=rulebook(engine.all_rules()),
        sources=sources(paths, config),
        today=today,
        verbose=request.verbose,
        quiet=request.quiet,
    )


def _seen(file: str) -> tuple[Sighting, ...]:
    from leaktight.report import read_incidents

    try:
        return read_incidents(Path(file).read_bytes())
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise UsageError(f"{file} tells of no incidents: {error}") from None


def jobs_of(asked: int | None) -> int:
    """The number of processes to use."""
    if asked is not None and asked < 1:
        raise UsageError("-j takes a number of processes, 1 or more")
    return asked or min(os.cpu_count() or 1, _MOST_JOBS)


def sources(paths: Sequence[str], config: Config) -> Callable[[str], list[str] | None]:
    """Read the lines of a reported file again, by the path it is reported under."""
    from leaktight.source.python import decode

    roots = {Path(os.path.realpath(path)).name: Path(os.path.realpath(path)) for path in paths}

    @cache
    def lines(path: str) -> list[str] | None:
        if len(paths) > 1:
            name, _, rest = path.partition("/")
            root, inside = roots.get(name), rest
        else:
            root, inside = next(iter(roots.values())), path
        if root is None:
            return None
        file = root / inside if root.is_dir() else root
        try:
            return decode(file.read_bytes()).split("\n")
        except (OSError, ValueError):
            return None

    return lines
