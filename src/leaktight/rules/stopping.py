"""What `leaktight.guard` does on the channel of a rule, for the rule's page."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from leaktight.policy import Channel

_MASKED = "on this channel the guard masks the values it knows"

STOPS: Mapping[Channel, str] = MappingProxyType(
    {
        Channel.REQUEST_URL: "the guard refuses requests whose address holds a value it knows",
        Channel.REQUEST_BODY: "the guard refuses requests in clear that carry anything, and forged ones to declared views",
        Channel.RESPONSE_BODY: _MASKED,
        Channel.PAGE: _MASKED,
        Channel.RESPONSE_HEADER: _MASKED,
        Channel.LOG: _MASKED,
        Channel.ERROR_REPORT: _MASKED,
        Channel.EXCEPTION_TEXT: "the guard masks the values it knows where the text is logged, reported or answered",
        Channel.MAIL: _MASKED,
        Channel.REDIRECT: "the guard takes the query from a redirect that holds a value it knows",
        Channel.COOKIE: "the guard leaves out cookies that hold a value it knows, and gives those that sign somebody in their flags",
        Channel.SESSION: "`leaktight.guard.sessions` keeps sessions encrypted on the server",
        Channel.CACHE: "the guard does not let a value it knows into a cache",
        Channel.THIRD_PARTY: "the guard masks the values it knows in what is sent to Sentry",
        Channel.TASK_QUEUE: "the guard seals the values it knows in arguments of Celery tasks, and masks them in results",
        Channel.OUTGOING_HTTP: "the guard stops requests that would send a value it knows in clear, unverified or in an address",
        Channel.CONNECTION: "the guard's `check --deploy` names settings that connect in clear",
    }
)
"""Channel → what the guard does there; it does not watch the others."""


def stops(channel: Channel) -> str:
    """Return what the guard does on a channel."""
    return STOPS.get(channel, "the guard does not watch this channel")
