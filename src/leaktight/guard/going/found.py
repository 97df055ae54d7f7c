"""What one response had in it: tells of each value once, and knows whether the response must be stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leaktight.guard.coming.addresses import view_of
from leaktight.guard.conf import Mode, configuration
from leaktight.guard.fingerprint import fingerprint
from leaktight.guard.incidents import Incident, tell
from leaktight.guard.values.search import Hit
from leaktight.policy import Channel

if TYPE_CHECKING:
    from django.http import HttpRequest

STAND_IN = "***"


class Found:
    """The values found on one channel of one response."""

    def __init__(self, request: HttpRequest, channel: Channel) -> None:
        self.request = request
        self.channel = channel
        self.mode = configuration().mode(channel)
        self._told: set[tuple[str, str]] = set()

    def __bool__(self) -> bool:
        return bool(self._told)

    @property
    def stops(self) -> bool:
        """Whether something was found that stops the whole response."""
        return bool(self._told) and self.mode is Mode.BLOCK

    def __call__(self, hit: Hit) -> None:
        """Tell of a value, once for each form it has here."""
        if (hit.value, hit.form) in self._told:
            return
        self._told.add((hit.value, hit.form))
        tell(
            Incident(self.channel, hit.label, hit.name, self.mode, fingerprint(hit.value), hit.form, view_of(self.request)),
            self.request,
        )
