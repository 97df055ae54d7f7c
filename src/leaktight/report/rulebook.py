"""What a report needs to know about a rule: words and numbers, no detectors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from leaktight.model import Severity


@dataclass(frozen=True, slots=True)
class RuleText:
    """A rule as it is told to people and programs."""

    name: str
    family: str
    severity: Severity
    message: str
    remedy: str
    cwe: tuple[int, ...] = ()
    asvs: tuple[str, ...] = ()
    step: str = ""
    channel: str = ""
    missing: tuple[str, ...] = ()
    fixes: tuple[str, ...] = ()
    """What `leaktight fix` does about it, or why it does nothing."""
    shown_to: str = ""
    """To whom its findings are shown at most."""
    traced: bool = False
    """It judges flows; the others judge what is written in one place."""
    page: Mapping[str, str] = field(default_factory=dict)
    """The sections of its page, by heading."""

    @property
    def summary(self) -> str:
        """The first sentence of its page."""
        text = " ".join(self.page.get("What it finds", "").split())
        head, dot, _ = text.partition(". ")
        return head + dot.strip() if text else self.message


Rulebook: TypeAlias = Mapping[str, RuleText]
"""Rule name → its text."""
