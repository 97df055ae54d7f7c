"""What `leaktight prove` does on the channel of a rule, for the rule's page."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from leaktight.policy import Channel

_LOOKED_FOR = "it plants canaries in every input and looks for them on this channel"

PROVES: Mapping[Channel, str] = MappingProxyType(
    {
        Channel.REQUEST_URL: "it sees which values the code takes from an address, and asks sensitive forms by GET",
        Channel.REQUEST_BODY: "it asks in clear, and forges requests to what changes something",
        Channel.RESPONSE_BODY: _LOOKED_FOR,
        Channel.PAGE: _LOOKED_FOR,
        Channel.RESPONSE_HEADER: _LOOKED_FOR,
        Channel.REDIRECT: _LOOKED_FOR,
        Channel.COOKIE: "it reads every cookie and its flags, and looks for canaries in them",
        Channel.SESSION: "it looks for canaries in the rows and cookies of sessions",
        Channel.LOG: _LOOKED_FOR,
        Channel.ERROR_REPORT: "it makes views fail, and looks for canaries in the reports",
        Channel.MAIL: _LOOKED_FOR,
        Channel.THIRD_PARTY: _LOOKED_FOR,
        Channel.OUTGOING_HTTP: _LOOKED_FOR,
        Channel.TASK_QUEUE: _LOOKED_FOR,
        Channel.CACHE: _LOOKED_FOR,
        Channel.DATABASE: "it looks for passwords, keys and cards in the rows that are written",
        Channel.FILE: _LOOKED_FOR,
        Channel.CONNECTION: "it asks a running site in clear, and surveys its TLS",
        Channel.BROWSER_STORAGE: "with `--browser` it reads what pages keep in the browser",
    }
)
"""Channel → what a proof does there; it does not watch the others."""


def proves(channel: Channel) -> str:
    """Return what a proof does on a channel."""
    return PROVES.get(channel, "a proof does not watch this channel")
