"""The evidence on the page: what proofs saw come out, what the guard saw on the running site, and what all of it rests on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from html import escape

from leaktight.model import Finding, Proof, Sighting, Tightness, Verdict
from leaktight.report.html_page import table
from leaktight.report.ink import visible
from leaktight.report.sightings import is_about

_MOST_PROOFS = 5
_MOST_SIGHTINGS = 200
_DONE = {"report": "let through", "mask": "masked", "block": "stopped"}


def proved(verdicts: Sequence[Verdict]) -> Iterator[str]:
    """What a proof saw of a finding: the request, the line the canary stood in, and how to see it again."""
    if not verdicts:
        return
    yield '<div class="proved"><h4>Proved: a canary came out</h4>'
    for verdict in verdicts[:_MOST_PROOFS]:
        yield f"<p>{_text(verdict.message)}</p>"
        rows = {
            "request": _request(verdict),
            "seen": f"<code>{_text(verdict.evidence)}</code>" if verdict.evidence else "",
            "again": f'<pre tabindex="0"><code>{_text(verdict.reproduction)}</code></pre>' if verdict.reproduction else "",
        }
        yield f"<dl>{''.join(f'<div><dt>{name}</dt><dd>{value}</dd></div>' for name, value in rows.items() if value)}</dl>"
    left = len(verdicts) - _MOST_PROOFS
    yield f"{f'<p>{left} more like it.</p>' if left > 0 else ''}</div>"


def seen(finding: Finding, sightings: Sequence[Sighting]) -> Iterator[str]:
    """What the guard saw of a finding on the running site."""
    alike = [one for one in sightings if is_about(one, finding)]
    if alike:
        times = sum(one.count for one in alike)
        done = ", ".join(sorted({_DONE.get(one.mode, one.mode) for one in alike}))
        last = max(one.last for one in alike)
        yield f'<p class="seen"><b>Seen by the guard</b> {times:,} time{"s" * (times != 1)}, last {_moment(last)}: {_text(done)}.</p>'


def evidence(findings: Sequence[Finding], proofs: Sequence[Proof], sightings: Sequence[Sighting]) -> Iterator[str]:
    """What the page rests on besides the code; nothing when there is nothing else."""
    if not proofs and not sightings:
        return
    count = Counter(str(item.evidence) for item in findings)
    parts = [f"{count[name]} {name}" for name in ("proved", "traced", "stated") if count[name]]
    yield f"<p>Of the findings, {_text(', '.join(parts) or 'none is left')}.</p>"
    if proofs:
        heads = ("what was run or asked", "said", "leaking", "tight", "not exercised", "how")
        rows = [
            [
                _text(proof.target),
                f'<b class="{_MOOD[proof.outcome]}">{proof.outcome}</b>',
                *(f"{len(proof.of(one)):,}" for one in (Tightness.LEAKING, Tightness.TIGHT, Tightness.INCONCLUSIVE)),
                _text("; ".join([*(f"{number:,} {name}" for name, number in proof.counts.items()), *proof.notes])),
            ]
            for proof in proofs
        ]
        yield from table("Proofs", heads, rows)
    if sightings:
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
        yield from table(
            "Seen by the guard on the running site", ("label", "channel", "view", "written", "done", "times", "last"), rows
        )
        left = len(sightings) - _MOST_SIGHTINGS
        if left > 0:
            yield f"<p>{left:,} rarer ones are left out.</p>"


_MOOD = {Tightness.LEAKING: "high", Tightness.TIGHT: "calm", Tightness.INCONCLUSIVE: "medium"}


def _request(verdict: Verdict) -> str:
    request = verdict.request
    if request is None:
        return ""
    said = f"{request.method} {request.path}{f' as {request.role}' if request.role else ''}"
    return f"<code>{_text(said)}</code>{f', canary in {_text(request.planted)}' if request.planted else ''}"


def _moment(text: str) -> str:
    return _text(text.replace("T", " ").partition("+")[0][:16])


def _text(text: str) -> str:
    return escape(visible(" ".join(text.split())))
