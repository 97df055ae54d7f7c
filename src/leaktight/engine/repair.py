"""Repairing a project: propose fixes, make them on paper, scan again, and keep only those that took the leak away and brought none."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from leaktight.config import Config
from leaktight.edit import Conflict, Desk, Document, NotPossible, OtherKind, apply
from leaktight.engine.scan import ProjectScan
from leaktight.model import Audience, Edit, Finding, Fix, Gap, Result, Safety
from leaktight.rules.api import Rule
from leaktight.source.cache import Cache

_MOST_ROUNDS = 12
"""Fixes that touch the same characters are made in successive rounds."""

Scan = Callable[[Mapping[str, bytes]], ProjectScan]


@dataclass(frozen=True, slots=True)
class Undone:
    """A fix that was taken back, or could not be made, and why."""

    rule: str
    path: str
    line: int
    reason: str


@dataclass(slots=True)
class Repair:
    """What was repaired: fixes in the order they were made, and the files they change."""

    fixes: list[Fix] = field(default_factory=list)
    undone: list[Undone] = field(default_factory=list)
    shown: list[Fix] = field(default_factory=list)
    """Fixes beyond the level that was asked for: what they would do."""
    before: dict[str, bytes] = field(default_factory=dict)
    after: dict[str, bytes] = field(default_factory=dict)
    result: Result | None = None
    """The scan of the project as repaired."""


def repair(
    root: str | Path,
    config: Config,
    *,
    level: Safety,
    audience: Audience,
    rules: Collection[str] | None = None,
    only: Collection[str] | None = None,
    jobs: int = 1,
    today: datetime.date | None = None,
    cache: Cache | None = None,
) -> Repair:
    """Repair a project on paper: nothing is written.

    `level` is the least safety of a fix that is made; `rules` names the rules whose findings are repaired and `only` their
    fingerprints, all when None. All rules judge the outcome.
    """

    def scan(changed: Mapping[str, bytes]) -> ProjectScan:
        return ProjectScan(Path(root), config, audience=audience, jobs=jobs, changed=changed, today=today, cache=cache)

    return _Work(scan, level, rules, only).run()


class _Work:
    """The rounds of one repair."""

    def __init__(self, scan: Scan, level: Safety, rules: Collection[str] | None, only: Collection[str] | None) -> None:
        self.scan = scan
        self.level = level
        self.rules = rules
        self.only = only
        self.banned: set[str] = set()
        self.done = Repair()

    def run(self) -> Repair:
        current = self.scan({})
        result = current.run()
        for _ in range(_MOST_ROUNDS):
            chosen = self._proposed(current, result)
            made = self._verified(chosen, current, result)
            if made is None:
                break
            current, result = made
        self.done.result = result
        return self.done

    # -- proposing -----------------------------------------------------------------------------

    def _proposed(self, scan: ProjectScan, result: Result) -> list[Fix]:
        """The fixes of this round: none touches what another touches."""
        desk = _desk(scan)
        chosen: list[Fix] = []
        taken: dict[str, list[Edit]] = {}
        self.done.shown = []
        for finding in result.findings:
            if (
                finding.claimed
                or finding.fingerprint in self.banned
                or (self.rules is not None and finding.rule not in self.rules)
            ):
                continue
            fix = self._fix_for(finding, _rule(scan, finding), desk)
            if fix is None:
                continue
            if not fix.safety.at_least(self.level):
                self.done.shown.append(fix)
            elif _fits(fix, taken):
                chosen.append(fix)
                for edit in fix.edits:
                    taken.setdefault(edit.path, []).append(edit)
        return chosen

    def _is_wanted(self, finding: Finding) -> bool:
        return (self.rules is None or finding.rule in self.rules) and (self.only is None or finding.fingerprint in self.only)

    def _fix_for(self, finding: Finding, rule: Rule | None, desk: Desk) -> Fix | None:
        try:
            return proposal(finding, rule, desk)
        except NotPossible as reason:
            self._ban(finding.fingerprint, Undone(finding.rule, finding.span.path, finding.span.line, str(reason)))
            return None

    def _ban(self, fingerprint: str, undone: Undone) -> None:
        self.banned.add(fingerprint)
        if undone not in self.done.undone:
            self.done.undone.append(undone)

    # -- verifying -----------------------------------------------------------------------------

    def _verified(self, chosen: list[Fix], scan: ProjectScan, before: Result) -> tuple[ProjectScan, Result] | None:
        """Make the fixes and scan again; take back those that did not help, until what is left holds. None when nothing is left."""
        while chosen:
            changed = self._made(chosen, scan)
            if changed is None:
                chosen = chosen[:-1]
                continue
            after_scan = self.scan({**self.done.after, **changed})
            after = after_scan.run()
            bad = _failures(chosen, before, after)
            if not bad:
                for path in changed:
                    self.done.before.setdefault(path, _bytes(scan, path))
                self.done.after |= changed
                self.done.fixes += chosen
                return after_scan, after
            for fix, reason in bad.items():
                self._ban(fix.fingerprint, Undone(fix.rule, fix.span.path, fix.span.line, reason))
            chosen = [fix for fix in chosen if fix not in bad]
        return None

    def _made(self, chosen: Sequence[Fix], scan: ProjectScan) -> dict[str, bytes] | None:
        edits: dict[str, list[Edit]] = {}
        for fix in chosen:
            for edit in fix.edits:
                edits.setdefault(edit.path, []).append(edit)
        changed: dict[str, bytes] = {}
        for path, wanted in edits.items():
            try:
                changed[path] = apply(Document(path, _bytes(scan, path), python=path.endswith((".py", ".pyi"))), wanted)
            except (Conflict, UnicodeEncodeError) as error:
                last = chosen[-1]
                self._ban(last.fingerprint, Undone(last.rule, last.span.path, last.span.line, str(error)))
                return None
        return changed


def proposal(finding: Finding, rule: Rule | None, desk: Desk) -> Fix | None:
    """Return the first possible fix of a finding; None when its rule has no fixer. Raises `NotPossible` when none of them can be made."""
    if rule is None or not rule.fixers:
        return None
    reason = other = ""
    for fixer in rule.fixers:
        try:
            edits = tuple(fixer.edits(finding, desk))
        except OtherKind as no:
            other = other or str(no)
            continue
        except NotPossible as no:
            reason = reason or str(no)
            continue
        if edits:
            return Fix(
                finding.rule, finding.span, finding.fingerprint, fixer.safety, fixer.title, fixer.effect, edits, fixer.uncovers
            )
    raise NotPossible(reason or other or "nothing to change was found at this place")


def _desk(scan: ProjectScan) -> Desk:
    assert scan.read is not None  # the scan has run
    return Desk(scan.tree.read, scan.read)


def _rule(scan: ProjectScan, finding: Finding) -> Rule | None:
    return next((rule for rule in scan.all_rules if rule.name == finding.rule), None)


def _bytes(scan: ProjectScan, path: str) -> bytes:
    data = scan.tree.read(path)
    assert not isinstance(data, Gap)  # an edit of it was made
    return data


def _fits(fix: Fix, taken: Mapping[str, list[Edit]]) -> bool:
    return not any(_touch(edit, other) for edit in fix.edits for other in taken.get(edit.path, ()))


def _touch(one: Edit, other: Edit) -> bool:
    """Tell whether two edits change the same characters. The same edit twice is one, as an import that two fixes need."""
    if one == other:
        return False
    if one.start == one.end and other.start == other.end:
        return False
    return one.start < other.end and other.start < one.end


# -- comparing two scans -----------------------------------------------------------------------


def _key(finding: Finding) -> tuple[str, ...]:
    return (finding.rule, finding.span.path, finding.symbol, finding.label or "", finding.channel)


def _failures(fixes: Sequence[Fix], before: Result, after: Result) -> dict[Fix, str]:
    """Return the fixes to take back: their finding is still there, or they brought a new one, or a file does not parse any more."""
    had = Counter(map(_key, _open(before)))
    has = Counter(map(_key, _open(after)))
    repaired = {finding.fingerprint: _key(finding) for finding in before.findings}
    meant = Counter(repaired[fix.fingerprint] for fix in fixes if fix.fingerprint in repaired)
    bad: dict[Fix, str] = {}
    still = {finding.fingerprint for finding in _open(after)}
    for fix in fixes:
        key = repaired.get(fix.fingerprint)
        if key is not None and has[key] > had[key] - meant[key] and (fix.fingerprint in still or meant[key] == had[key]):
            bad[fix] = "the finding was still there afterwards"
    if bad:
        return bad
    for gap in set(after.gaps) - set(before.gaps):
        _blame(bad, fixes, gap.path, "", f"{gap.path} could not be analysed any more: {gap.reason}")
    uncovered = {rule for fix in fixes for rule in fix.uncovers}
    for finding in _open(after):
        key = _key(finding)
        if has[key] > had[key] and finding.rule not in uncovered:
            _blame(
                bad,
                fixes,
                finding.span.path,
                finding.rule,
                f"it brought a new finding: {finding.rule} at {finding.span.path}:{finding.span.line}",
            )
    return bad


def _blame(bad: dict[Fix, str], fixes: Sequence[Fix], path: str, rule: str, reason: str) -> None:
    """Name who did it: the fixes of that file, or else of that rule, or else all."""
    there = [fix for fix in fixes if any(edit.path == path for edit in fix.edits)]
    for fix in there or [fix for fix in fixes if fix.rule == rule] or fixes:
        bad.setdefault(fix, reason)


def _open(result: Result) -> Iterable[Finding]:
    return (finding for finding in result.findings if not finding.claimed)
