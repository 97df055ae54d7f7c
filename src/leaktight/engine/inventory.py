"""The inventory: every way labelled data leaves, protected or not, with what the policy demands there and what is missing."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator
from pathlib import Path

from leaktight.config import Config
from leaktight.engine.history import as_it_was
from leaktight.engine.judge import arrivals
from leaktight.engine.scan import Progress, ProjectScan
from leaktight.flow.events import Arrival
from leaktight.flow.machine import Machine
from leaktight.model import Audience, Exposure, Finding, Inventory, Span
from leaktight.policy import LABELS, Channel, Safeguard, demands
from leaktight.source.cache import Cache


def inventory(
    path: str | Path,
    config: Config,
    *,
    jobs: int = 1,
    today: datetime.date | None = None,
    progress: Progress | None = None,
    since: str = "",
    cache: Cache | None = None,
) -> Inventory:
    """List the ways out of a project; with a revision in `since`, what starts and what stops since then. Nothing is run."""

    def of(root: Path) -> Inventory:
        ways: list[Exposure] = []

        def collect(machine: Machine, found: list[Finding]) -> None:
            ways.extend(exposures(machine, found))

        scan = ProjectScan(
            root, config, audience=Audience.STRICT, jobs=jobs, today=today, progress=progress, collect=collect, cache=cache
        )
        result = scan.run()
        return Inventory(result.project, tuple(ways), result.gaps)

    now = of(Path(path))
    if not since:
        return now
    with as_it_was(Path(path), since) as old:
        before = of(old)
    known, left = {way.content for way in before.ways}, {way.content for way in now.ways}
    return Inventory(
        now.project,
        now.ways,
        now.gaps,
        since=since,
        starts=tuple(_once(way for way in now.ways if way.content not in known)),
        stops=tuple(_once(way for way in before.ways if way.content not in left)),
    )


def exposures(machine: Machine, found: Iterable[Finding]) -> list[Exposure]:
    """Every arrival of labelled data at a channel, and the findings about data that no call stands for, in order."""
    by_place: dict[tuple[str, int, str | None, str], Finding] = {}
    for finding in found:
        by_place.setdefault(_key(finding.span, finding.label, finding.channel), finding)
    told: set[tuple[str, int, str | None, str]] = set()
    ways: set[Exposure] = set()
    for call in machine.sorted_calls:
        for arrival in arrivals(call):
            spans = [arrival.span, *(step.span for step in arrival.flow[:1])]
            keys = [_key(span, arrival.label, str(arrival.channel)) for span in spans]
            found_here = next((by_place[key] for key in keys if key in by_place), None)
            told.update(key for key in keys if key in by_place)
            ways.add(_exposure(arrival, found_here))
    ways.update(_stated(finding) for key, finding in by_place.items() if key not in told and finding.label and finding.channel)
    return sorted(ways)


def _exposure(arrival: Arrival, finding: Finding | None) -> Exposure:
    span = finding.span if finding else arrival.span
    return Exposure(
        label=arrival.label,
        channel=str(arrival.channel),
        path=span.path,
        line=span.line,
        symbol=arrival.call.symbol,
        through=arrival.call.name,
        state=str(arrival.fact.state),
        demanded=_demanded(arrival.label, str(arrival.channel)),
        missing=finding.missing if finding else (),
        open=finding is not None,
    )


def _stated(finding: Finding) -> Exposure:
    label = finding.label or ""
    return Exposure(
        label=label,
        channel=finding.channel,
        path=finding.span.path,
        line=finding.span.line,
        symbol=finding.symbol,
        through="",
        state="plain",
        demanded=_demanded(label, finding.channel),
        missing=finding.missing,
        open=True,
    )


def _demanded(label: str, channel: str) -> tuple[str, ...]:
    demanded = demands(label, Channel(channel)) if label in LABELS else frozenset({Safeguard.MASKED})
    return tuple(str(safeguard) for safeguard in Safeguard if safeguard in demanded)


def _key(span: Span, label: str | None, channel: str) -> tuple[str, int, str | None, str]:
    return (span.path, span.line, label, channel)


def _once(ways: Iterable[Exposure]) -> Iterator[Exposure]:
    """The first of each content: the same way at two lines of a function is one."""
    seen = set()
    for way in ways:
        if way.content not in seen:
            seen.add(way.content)
            yield way
