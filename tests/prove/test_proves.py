"""What the pages of rules claim for a proof is held against what a proof can tell."""

from __future__ import annotations

from leaktight.policy import Channel
from leaktight.prove.project.judging import _RULES
from leaktight.rules.proving import PROVES

SEEN_OTHERWISE = {Channel.REQUEST_BODY, Channel.CONNECTION, Channel.BROWSER_STORAGE}
"""What the probes of a running site tell, without a canary of a project."""


def test_pages_claim_what_is_watched() -> None:
    assert PROVES.keys() - SEEN_OTHERWISE == _RULES.keys()
