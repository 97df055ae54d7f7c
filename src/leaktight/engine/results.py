"""Results after the scan: several as one, and only the part that was asked for."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from leaktight.model import Claim, Finding, Gap, ProjectInfo, Result, Span


def narrowed(result: Result, labels: Collection[str] | None, channels: Collection[str] | None) -> Result:
    """Only the findings about some labels or channels, when that was asked for."""
    if labels is None and channels is None:
        return result
    kept = tuple(
        finding
        for finding in result.findings
        if (labels is None or finding.label in labels) and (channels is None or finding.channel in channels)
    )
    return replace(result, findings=kept)


def merged(results: Sequence[Result]) -> Result:
    """Several results as one, each path with the name of its root in front."""
    findings: list[Finding] = []
    gaps: list[Gap] = []
    claims: list[Claim] = []
    counts: dict[str, int] = {}
    left_out: dict[str, int] = {}
    hidden: dict[str, int] = {}
    settings: list[str] = []
    for result in results:
        root = result.project.root
        for finding in result.findings:
            flow = tuple(replace(item, span=_below(item.span, root)) for item in finding.flow)
            related = tuple(replace(item, span=_below(item.span, root)) for item in finding.related)
            findings.append(replace(finding, span=_below(finding.span, root), flow=flow, related=related))
        gaps += [replace(gap, path=f"{root}/{gap.path}") for gap in result.gaps]
        claims += [replace(claim, span=_below(claim.span, root)) for claim in result.claims]
        settings += [f"{root}/{path}" for path in result.project.settings]
        for total, part in ((counts, result.project.counts), (left_out, result.project.left_out), (hidden, result.hidden)):
            for key, value in part.items():
                total[key] = total.get(key, 0) + value
    info = ProjectInfo(
        root=" ".join(result.project.root for result in results), settings=tuple(settings), counts=counts, left_out=left_out
    )
    fixes = [
        replace(
            fix,
            span=_below(fix.span, result.project.root),
            edits=tuple(replace(edit, path=f"{result.project.root}/{edit.path}") for edit in fix.edits),
        )
        for result in results
        for fix in result.fixes
    ]
    findings.sort(key=lambda finding: finding.key)
    return Result(info, tuple(findings), tuple(sorted(gaps)), tuple(claims), hidden, tuple(fixes))


def _below(span: Span, root: str) -> Span:
    return replace(span, path=f"{root}/{span.path}")
