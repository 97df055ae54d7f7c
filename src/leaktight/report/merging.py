"""A scan and proofs told as one: what both say is proved, what only a proof says is added, what came to no conclusion is a gap."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from leaktight.model import Confidence, Finding, Proof, Result, Tightness, Verdict
from leaktight.report.proof_result import as_result
from leaktight.report.rulebook import Rulebook


def merged(result: Result, proofs: Sequence[Proof], rules: Rulebook) -> Result:
    """Return the result of a scan with proofs in it.

    A finding that a leak confirms (its `proves` is the finding's fingerprint) rises to `proved`, with high confidence; it stays claimed
    when it is claimed. A leak that confirms none becomes a finding of its own.
    """
    confirms: defaultdict[str, list[Verdict]] = defaultdict(list)
    known = {finding.fingerprint for finding in result.findings if finding.fingerprint}
    for proof in proofs:
        for verdict in proof.of(Tightness.LEAKING):
            if verdict.proves in known:
                confirms[verdict.proves].append(verdict)
    findings = [_risen(finding, confirms.get(finding.fingerprint, ())) for finding in result.findings]
    gaps = list(result.gaps)
    for proof in proofs:
        own = tuple(verdict for verdict in proof.verdicts if verdict.proves not in known)
        told = as_result(replace(proof, verdicts=own), rules)
        findings += told.findings
        gaps += told.gaps
    return replace(
        result,
        findings=tuple(sorted(findings, key=lambda finding: finding.key)),
        gaps=tuple(sorted(set(gaps))),
        proofs=tuple(proofs),
    )


def _risen(finding: Finding, verdicts: Sequence[Verdict]) -> Finding:
    return replace(finding, confidence=Confidence.HIGH, proofs=tuple(verdicts)) if verdicts else finding
