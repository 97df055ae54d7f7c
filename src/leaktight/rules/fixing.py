"""What `leaktight fix` does about the findings of a rule, in words."""

from __future__ import annotations

from collections.abc import Iterator

from leaktight.model import Style
from leaktight.rules.api import Rule


def fixed_by(rule: Rule) -> Iterator[str]:
    """Yield what each fixer of a rule does, with what else changes; or why there is none."""
    if rule.unfixable is not None:
        yield f"by hand: {rule.unfixable.reason}"
    for fixer in rule.fixers:
        style = f"with `--style {fixer.style}`: " if fixer.style is not Style.DJANGO else ""
        yield f"{style}{fixer.title} ({fixer.safety}{f': {fixer.effect}' if fixer.effect else ''})"
