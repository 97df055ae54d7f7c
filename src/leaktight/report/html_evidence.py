"""The evidence on the page beside the code: what the guard saw on the running site."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from leaktight.model import Finding, Sighting
from leaktight.report.html_page import table
from leaktight.report.ink import visible
from leaktight.report.sightings import is_about

_MOST_SIGHTINGS = 200
_DONE = {"report": "let through", "mask": "masked", "block": "stopped"}


def seen(finding: Finding, sightings: Sequence[Sighting]) -> Iterator[str]:
    """What the guard saw of a finding on the running site."""
    alike = [one for one in sightings if is_about(one, finding)]
    if alike:
        times = sum(one.count for one in alike)
        done = ", ".join(sorted({_DONE.get(one.mode, one.mode) for one in alike}))
        last = max(one.last for one in alike)
        yield f'<p class="seen"><b>Seen by the guard</b> {times:,} time{"s" * (times != 1)}, last {_moment(last)}: {_text(done)}.</p>'


def evidence(sightings: Sequence[Sighting]) -> Iterator[str]:
    """What the page rests on besides the code; nothing when there is nothing else."""
    if not sightings:
        return
    rows = [
        [
            _text(one.label),
            _text(one.channel),
            f"<code>{_text(one.view)}</code>" if one.view else "–",
            _text(one.form or "plain"),
            _text(_DONE.get(one.mode, one.mode)),
            f"{one.count:,}",
            _moment(one.last),
        ]
        for one in sightings[:_MOST_SIGHTINGS]
    ]
    heads = ("label", "channel", "view", "written", "done", "times", "last")
    yield from table("Seen by the guard on the running site", heads, rows)
    left = len(sightings) - _MOST_SIGHTINGS
    if left > 0:
        yield f"<p>{left:,} rarer ones are left out.</p>"


def _moment(text: str) -> str:
    return _text(text.replace("T", " ").partition("+")[0][:16])


def _text(text: str) -> str:
    return escape(visible(" ".join(text.split())))
