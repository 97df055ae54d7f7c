"""The report for programs: JSON, schema 1; what it promises is in the design's interface contracts."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec

from leaktight.model import Claim, Finding, Gap, Result, Severity, Step
from leaktight.report.mask import shielded
from leaktight.report.proof_record import proof_record
from leaktight.report.status import Outcome

SCHEMA = 1


def render_json(result: Result, outcome: Outcome, *, version: str) -> str:
    """Render a scan as JSON; keys are always in the same order."""
    result = shielded(result)
    project = result.project
    document = {
        "schema": SCHEMA,
        "tool": {"name": "leaktight", "version": version},
        "project": {
            "root": project.root,
            "settings": list(project.settings),
            "counts": project.counts,
            "left_out": dict(sorted(project.left_out.items())),
        },
        "findings": [_finding(finding) for finding in result.findings],
        "gaps": [_gap(gap) for gap in result.gaps],
        "claims": [_claim(claim) for claim in result.claims],
        "summary": _summary(result, outcome),
    }
    return f"{msgspec.json.format(msgspec.json.encode(document), indent=2).decode()}\n"


def _finding(finding: Finding) -> dict[str, Any]:
    span = finding.span
    return {
        "rule": finding.rule,
        "severity": finding.severity,
        "confidence": finding.confidence,
        "audience": finding.audience,
        "label": finding.label,
        "channel": finding.channel or None,
        "missing": list(finding.missing),
        "message": finding.message,
        "path": span.path,
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
        "symbol": finding.symbol,
        "flow": [_step(step) for step in finding.flow],
        "fingerprint": finding.fingerprint,
        "fix": None if finding.fix is None else {"safety": finding.fix.safety, "title": finding.fix.title},
        "claimed": finding.claimed,
        # A scan alone proves nothing: its findings have the keys they always had.
        **({"evidence": finding.evidence, "proofs": [*map(proof_record, finding.proofs)]} if finding.proofs else {}),
    }


def _step(step: Step) -> dict[str, Any]:
    return {"path": step.span.path, "line": step.span.line, "column": step.span.column, "note": step.note}


def _gap(gap: Gap) -> dict[str, Any]:
    return {"path": gap.path, "line": gap.line, "reason": gap.reason}


def _claim(claim: Claim) -> dict[str, Any]:
    return {
        "rules": list(claim.rules),
        "reason": claim.reason,
        "until": None if claim.until is None else claim.until.isoformat(),
        "path": claim.span.path,
        "line": claim.span.line,
        "column": claim.span.column,
        "first_line": claim.first_line,
        "last_line": claim.last_line,
        "used": claim.used,
    }


def _summary(result: Result, outcome: Outcome) -> dict[str, Any]:
    counted = [finding for finding in result.findings if not finding.claimed]
    severities = Counter(finding.severity for finding in counted)
    rules = Counter(finding.rule for finding in counted)
    return {
        "findings": len(counted),
        "severity": {severity: severities[severity] for severity in reversed(Severity)},
        "rule": dict(sorted(rules.items())),
        "claimed": len(result.findings) - len(counted),
        "hidden": dict(sorted(result.hidden.items())),
        "gaps": len(result.gaps),
        "exit_status": int(outcome.status),
        "reason": outcome.reason,
    }
