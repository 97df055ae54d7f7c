"""A proof told as a scan is: every leak a finding that is proved, everything without a conclusion a gap. So each format can tell it."""

from __future__ import annotations

from leaktight.model import (
    Audience,
    Confidence,
    Finding,
    Gap,
    ProjectInfo,
    Proof,
    Result,
    Severity,
    Span,
    Tightness,
    Verdict,
)
from leaktight.report.rulebook import Rulebook


def as_result(proof: Proof, rules: Rulebook) -> Result:
    """Return what a scan would tell of the same."""
    leaks = [_finding(verdict, rules) for verdict in proof.of(Tightness.LEAKING)]
    gaps = [Gap(_path(verdict), 0, verdict.message) for verdict in proof.of(Tightness.INCONCLUSIVE)]
    return Result(
        project=ProjectInfo(root=proof.target, counts=dict(proof.counts)),
        findings=tuple(sorted(leaks, key=lambda finding: finding.key)),
        gaps=tuple(sorted(gaps)),
        claims=(),
        proofs=(proof,),
    )


def _finding(verdict: Verdict, rules: Rulebook) -> Finding:
    rule = rules.get(verdict.rule)
    line = verdict.place.line if verdict.place else 1
    request = verdict.request
    seen = f" ({request.method} {request.path})" if request else ""
    return Finding(
        rule=verdict.rule,
        severity=rule.severity if rule else Severity.HIGH,
        confidence=Confidence.HIGH,
        audience=Audience.DEFAULT,
        label=verdict.label or None,
        channel=verdict.channel,
        missing=verdict.missing,
        message=f"proved: {verdict.message}{seen}",
        span=Span(_path(verdict), line, 1, line, 1),
        symbol=verdict.place.symbol if verdict.place else "",
        fingerprint=verdict.proves,
        proofs=(verdict,),
    )


def _path(verdict: Verdict) -> str:
    """Where it is: a file of the project, or else the address it was seen at."""
    if verdict.place:
        return verdict.place.path
    return (verdict.request.path.strip("/") if verdict.request else "") or "."
