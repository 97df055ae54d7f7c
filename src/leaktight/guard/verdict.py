"""What the policy says of a label on a channel, in the guard's terms: may the value be readable there or not."""

from __future__ import annotations

from functools import lru_cache

from leaktight.policy import Channel, Safeguard, demands

_UNREADABLE = frozenset({Safeguard.MASKED, Safeguard.SERVER_SIDE, Safeguard.ENCRYPTED, Safeguard.HASHED})
_OTHER_METHOD = frozenset({Safeguard.POST})


@lru_cache(maxsize=1024)
def forbidden(label: str, channel: Channel) -> bool:
    """Tell whether a value with this label must not be readable on a channel."""
    wanted = demands(label, channel)
    return not wanted.isdisjoint(_UNREADABLE | _OTHER_METHOD if channel is Channel.REQUEST_URL else _UNREADABLE)


@lru_cache(maxsize=1024)
def uncacheable(label: str, channel: Channel) -> bool:
    """Tell whether what holds a value with this label must not be kept by browsers and proxies."""
    return Safeguard.NO_STORE in demands(label, channel)
