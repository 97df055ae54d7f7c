"""What the guard saw on a running site: a kind of value on a way out, and how often."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sighting:
    """One sensitive value, or several alike, on one way out; never the value."""

    channel: str
    label: str
    form: str
    """How it was written: `plain`, `base64` …"""
    view: str
    """The view's dotted path or the name of its route; empty when it was seen outside a request."""
    mode: str
    """What was done: `report`, `mask` or `block`."""
    count: int
    first: str
    """When it was first seen, `2026-11-26T10:00:00+00:00`."""
    last: str
