"""Incidents of the guard, read from what `manage.py leaktight_incidents` writes."""

from __future__ import annotations

import msgspec

from leaktight.model import Finding, Sighting

SCHEMA = 1


class _Incident(msgspec.Struct):
    channel: str
    label: str
    form: str
    view: str
    mode: str
    count: int
    first_seen: str
    last_seen: str


class _File(msgspec.Struct):
    schema: int
    incidents: list[_Incident]


def read_incidents(text: bytes) -> tuple[Sighting, ...]:
    """Read a file of incidents, in one order. Raises ValueError when it is anything else."""
    try:
        read = msgspec.json.decode(text, type=_File)
    except msgspec.MsgspecError as error:
        raise ValueError("it is not the JSON that `manage.py leaktight_incidents` writes") from error
    if read.schema != SCHEMA:
        raise ValueError(f"it has the schema {read.schema}, and this leaktight reads {SCHEMA}")
    seen = [
        Sighting(one.channel, one.label, one.form, one.view, one.mode, one.count, one.first_seen, one.last_seen)
        for one in read.incidents
    ]
    return tuple(sorted(seen, key=lambda one: (-one.count, one.channel, one.label, one.view, one.form, one.mode)))


def is_about(sighting: Sighting, finding: Finding) -> bool:
    """Tell whether the guard has seen on the running site what a finding says of the code: same data, same way, same view."""
    if (sighting.channel, sighting.label) != (finding.channel, finding.label) or not sighting.view:
        return False
    return finding.symbol == sighting.view or finding.symbol.startswith(f"{sighting.view}.")
