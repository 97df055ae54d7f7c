"""What a scan tells: findings, gaps, claims and the facts about the project it looked at."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field

from leaktight.model.choices import Audience, Confidence, Evidence, Safety, Severity
from leaktight.model.sighting import Sighting
from leaktight.model.span import Span, Step
from leaktight.model.verdict import Proof, Verdict


@dataclass(frozen=True, slots=True)
class FixOffer:
    """The title of a fix that exists for a finding, and what it may change."""

    safety: Safety
    title: str


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """Characters of one file that are replaced; offsets count characters of its text with its own line ends."""

    path: str
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Fix:
    """The edits that repair one finding, made together or not at all."""

    rule: str
    span: Span
    fingerprint: str
    """Of the finding it repairs."""
    safety: Safety
    title: str
    effect: str
    """What else changes at run time, for a fix that is not safe."""
    edits: tuple[Edit, ...]
    uncovers: tuple[str, ...] = ()
    """Rules that have something to say only once this is repaired."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Labelled data that reaches a channel without a safeguard the policy demands."""

    rule: str
    severity: Severity
    confidence: Confidence
    audience: Audience
    label: str | None
    channel: str
    missing: tuple[str, ...]
    message: str
    span: Span
    symbol: str
    flow: tuple[Step, ...] = ()
    related: tuple[Step, ...] = ()
    fingerprint: str = ""
    fix: FixOffer | None = None
    claimed: bool = False
    proofs: tuple[Verdict, ...] = ()
    """The leaks of a proof that confirm it."""

    @property
    def evidence(self) -> Evidence:
        """What it rests on."""
        if self.proofs:
            return Evidence.PROVED
        return Evidence.TRACED if self.flow else Evidence.STATED

    @property
    def key(self) -> tuple[object, ...]:
        """The one order findings are reported in, whatever order they were found in."""
        return (self.span, self.rule, self.label or "", self.channel, self.message, self.flow)


@dataclass(frozen=True, slots=True, order=True)
class Gap:
    """Something that could not be analysed, so that silence about it means nothing."""

    path: str
    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Claim:
    """Something the user told us in a comment: this finding is accepted here, for this reason."""

    rules: tuple[str, ...]
    reason: str
    span: Span
    until: datetime.date | None = None
    first_line: int = 0
    """First line of the statement or tag the claim binds to."""
    last_line: int = 0
    """Last line of the statement or tag the claim binds to."""
    used: bool = False


@dataclass(frozen=True, slots=True)
class ProjectInfo:
    """What was looked at, in numbers a newcomer understands."""

    root: str
    """Name of the scanned root folder or file, never an absolute path."""
    settings: tuple[str, ...] = ()
    """Paths of the settings modules that speak for production."""
    counts: dict[str, int] = field(default_factory=dict)
    """`views`, `models`, `sensitive fields`, `templates`, `python files`, `lines`, …"""
    left_out: dict[str, int] = field(default_factory=dict)
    """Reason → number of files left out on purpose (`tests`, `migrations`, `vendored`)."""


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome of one scan. Findings are sorted; `hidden` counts what the audience does not show."""

    project: ProjectInfo
    findings: tuple[Finding, ...]
    gaps: tuple[Gap, ...]
    claims: tuple[Claim, ...]
    hidden: dict[str, int] = field(default_factory=dict)
    """Why findings are not shown → how many: `strict`, `audit`, `claimed`, `baseline`, `known`, `known gaps`."""
    fixes: tuple[Fix, ...] = ()
    """Fixes that are offered, by the fingerprint of their finding; none was tried."""
    sightings: tuple[Sighting, ...] = ()
    """What the guard saw on the running site."""
    proofs: tuple[Proof, ...] = ()
    """The proofs that were merged into it, of the project and of running sites."""
