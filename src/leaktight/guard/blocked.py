"""The error that ends what would have let a value out."""

from __future__ import annotations

from leaktight.policy import Channel


class LeakBlocked(RuntimeError):
    """Something was not sent because it held a sensitive value, or would have gone without the protection the value needs.

    Neither the text nor the attributes hold the value.
    """

    def __init__(self, channel: Channel, label: str, why: str) -> None:
        super().__init__(f"{label} was not sent by {channel}: {why}")
        self.channel = channel
        self.label = label
        self._why = why

    def __reduce__(self) -> tuple[type[LeakBlocked], tuple[Channel, str, str]]:
        """Be pickled, as errors of tasks are."""
        return LeakBlocked, (self.channel, self.label, self._why)
