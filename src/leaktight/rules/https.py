"""Repairs that write `https` for the scheme of an address."""

from __future__ import annotations

from collections.abc import Iterator

from leaktight.edit import Desk
from leaktight.edit.markup import over_https
from leaktight.model import Edit, Finding

TITLE = "write https for the address"
EFFECT = "the other side has to answer over HTTPS"


def to_https(finding: Finding, desk: Desk) -> Iterator[Edit]:
    """Write `https` in the place a finding has."""
    path = finding.span.path
    yield from over_https(desk.python(path) if path.endswith(".py") else desk.text(path), finding.span)
