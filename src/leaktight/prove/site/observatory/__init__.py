"""The score the HTTP Observatory would give: the same twelve tests, result codes and points (its algorithm 6).

Source: the behaviour of github.com/mdn/mdn-http-observatory, version 1.6.3, held against it by `bench/observatory.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

from leaktight.prove.site.observatory.csp import content_security_policy
from leaktight.prove.site.observatory.keeping import cookies
from leaktight.prove.site.observatory.pages import (
    content_type_options,
    embedder_policy,
    frame_options,
    opener_policy,
    referrer_policy,
    resource_policy,
    resource_sharing,
)
from leaktight.prove.site.observatory.points import POINTS
from leaktight.prove.site.observatory.scripts import subresource_integrity
from leaktight.prove.site.observatory.transport import redirection, strict_transport_security
from leaktight.prove.site.observatory.visit import Visit as Visit

_BONUS_FROM = 90
TESTS = {
    "content-security-policy": content_security_policy,
    "cookies": cookies,
    "cross-origin-embedder-policy": embedder_policy,
    "cross-origin-opener-policy": opener_policy,
    "cross-origin-resource-sharing": resource_sharing,
    "redirection": redirection,
    "referrer-policy": referrer_policy,
    "strict-transport-security": strict_transport_security,
    "subresource-integrity": subresource_integrity,
    "x-content-type-options": content_type_options,
    "x-frame-options": frame_options,
    "cross-origin-resource-policy": resource_policy,
}
"""Each test by its name."""
_GRADES = "F F F F F D- D D D+ C- C C C+ B- B B B+ A- A A A+".split()
"""From 0 to 100 in steps of five."""


@dataclass(frozen=True, slots=True)
class Score:
    """A score from 0 on, its grade, and the result code and points of each test."""

    points: int
    grade: str
    results: dict[str, str]

    def of(self, test: str) -> int:
        """Return the points a test gave or took."""
        return POINTS[self.results[test]]


def score(visit: Visit) -> Score:
    """Judge one visit. Bonus points count from 90 points on; there is no score below zero."""
    results = {name: test(visit) for name, test in TESTS.items()}
    points = [POINTS[code] for code in results.values()]
    base = 100 + sum(point for point in points if point < 0)
    total = max(100 + sum(points) if base >= _BONUS_FROM else base, 0)
    return Score(total, _GRADES[min(total // 5, 20)], results)
