"""The fixes that could be made, found without making them: what a report offers beside a finding."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from leaktight.edit import NotPossible
from leaktight.model import Finding, Fix, FixOffer

if TYPE_CHECKING:
    from leaktight.edit import Desk
    from leaktight.rules.api import Rule


def offered(findings: Iterable[Finding], rules: Iterable[Rule], desk: Desk) -> tuple[list[Finding], list[Fix]]:
    """Return the findings, each with what its first possible fix does, and these fixes. None of them was tried yet."""
    from leaktight.engine.repair import proposal

    by_name = {rule.name: rule for rule in rules}
    told: list[Finding] = []
    fixes: list[Fix] = []
    for finding in findings:
        fix = None
        if not finding.claimed:
            try:
                fix = proposal(finding, by_name.get(finding.rule), desk)
            except NotPossible:
                fix = None
        if fix is not None:
            fixes.append(fix)
            finding = replace(finding, fix=FixOffer(fix.safety, fix.title))  # noqa: PLW2901
        told.append(finding)
    return told, fixes
