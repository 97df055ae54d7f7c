"""From judged cases and pairs to counts: how much is found, how much is wrongly reported, by what it is about."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from data import Row
from scan import Judged, JudgedPair

from leaktight.model import Finding


@dataclass(slots=True)
class Count:
    """Cases to find and found, cases to be silent on and wrongly reported."""

    flag: int = 0
    found: int = 0
    clean: int = 0
    false: int = 0

    def add(self, *, flag: bool, reported: bool) -> None:
        if flag:
            self.flag += 1
            self.found += reported
        else:
            self.clean += 1
            self.false += reported

    @property
    def numbers(self) -> list[int]:
        return [self.flag, self.found, self.clean, self.false]

    @property
    def reports(self) -> list[int]:
        return [self.found, self.false]


@dataclass(slots=True)
class Table:
    """Counts by name."""

    rows: dict[str, Count] = field(default_factory=dict)

    def at(self, name: str) -> Count:
        return self.rows.setdefault(name, Count())

    @property
    def numbers(self) -> dict[str, list[int]]:
        return {name: count.numbers for name, count in sorted(self.rows.items())}


def fitting(judged: Judged, rows: dict[str, Row]) -> list[Finding]:
    """Give the findings that tell about the capability of the case."""
    row = rows[judged.case.capability]
    return [finding for finding in judged.findings if finding.rule in row.rules and re.search(row.says, finding.message)]


def score_cases(cases: Iterable[Judged], rows: dict[str, Row]) -> dict[str, Any]:
    """Count by scope, capability, and by rule, label and channel of what was reported; name what went wrong."""
    scope, capability = Table(), Table()
    by: dict[str, tuple[Table, Callable[[Finding], str]]] = {
        "rule": (Table(), lambda finding: finding.rule),
        "label": (Table(), lambda finding: finding.label or "none"),
        "channel": (Table(), lambda finding: finding.channel),
        "audience": (Table(), lambda finding: str(finding.audience)),
    }
    missed: list[str] = []
    false: list[str] = []
    for judged in cases:
        case, hits = judged.case, fitting(judged, rows)
        reported = bool(hits)
        for name in ("all", "adjacent" if rows[case.capability].adjacent else "core"):
            scope.at(name).add(flag=case.flag, reported=reported)
        capability.at(case.capability).add(flag=case.flag, reported=reported)
        for table, key in by.values():
            for name in {key(hit) for hit in hits}:
                table.at(name).add(flag=case.flag, reported=True)
        if case.flag and not reported:
            missed.append(case.id)
        elif reported and not case.flag:
            false.append(case.id)
    return {
        "scope": scope.numbers,
        "capability": capability.numbers,
        **{name: {key: count.reports for key, count in sorted(table.rows.items())} for name, (table, _) in by.items()},
        "missed": sorted(missed),
        "false": sorted(false),
    }


def score_pairs(pairs: Iterable[JudgedPair], patterns: dict[str, frozenset[str]]) -> dict[str, Any]:
    """Count pairs that are reported before and silent after the repair."""
    scope, pattern = Table(), Table()
    missed: list[str] = []
    false: list[str] = []
    for judged in pairs:
        pair = judged.pair
        rules = patterns.get(pair.pattern, frozenset())
        before = any(finding.rule in rules for finding in judged.before)
        after = any(finding.rule in rules for finding in judged.after) and not pair.residual
        for table, name in (
            (scope, "all"),
            (scope, "run time" if pair.detectable == "runtime-only" else "static"),
            (pattern, pair.pattern),
        ):
            table.at(name).add(flag=True, reported=before)
            table.at(name).add(flag=False, reported=after)
        if not before:
            missed.append(pair.id)
        if after:
            false.append(pair.id)
    return {"scope": scope.numbers, "pattern": pattern.numbers, "missed": sorted(missed), "false": sorted(false)}
