"""Repairing a project: propose fixes, make them on paper, scan again, and keep only those that took the leak away and brought none."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from leaktight.config import Config
from leaktight.edit import Conflict, Desk, Document, NotPossible, OtherKind, apply
from leaktight.engine.compare import failures
from leaktight.engine.scan import ProjectScan
from leaktight.model import Audience, Edit, Finding, Fix, Gap, Result, Safety, Style
from leaktight.rules.api import Rule
from leaktight.source.cache import Cache

_MOST_ROUNDS = 12
"""Fixes that touch the same characters are made in successive rounds."""
_MOST_TRIALS = 24
"""How often fixes that were taken back together with others are tried again with fewer of these."""

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

    rounds: list[tuple[Fix, ...]] = field(default_factory=list)
    """Fixes that were made at once; their edits count characters of the files as the rounds before left them."""
    undone: list[Undone] = field(default_factory=list)
    shown: list[Fix] = field(default_factory=list)
    """Fixes beyond the level that was asked for: what they would do."""
    before: dict[str, bytes] = field(default_factory=dict)
    after: dict[str, bytes] = field(default_factory=dict)
    result: Result | None = None
    """The scan of the project as repaired."""

    @property
    def fixes(self) -> list[Fix]:
        """All fixes in the order they were made."""
        return [fix for made in self.rounds for fix in made]


def repair(
    root: str | Path,
    config: Config,
    *,
    level: Safety,
    audience: Audience,
    rules: Collection[str] | None = None,
    only: Collection[str] | None = None,
    style: Style = Style.DJANGO,
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

    return _Work(scan, level, rules, only, style).run()


class _Work:
    """The rounds of one repair."""

    def __init__(
        self, scan: Scan, level: Safety, rules: Collection[str] | None, only: Collection[str] | None, style: Style
    ) -> None:
        self.scan = scan
        self.level = level
        self.rules = rules
        self.only = only
        self.style = style
        self.banned: set[str] = set()
        self.impossible: dict[str, Undone] = {}
        """Findings (fingerprint) that have no fix as the code stands; another fix may make one possible, so they are asked for again."""
        self.doubtful: list[dict[str, str]] = []
        """Groups of findings (fingerprint, and what went wrong) whose fixes were taken back with others: they are tried again apart."""
        self.done = Repair()

    def run(self) -> Repair:
        current = self.scan({})
        result = current.run()
        trials = 0
        while len(self.done.rounds) < _MOST_ROUNDS + trials:
            chosen = self._proposed(current, result)
            if not chosen and self.doubtful and trials < _MOST_TRIALS:
                trials += 1
                chosen = self._proposed(current, result, self.doubtful.pop(0))
            elif not chosen:
                break
            made = self._verified(chosen, current, result)
            if made is not None:
                current, result = made
        for group in self.doubtful:
            for finding in result.findings:
                if finding.fingerprint in group:
                    self._ban(finding, group[finding.fingerprint])
        left = {finding.fingerprint for finding in result.findings}
        for fingerprint, undone in self.impossible.items():
            if fingerprint in left and undone not in self.done.undone:
                self.done.undone.append(undone)
        self.done.result = result
        return self.done

    # -- proposing -----------------------------------------------------------------------------

    def _proposed(self, scan: ProjectScan, result: Result, group: Collection[str] | None = None) -> list[Fix]:
        """The fixes of this round: none touches what another touches. `group` names the findings that are tried apart."""
        desk = _desk(scan)
        apart = {fingerprint for others in self.doubtful for fingerprint in others}
        chosen: list[Fix] = []
        taken: dict[str, list[Edit]] = {}
        self.done.shown = []
        for finding in result.findings:
            if not self._is_wanted(finding) or finding.fingerprint in apart:
                continue
            fix = self._fix_for(finding, _rule(scan, finding), desk)
            if fix is None:
                continue
            if not fix.safety.at_least(self.level):
                self.done.shown.append(fix)
            elif (group is None or finding.fingerprint in group) and _fits(fix, taken):
                chosen.append(fix)
                for edit in fix.edits:
                    taken.setdefault(edit.path, []).append(edit)
        return chosen

    def _is_wanted(self, finding: Finding) -> bool:
        return (
            not finding.claimed
            and finding.fingerprint not in self.banned
            and (self.rules is None or finding.rule in self.rules)
            and (self.only is None or finding.fingerprint in self.only)
        )

    def _fix_for(self, finding: Finding, rule: Rule | None, desk: Desk) -> Fix | None:
        try:
            fix = proposal(finding, rule, desk, self.style)
        except NotPossible as reason:
            self.impossible.setdefault(finding.fingerprint, _undone(finding, str(reason)))
            return None
        self.impossible.pop(finding.fingerprint, None)
        return fix

    def _ban(self, what: Finding | Fix, reason: str) -> None:
        self.banned.add(what.fingerprint)
        undone = _undone(what, reason)
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
            bad = failures(chosen, before, after)
            if not bad:
                for path in changed:
                    self.done.before.setdefault(path, _bytes(scan, path))
                self.done.after |= changed
                self.done.rounds.append(tuple(chosen))
                return after_scan, after
            suspects = [fix for fix, failure in bad.items() if failure.is_suspect]
            for fix, failure in bad.items():
                if not failure.is_suspect:
                    self._ban(fix, failure.reason)
            for part in (suspects[::2], suspects[1::2]):
                if part:
                    self.doubtful.append({fix.fingerprint: bad[fix].reason for fix in part})
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
                self._ban(chosen[-1], str(error))
                return None
        return changed


def _undone(what: Finding | Fix, reason: str) -> Undone:
    return Undone(what.rule, what.span.path, what.span.line, reason)


def proposal(finding: Finding, rule: Rule | None, desk: Desk, style: Style = Style.DJANGO) -> Fix | None:
    """Return the first possible fix of a finding; None when its rule has no fixer. Raises `NotPossible` when none of them can be made."""
    if rule is None or not rule.fixers:
        return None
    reason = other = ""
    able = [fixer for fixer in rule.fixers if fixer.style in {Style.DJANGO, style}]
    for fixer in sorted(able, key=lambda fixer: fixer.style is not style):  # what was asked for comes first
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
