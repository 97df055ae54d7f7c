"""Tell what was found on a way out that is used again and again, such as a log: once for each request and value."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager

from leaktight.guard.fingerprint import fingerprint
from leaktight.guard.incidents import Incident, tell
from leaktight.guard.outlets.masking import Found, Mask
from leaktight.guard.values.registry import PROCESS, Registry, current

_PERIOD = 60
"""What belongs to no request is told again after so many seconds."""

_MOST_TOLD = 4096
_told: weakref.WeakKeyDictionary[Registry, set[tuple[object, ...]]] = weakref.WeakKeyDictionary()
_busy = threading.local()


@contextmanager
def alone() -> Iterator[bool]:
    """Say whether this thread is not already telling something: what telling writes itself is masked, but not told."""
    if getattr(_busy, "now", False):
        yield False
        return
    _busy.now = True
    try:
        yield True
    finally:
        _busy.now = False


def tell_found(mask: Mask) -> None:
    """Send an incident for everything a mask has met."""
    if not mask.found:
        return
    with alone() as free:
        if free:
            for found in _news(mask):
                tell(
                    Incident(
                        channel=mask.channel,
                        label=found.label,
                        name=found.name,
                        mode=mask.mode,
                        fingerprint=fingerprint(found.value),
                        form=found.form,
                        view=mask.view,
                    )
                )


def _news(mask: Mask) -> Iterator[Found]:
    registry = current()
    told = _told.setdefault(registry, set())
    if len(told) >= _MOST_TOLD:
        told.clear()
    period = int(time.monotonic() // _PERIOD) if registry is PROCESS else 0
    for found in mask.found:
        key = (mask.channel, found.label, found.name, found.form, hash(found.value), period)
        if key not in told:
            told.add(key)
            yield found
