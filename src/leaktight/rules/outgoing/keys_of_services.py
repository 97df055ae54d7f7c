"""A service's key in an address: whether it could stand elsewhere."""

from __future__ import annotations

from urllib.parse import urlsplit

from leaktight.flow.events import Arrival, Call
from leaktight.policy import takes_keys_elsewhere
from leaktight.rules.outgoing.protections import argument
from leaktight.rules.outgoing.targets import CLEAR_HTTP, texts

_LABELS = frozenset({"secret-key", "token", "secret"})


def is_asked_for_there(arrival: Arrival) -> bool:
    """Tell a key that the service may take in no other way, over HTTPS."""
    if arrival.label not in _LABELS:
        return False
    addresses = _addresses(arrival.call)
    return not any(text.lower().startswith(CLEAR_HTTP) or _takes_it_elsewhere(text) for text in addresses)


def _addresses(call: Call) -> list[str]:
    values = (argument(call, name) for name in ("url", "base_url"))
    return [text for value in values if value is not None for text, _, _ in texts(value)]


def _takes_it_elsewhere(address: str) -> bool:
    try:
        return takes_keys_elsewhere(urlsplit(address).hostname or "")
    except ValueError:
        return False
