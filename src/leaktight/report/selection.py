"""Which findings a report tells, in which order, and how many they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from leaktight.model import Finding, Result, Severity


def open_findings(result: Result) -> list[Finding]:
    """Return the findings that no claim allows, in the order of their places."""
    return [finding for finding in result.findings if not finding.claimed]


def worst(result: Result) -> list[Finding]:
    """Return the findings that no claim allows, the worst and surest first."""
    return sorted(open_findings(result), key=lambda item: (-item.severity.rank, -item.confidence.rank, not item.proofs, item.key))


def counted(findings: Sequence[Finding]) -> str:
    """Say how many findings there are, by severity: `3 findings: 1 high, 2 low`."""
    by = Counter(finding.severity for finding in findings)
    parts = [f"{by[severity]} {severity}" for severity in reversed(Severity) if by[severity]]
    return f"{len(findings)} finding{'s' * (len(findings) != 1)}: {', '.join(parts)}" if findings else "no finding"


def flow_lines(finding: Finding) -> list[str]:
    """Return the flow of a finding, a line for each step: `place note`."""
    return [f"{step.span.path}:{step.span.line}:{step.span.column} {step.note}" for step in finding.flow]
