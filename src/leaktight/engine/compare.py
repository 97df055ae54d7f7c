"""Two scans, one before fixes and one after them: which of the fixes did not help, or did harm."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from leaktight.model import Finding, Fix, Result


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a fix is taken back. It is a suspect when others could have done it as well: then it is tried again without them."""

    reason: str
    is_suspect: bool = False


def failures(fixes: Sequence[Fix], before: Result, after: Result) -> dict[Fix, Failure]:
    """Return the fixes to take back: their finding is still there, or they brought a new one, or a file does not parse any more."""
    had = Counter(map(_key, _open(before)))
    has = Counter(map(_key, _open(after)))
    repaired = {finding.fingerprint: _key(finding) for finding in before.findings}
    meant = Counter(repaired[fix.fingerprint] for fix in fixes if fix.fingerprint in repaired)
    bad: dict[Fix, Failure] = {}
    still = {finding.fingerprint for finding in _open(after)}
    for fix in fixes:
        key = repaired.get(fix.fingerprint)
        if key is not None and has[key] > had[key] - meant[key] and (fix.fingerprint in still or meant[key] == had[key]):
            bad[fix] = Failure("the finding was still there afterwards", meant[key] > 1)
    if bad:
        return bad
    for gap in set(after.gaps) - set(before.gaps):
        _blame(bad, fixes, gap.path, "", f"{gap.path} could not be analysed any more: {gap.reason}")
    uncovered = {rule for fix in fixes for rule in fix.uncovers}
    for finding in _open(after):
        key = _key(finding)
        if has[key] > had[key] and finding.rule not in uncovered:
            place = f"{finding.rule} at {finding.span.path}:{finding.span.line}"
            _blame(bad, fixes, finding.span.path, finding.rule, f"it brought a new finding: {place}")
    return bad


def _blame(bad: dict[Fix, Failure], fixes: Sequence[Fix], path: str, rule: str, reason: str) -> None:
    """Name who did it: the fixes of that file, or else of that rule, or else all."""
    there = [fix for fix in fixes if any(edit.path == path for edit in fix.edits)]
    blamed = there or [fix for fix in fixes if fix.rule == rule] or fixes
    for fix in blamed:
        bad.setdefault(fix, Failure(reason, len(blamed) > 1))


def _key(finding: Finding) -> tuple[str, ...]:
    """What tells a finding apart although lines moved; about what is missing at a place, only its message does."""
    span = finding.span
    missing = finding.message if (span.line, span.column) == (span.end_line, span.end_column) else ""
    return (finding.rule, span.path, finding.symbol, finding.label or "", finding.channel, missing)


def _open(result: Result) -> Iterable[Finding]:
    return (finding for finding in result.findings if not finding.claimed)
