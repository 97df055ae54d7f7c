"""The pages of rules claim no channel for the guard that it does not watch, and leave out none that it does."""

from __future__ import annotations

from leaktight.guard.conf import Configuration
from leaktight.policy import Channel
from leaktight.rules.stopping import STOPS

WATCHED_OTHERWISE = {
    Channel.PAGE,  # a body
    Channel.EXCEPTION_TEXT,  # a log line, a report or a body
    Channel.SESSION,  # the engines
    Channel.CONNECTION,  # the system checks
}


def test_what_pages_claim_is_what_the_guard_watches() -> None:
    assert set(STOPS) - WATCHED_OTHERWISE == set(Configuration().modes)
