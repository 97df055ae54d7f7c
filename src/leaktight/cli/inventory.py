"""`leaktight inventory`: where sensitive data goes, protected or not."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, replace

from leaktight import __version__
from leaktight.cli.acts import Listing
from leaktight.cli.console import Progress, complain, write
from leaktight.cli.errors import UsageError, require
from leaktight.cli.scan import Request, cache_of, effective, existing, jobs_of
from leaktight.model import Exposure
from leaktight.report import Status


@dataclass(frozen=True, slots=True)
class Question:
    """What the user wants to know."""

    path: str = "."
    format: Listing = Listing.TEXT
    since: str = ""
    labels: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    allow_gaps: bool = False
    jobs: int | None = None
    no_cache: bool = False


def inventory(question: Question) -> Status:
    """List the ways out; the exit status tells only whether everything could be looked at."""
    [path] = existing([question.path])
    config = effective([path], Request(no_cache=question.no_cache)).config
    from leaktight import engine
    from leaktight.policy import LABELS, Channel
    from leaktight.report import inventory as told

    labels = require("label", question.labels, [*LABELS, *config.labels])
    channels = require("channel", question.channels, [str(channel) for channel in Channel])
    progress = Progress()
    try:
        found = engine.inventory(
            path,
            config,
            jobs=jobs_of(question.jobs),
            today=datetime.date.today(),  # noqa: DTZ011  # a claim ends where the user lives
            progress=progress,
            since=question.since,
            cache=cache_of(config),
        )
    except engine.NoHistoryError as error:
        raise UsageError(f"--diff {question.since}: {error}") from None
    progress.clear()

    def asked(ways: tuple[Exposure, ...]) -> tuple[Exposure, ...]:
        return tuple(
            way for way in ways if (labels is None or way.label in labels) and (channels is None or way.channel in channels)
        )

    found = replace(found, ways=asked(found.ways), starts=asked(found.starts), stops=asked(found.stops))
    match question.format:
        case Listing.TEXT:
            write(told.render_inventory_text(found))
        case Listing.MARKDOWN:
            write(told.render_inventory_markdown(found), as_utf8=True)
        case Listing.CSV:
            write(told.render_inventory_csv(found), as_utf8=True)
        case Listing.JSON:
            write(told.render_inventory_json(found, version=__version__), as_utf8=True)
        case Listing.HTML:
            write(told.render_inventory_html(found, version=__version__), as_utf8=True)
    if found.gaps and not question.allow_gaps:
        complain(f"exit status 3: {len(found.gaps)} places could not be analysed")
        return Status.INCOMPLETE
    return Status.TIGHT
