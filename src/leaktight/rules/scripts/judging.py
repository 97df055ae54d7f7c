"""What scripts let go, how surely it is sensitive, and who is told."""

from __future__ import annotations

from collections.abc import Iterator

from leaktight.model import Audience, Confidence, Finding
from leaktight.project import Project
from leaktight.project.scripts import Evidence, Exit
from leaktight.rules.api import Rule

_HOW = {
    Evidence.NAMED: "by its name",
    Evidence.PRINTED: "printed by the template",
    Evidence.RECEIVED: "received from the server",
    Evidence.ENTERED: "typed in by the visitor",
    Evidence.TYPED: "typed in by the visitor",
}


def leaving(rule: Rule, project: Project, way: str, *, weak_names: bool = False) -> Iterator[Finding]:
    """Find what leaves scripts by one way."""
    for exit_ in project.script_exits:
        if exit_.way == way:
            confidence, audience = _sureness(exit_, weak_names=weak_names)
            yield rule.finding(
                exit_.span,
                label=exit_.found.label,
                confidence=confidence,
                audience=audience,
                symbol=exit_.found.word,
                what=exit_.what,
                how=_HOW[exit_.found.evidence],
            )


def _sureness(exit_: Exit, *, weak_names: bool) -> tuple[Confidence, Audience]:
    """A name alone is for the strict, a name that means many things for auditors only.

    `weak_names` tells a way out for which `token` is enough when it is known where it comes from.
    """
    found = exit_.found
    if found.evidence is Evidence.TYPED:
        return Confidence.HIGH, Audience.DEFAULT
    if found.evidence is Evidence.NAMED:
        return Confidence.LOW, Audience.STRICT if found.strong else Audience.AUDIT
    if found.strong or weak_names:
        return Confidence.MEDIUM, Audience.DEFAULT
    return Confidence.LOW, Audience.STRICT
