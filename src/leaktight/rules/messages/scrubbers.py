"""Tells whether events pass a function of the project before an error tracker gets them."""

from __future__ import annotations

from leaktight.flow.events import Call

INIT = "sentry_sdk.init"
_SCRUBBERS = ("before_send", "event_scrubber")


def has_scrubber(init: Call) -> bool:
    """Tell whether the start of an error tracker is given a scrubber."""
    return any(init.argument(name) is not None and init.constant(name) is not None for name in _SCRUBBERS)


def is_scrubbed(call: Call) -> bool:
    """Tell whether a call of an error tracker is in a project that starts it with a scrubber."""
    if not call.name.startswith("sentry_sdk."):
        return False
    return any(other.name == INIT and has_scrubber(other) for other in call.machine.calls.values())
