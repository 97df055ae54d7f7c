"""The ways data leaves, protected or not: what an inventory is made of."""

from __future__ import annotations

from dataclasses import dataclass

from leaktight.model.result import Gap, ProjectInfo


@dataclass(frozen=True, slots=True, order=True)
class Exposure:
    """Labelled data that reaches a channel at one place."""

    label: str
    channel: str
    path: str
    line: int
    symbol: str
    """Dotted name of the function around it."""
    through: str
    """Qualified name of what is called; empty when no call stands for it."""
    state: str
    """What was done to the data: `plain`, `masked`, `hashed`, …"""
    demanded: tuple[str, ...]
    """Safeguards the policy demands for this label here."""
    missing: tuple[str, ...]
    """Those of them, or others, that a rule reports as missing."""
    open: bool
    """A rule reports it, whatever the audience."""

    @property
    def present(self) -> tuple[str, ...]:
        """The demanded safeguards that no rule reports as missing."""
        return tuple(safeguard for safeguard in self.demanded if safeguard not in self.missing)

    @property
    def content(self) -> tuple[str, ...]:
        """What makes it the same way in another version of the project, wherever it has moved to."""
        return (self.label, self.channel, self.symbol.rpartition(".")[2], self.through, self.state, *self.missing)


@dataclass(frozen=True, slots=True)
class Inventory:
    """All ways out of a project, in order; with `since`, those that start and stop since that revision."""

    project: ProjectInfo
    ways: tuple[Exposure, ...]
    gaps: tuple[Gap, ...]
    since: str = ""
    starts: tuple[Exposure, ...] = ()
    stops: tuple[Exposure, ...] = ()
