"""The baseline: findings a project had when it began, by content and with their count; it can only shrink by itself."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from leaktight.model import Audience, Confidence, Finding, Result, Severity, Span
from leaktight.source.claims import UNUSED

FILE = "leaktight-baseline.json"
_SCHEMA = 1


class BaselineError(Exception):
    """The file is no baseline; the text says why."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """Content key → rule and how many findings of that content are known."""

    entries: dict[str, tuple[str, int]] = field(default_factory=dict)

    @classmethod
    def of(cls, findings: Iterable[Finding]) -> Baseline:
        """Take up these findings."""
        counted: Counter[str] = Counter()
        rules: dict[str, str] = {}
        for finding in findings:
            key = content_key(finding)
            counted[key] += 1
            rules[key] = finding.rule
        return cls({key: (rules[key], number) for key, number in counted.items()})

    @classmethod
    def read(cls, text: str) -> Baseline:
        """Read a file. Raises `BaselineError`."""
        try:
            document = json.loads(text)
            if document["schema"] != _SCHEMA:
                raise BaselineError(f"its schema is {document['schema']}, and this version knows {_SCHEMA}")
            return cls({str(entry["key"]): (str(entry["rule"]), int(entry["count"])) for entry in document["entries"]})
        except (ValueError, TypeError, KeyError, RecursionError):
            raise BaselineError("it is not of the form that `leaktight claims add --baseline` writes") from None

    def text(self) -> str:
        """The file: sorted, an entry a line, no line numbers, so that two changes of it merge."""
        ordered = sorted((rule, key, number) for key, (rule, number) in self.entries.items())
        lines = [json.dumps({"rule": rule, "key": key, "count": number}) for rule, key, number in ordered]
        body = ",\n    ".join(lines)
        return f'{{\n  "schema": {_SCHEMA},\n  "entries": [{f"{chr(10)}    {body}{chr(10)}  " if lines else ""}]\n}}\n'

    @property
    def total(self) -> int:
        """How many findings it covers."""
        return sum(number for _, number in self.entries.values())

    def pruned(self, findings: Iterable[Finding]) -> Baseline:
        """Leave only what is still found; nothing is added."""
        has = Counter(map(content_key, findings))
        left = {key: (rule, min(number, has[key])) for key, (rule, number) in self.entries.items()}
        return Baseline({key: entry for key, entry in left.items() if entry[1]})


def content_key(finding: Finding) -> str:
    """The fingerprint without the number that tells equal findings apart."""
    return finding.fingerprint.partition(":")[0]


def apply_baseline(result: Result, baseline: Baseline, text: str, *, path: str | None) -> Result:
    """Mark the findings the baseline knows as claimed; of equal ones as many as it counts.

    `path` is where the file lies below the scanned folder, and `text` what it holds: entries that are not found any more
    are then findings, too. None when only a part of the project was looked at.
    """
    left = {key: number for key, (_, number) in baseline.entries.items()}
    told: list[Finding] = []
    known = 0
    for finding in result.findings:
        key = content_key(finding)
        if not finding.claimed and left.get(key, 0):
            left[key] -= 1
            known += 1
            told.append(replace(finding, claimed=True))
        else:
            told.append(finding)
    stale = sum(left.values())
    if path is not None and stale:
        told.append(_stale(path, text, next(key for key in sorted(left) if left[key]), stale))
    hidden = result.hidden | ({"baseline": known} if known else {})
    return replace(result, findings=tuple(sorted(told, key=lambda finding: finding.key)), hidden=dict(sorted(hidden.items())))


def _stale(path: str, text: str, key: str, number: int) -> Finding:
    line = next((index for index, row in enumerate(text.splitlines(), 1) if key in row), 1)
    some = "a finding that is" if number == 1 else f"{number} findings that are"
    return Finding(
        rule=UNUSED,
        severity=Severity.LOW,
        confidence=Confidence.HIGH,
        audience=Audience.DEFAULT,
        label=None,
        channel="",
        missing=(),
        message=f"the baseline allows {some} not there any more: `leaktight claims prune` takes it out",
        span=Span(path, line, 1, line, 2),
        symbol="",
    )


def only_new(result: Result, before: Result) -> Result:
    """Only what was not there before: findings by content and count, gaps by file and reason."""
    had = Counter(content_key(finding) for finding in before.findings if finding.fingerprint)
    kept: list[Finding] = []
    known = 0
    for finding in result.findings:
        key = content_key(finding)
        if finding.fingerprint and had[key] > 0:
            had[key] -= 1
            known += not finding.claimed
        else:
            kept.append(finding)
    old = {(gap.path, gap.reason) for gap in before.gaps}
    gaps = tuple(gap for gap in result.gaps if (gap.path, gap.reason) not in old)
    hidden = result.hidden | ({"known": known} if known else {})
    if len(gaps) < len(result.gaps):
        hidden["known gaps"] = len(result.gaps) - len(gaps)
    return replace(result, findings=tuple(kept), gaps=gaps, hidden=dict(sorted(hidden.items())))
