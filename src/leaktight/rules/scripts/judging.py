"""How surely a script lets something sensitive go, and who is told."""

from __future__ import annotations

from leaktight.model import Audience, Confidence
from leaktight.project.scripts import Evidence, Exit

_HOW = {
    Evidence.NAMED: "by its name",
    Evidence.PRINTED: "printed by the template",
    Evidence.RECEIVED: "received from the server",
    Evidence.ENTERED: "typed in by the visitor",
    Evidence.TYPED: "typed in by the visitor",
}


def sureness(exit_: Exit, *, weak_names: bool = False) -> tuple[Confidence, Audience]:
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


def how(exit_: Exit) -> str:
    """Where it comes from, in words."""
    return _HOW[exit_.found.evidence]
