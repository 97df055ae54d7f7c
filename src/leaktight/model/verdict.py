"""What a proof tells: verdicts, each with the request that shows it, and the totals of the whole."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Tightness(StrEnum):
    """How a check ended: nothing came out, something did, or it cannot be said."""

    TIGHT = "tight"
    LEAKING = "leaking"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True, order=True)
class CodePlace:
    """A line of the project's own code. `path` is relative to the project and `/`-separated; lines count from 1."""

    path: str
    line: int
    symbol: str = ""
    """The dotted name of the function, inside its module."""

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


@dataclass(frozen=True, slots=True, order=True)
class Sent:
    """A request, and the place in it where the canary stood. No canary is written out: `path` shows what each stands for."""

    method: str
    path: str
    planted: str = ""
    """Where the canary stood: `form field card_number`, `query parameter token`, `header Authorization`."""
    role: str = ""
    """Who asked: `anonymous`, `user`, `staff`, `superuser`."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of one check. Empty texts stand for what does not apply; none ever holds a canary or a secret."""

    outcome: Tightness
    message: str
    """One sentence."""
    rule: str = ""
    """The rule that explains the leak: `leaktight explain RULE`."""
    channel: str = ""
    label: str = ""
    form: str = ""
    """How it was written where it came out: `plain`, `base64`, `percent` …"""
    missing: tuple[str, ...] = ()
    """The safeguards the policy demands there and that were not met."""
    request: Sent | None = None
    evidence: str = ""
    """The line it stood in, with the value masked; or what was seen instead."""
    place: CodePlace | None = None
    """The code line that let it out."""
    remedy: str = ""
    reproduction: str = ""
    """A `curl` command that shows it again."""
    after: Sent | None = None
    """The request that has to be made before, where the leak shows in another one."""
    proves: str = ""
    """The fingerprint of the scan's finding that this verdict confirms."""

    @property
    def key(self) -> tuple[object, ...]:
        """The one order verdicts are reported in: leaks first, by channel."""
        order = (Tightness.LEAKING, Tightness.INCONCLUSIVE, Tightness.TIGHT)
        request = self.request or Sent("", "")
        return (
            order.index(self.outcome),
            self.channel,
            self.rule,
            str(self.place or ""),
            request,
            self.label,
            self.form,
            self.message,
        )


@dataclass(frozen=True, slots=True)
class Proof:
    """The outcome of one run: its verdicts in their order, and what was done in numbers."""

    target: str
    """The name of the project's folder, or the address of the site."""
    verdicts: tuple[Verdict, ...]
    counts: dict[str, int] = field(default_factory=dict)
    """`endpoints`, `exercised`, `requests`, `canaries` …: names in the plural."""
    seconds: float = 0.0
    notes: tuple[str, ...] = ()
    """What a reader has to know about how it was done: the settings used, what was replaced."""
    facts: tuple[tuple[str, bool, str], ...] = ()
    """What was seen beside leaks, for the evidence sheet: name, whether it holds, where."""

    def of(self, outcome: Tightness) -> tuple[Verdict, ...]:
        """Return the verdicts with one outcome."""
        return tuple(verdict for verdict in self.verdicts if verdict.outcome is outcome)

    @property
    def outcome(self) -> Tightness:
        """What is said of the whole: one leak makes it leaking, and only what was seen everywhere is tight."""
        if self.of(Tightness.LEAKING):
            return Tightness.LEAKING
        if self.of(Tightness.INCONCLUSIVE) or not self.verdicts:
            return Tightness.INCONCLUSIVE
        return Tightness.TIGHT
