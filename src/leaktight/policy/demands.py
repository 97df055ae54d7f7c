"""The demand table: which safeguards a label needs on a channel."""

from __future__ import annotations

from functools import lru_cache

from leaktight.policy.choices import Channel, Safeguard
from leaktight.policy.labels import LABELS, Label
from leaktight.policy.tables import table


def demands(label: str | Label, channel: Channel) -> frozenset[Safeguard]:
    """Return the safeguards that data with this label needs on this channel.

    A label of leaktight's own is given by name; one that a project adds is given whole, since only it knows its kind.
    """
    known = label if isinstance(label, Label) else LABELS[label]
    return _demanded(known.name, known.kind.value, channel.value)


@lru_cache(maxsize=4096)
def _demanded(label: str, kind: str, channel: str) -> frozenset[Safeguard]:
    rows = table("demands")
    row = rows["label"].get(label, {})
    return frozenset(map(Safeguard, row[channel] if channel in row else rows["kind"][kind][channel]))
