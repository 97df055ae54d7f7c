"""Tell the site that a sensitive value was on its way out: a signal, a log line, counters; never the value."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.dispatch import Signal

from leaktight.guard import counters
from leaktight.guard.conf import Mode
from leaktight.guard.ledger import LEDGER
from leaktight.policy import Channel

if TYPE_CHECKING:
    from django.http import HttpRequest

logger = logging.getLogger("leaktight.guard")

leak_found = Signal()
"""Sent with `incident` and `request` (or None) for every value found on a way out, whatever was done about it."""

cleartext_credential_seen = Signal()
"""Sent with `incident` and `request` when a credential or declared value came in clear: who holds it should revoke it."""


@dataclass(frozen=True, slots=True)
class Incident:
    """One sensitive value on one way out."""

    channel: Channel
    label: str
    name: str
    """What the value was called where it came in: a parameter, a key, a header, a field."""
    mode: Mode
    """What was done: only told, masked, or stopped."""
    fingerprint: str = ""
    """Keyed digest of the value (16 hexadecimal digits), the same for the same value and key ring; says nothing without the keys."""
    form: str = "plain"
    """How the value was written: plain, base64, hex …"""
    view: str = ""
    """The view's dotted path or the URL pattern's name; never a URL."""


def tell(incident: Incident, request: HttpRequest | None = None, *, signal: Signal = leak_found) -> None:
    """Count it, write the log line and send the signal; what a receiver raises is logged and changes nothing."""
    LEDGER.note(incident)
    counters.count(incident)
    logger.warning(
        "%s on its way into %s (%s, %s): %s",
        incident.label,
        incident.channel,
        incident.form,
        incident.view or "no view",
        incident.mode,
    )
    for receiver, outcome in signal.send_robust(sender=Incident, incident=incident, request=request):
        if isinstance(outcome, Exception):
            logger.error("a receiver of the guard's signal failed: %s raised %s", receiver, type(outcome).__name__)
