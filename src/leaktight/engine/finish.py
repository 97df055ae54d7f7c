"""From raw findings to the list users see: one for each leak, fingerprinted, claimed, in order."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from leaktight.model import Finding

Lines = Callable[[str], list[str] | None]


def strongest(findings: Iterable[Finding]) -> list[Finding]:
    """Keep, of the findings of one rule at one place about one label, the surest with the shortest flow."""
    best: dict[tuple[object, ...], Finding] = {}
    for finding in findings:
        key = (finding.rule, finding.span.path, finding.span.line, finding.span.column, finding.label, finding.channel)
        known = best.get(key)
        if known is None or _weight(finding) > _weight(known):
            best[key] = finding
    return sorted(best.values(), key=lambda finding: finding.key)


def _weight(finding: Finding) -> tuple[object, ...]:
    return (finding.confidence.rank, -finding.audience.rank, -len(finding.flow), tuple(reversed(finding.key[:1])))


def with_fingerprints(findings: Sequence[Finding], lines: Lines) -> list[Finding]:
    """Give each finding a key that survives moved lines, reformatting and renamed files."""
    seen: dict[str, int] = {}
    result = []
    for finding in findings:
        text = lines(finding.span.path) or []
        line = text[finding.span.line - 1] if 0 < finding.span.line <= len(text) else ""
        symbol = finding.symbol.rpartition(".")[2] or finding.span.path.rpartition("/")[2]
        content = "\0".join((finding.rule, symbol, finding.label or "", finding.channel, "".join(line.split())))
        count = seen[content] = seen.get(content, 0) + 1
        digest = hashlib.blake2b(f"{content}\0{count}".encode("utf-8", "replace"), digest_size=12).hexdigest()
        result.append(replace(finding, fingerprint=digest))
    return result
