"""What came out of the process while a request was answered: every observer tells it here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from leaktight.model import CodePlace
from leaktight.policy import Channel, Safeguard
from leaktight.prove.project.places import OwnCode


@dataclass(frozen=True, slots=True)
class Arrival:
    """Something that arrived at a channel."""

    channel: Channel
    text: str | bytes
    where: str
    """Which log, cookie, header, host, key or column it is."""
    place: CodePlace | None
    met: frozenset[Safeguard] = frozenset()
    """The safeguards it has there."""
    rule: str = ""
    """The rule it would break, where the channel alone does not say it."""


@dataclass
class Watch:
    """Collects arrivals while it is open; otherwise what happens is our own doing and nobody's leak."""

    code: OwnCode
    arrivals: list[Arrival] = field(default_factory=list)
    is_open: bool = False

    def saw(
        self,
        channel: Channel,
        text: str | bytes,
        where: str,
        *,
        place: CodePlace | None = None,
        met: frozenset[Safeguard] = frozenset(),
        rule: str = "",
    ) -> None:
        """Note an arrival; its place is the innermost line of the project's code on the stack, unless it is given."""
        if self.is_open and text:
            self.arrivals.append(Arrival(channel, text, where, place or self.code.here(), met, rule))

    @contextmanager
    def during(self) -> Iterator[list[Arrival]]:
        """Watch; what arrives meanwhile is in the list afterwards."""
        found: list[Arrival] = []
        self.arrivals = found
        self.is_open = True
        try:
            yield found
        finally:
            self.is_open = False
