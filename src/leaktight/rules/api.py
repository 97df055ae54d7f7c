"""What a rule file declares: one `Rule`, its detectors, and nothing about how to walk a project."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from leaktight.model import Audience, Confidence, Edit, Finding, Safety, Severity, Span, Step, Style
from leaktight.policy import Channel, Safeguard

if TYPE_CHECKING:
    from leaktight.edit import Desk
    from leaktight.flow.events import Arrival, Call
    from leaktight.project import Project
    from leaktight.project.classes import FieldClass
    from leaktight.project.settings import Settings, SettingValue
    from leaktight.project.templates import Element, Template
    from leaktight.project.views import View

_HEADINGS = ("What it finds", "Why it matters", "How to fix it", "When it is fine")
_D = TypeVar("_D", bound=Callable[..., Iterator[Finding]])
_F = TypeVar("_F", bound=Callable[..., Iterable[Edit]])


@dataclass(frozen=True, slots=True)
class Example:
    """A small project in a bad and a good form; it is test, documentation and proof of silence at once."""

    title: str
    bad: dict[str, str]
    """Path → text; lines that must be reported end in `# finds: rule-name` (`{# finds: … #}` in templates)."""
    good: dict[str, str]
    """Path → text; no rule may report anything here."""


@dataclass(frozen=True, slots=True)
class NotPossible:
    """Why a verb cannot serve this rule."""

    reason: str


@dataclass(frozen=True, slots=True)
class Fixer:
    """A way to repair a finding of a rule."""

    safety: Safety
    title: str
    """What it does, as an order: "add `secure=True`"."""
    effect: str
    """What else changes at run time; empty for a safe fix."""
    edits: Callable[[Finding, Desk], Iterable[Edit]]
    """Raises the desk's `NotPossible` where it cannot be done."""
    uncovers: tuple[str, ...] = ()
    """Rules that have something to say only once this is repaired: what they find then was not brought by the fix."""
    style: Style = Style.DJANGO
    """`guard` for one that needs the guard; it is tried first when asked for, and never otherwise."""


@dataclass(slots=True)
class Rule:
    """One kind of leak. The name, family and pages are derived from the module it is declared in."""

    module: str
    severity: Severity
    cwe: tuple[int, ...]
    step: str
    """The article's step this rule covers: `S0` … `S7`."""
    channel: Channel
    missing: tuple[Safeguard, ...]
    """The safeguards whose absence is reported."""
    message: str
    """What is wrong, about the data, lower case, present tense; `{fields}` are filled by `finding`."""
    remedy: str
    """One imperative line: what to do."""
    asvs: tuple[str, ...] = ()
    examples: tuple[Example, ...] = ()
    fixers: list[Fixer] = field(default_factory=list)
    """Tried in order; the first that is possible is taken."""
    mended_at_origin: bool = False
    """Whether the place the data begins at is what is mended: then one finding tells all the ways from there."""
    doubted: bool = False
    """Whether people who read its findings on projects new to it agreed with fewer than two of three (`eval/README.md`). What is
    meant for everybody is then for the strict: everybody is shown what would be mended this week."""
    doubted_if_unsure: bool = False
    """The same of its findings whose confidence is less than high."""
    unfixable: NotPossible | None = None
    """Why there is no fixer."""
    projects: list[Callable[[Project], Iterator[Finding]]] = field(default_factory=list)
    settings: list[tuple[tuple[str, ...], Callable[[Settings, SettingValue], Iterator[Finding]]]] = field(default_factory=list)
    tags: list[tuple[tuple[str, ...], Callable[[Element, Template, Project], Iterator[Finding]]]] = field(default_factory=list)
    calls: list[tuple[tuple[str, ...], Callable[[Call], Iterator[Finding]]]] = field(default_factory=list)
    flows: list[tuple[tuple[Channel, ...], Callable[[Arrival], Iterator[Finding]]]] = field(default_factory=list)
    views: list[Callable[[View], Iterator[Finding]]] = field(default_factory=list)
    classes: list[Callable[[FieldClass, Project], Iterator[Finding]]] = field(default_factory=list)

    @property
    def shown_to(self) -> str:
        """To whom its findings are shown at most, in words."""
        if self.doubted:
            return "the strict: readers doubted more than a third of what it found on new projects"
        return "everybody where it is sure, else the strict" if self.doubted_if_unsure else "everybody"

    @property
    def name(self) -> str:
        """The rule's public name: what `explain` and claims use, e.g. `secret-in-log`."""
        return self.module.rpartition(".")[2].replace("_", "-")

    @property
    def family(self) -> str:
        """The folder the rule lives in: `logs`, `cookies`, …"""
        return self.module.split(".")[-2]

    def page(self) -> dict[str, str]:
        """The sections of the rule's page by heading, read from the module's docstring."""
        import sys

        text = sys.modules[self.module].__doc__ or ""
        parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
        return {head.strip(): body.strip() for head, body in zip(parts[1::2], parts[2::2], strict=True)}

    # -- detectors, from narrow to broad: pick the narrowest that suffices --------------------

    def setting(self, *names: str) -> Callable[[_D], _D]:
        """Judge the resolved value of these settings, once for each settings module of production."""
        return self._register(self.settings, names)

    def tag(self, *names: str) -> Callable[[_D], _D]:
        """Judge each element of a template with one of these tag names."""
        return self._register(self.tags, names)

    def call(self, *names: str) -> Callable[[_D], _D]:
        """Judge each call that resolves to one of these qualified names."""
        return self._register(self.calls, names)

    def flow(self, *channels: Channel) -> Callable[[_D], _D]:
        """Judge each arrival of labelled data at one of these channels."""
        return self._register(self.flows, channels)

    def view(self, function: _D) -> _D:
        """Judge each view of the project."""
        self.views.append(function)
        return function

    def model(self, function: _D) -> _D:
        """Judge each model, form and serializer class."""
        self.classes.append(function)
        return function

    def project(self, function: _D) -> _D:
        """Judge the project as a whole."""
        self.projects.append(function)
        return function

    @staticmethod
    def _register(table: list[Any], names: tuple[Any, ...]) -> Callable[[_D], _D]:
        def register(function: _D) -> _D:
            table.append((names, function))
            return function

        return register

    # -- fixes ---------------------------------------------------------------------------------

    def fix(
        self, safety: Safety, title: str, effect: str = "", *, uncovers: tuple[str, ...] = (), style: Style = Style.DJANGO
    ) -> Callable[[_F], _F]:
        """Repair a finding: the function gives the edits, made together or not at all. A fix that is not safe says its effect."""

        def register(function: _F) -> _F:
            self.fixers.append(Fixer(safety, title, effect, function, uncovers, style))
            return function

        return register

    # -- findings ------------------------------------------------------------------------------

    def measured(self, audience: Audience, confidence: Confidence) -> Audience:
        """Whom to show a finding that its rule meant for an audience, by what readers said of the rule."""
        is_doubted = self.doubted or (self.doubted_if_unsure and confidence is not Confidence.HIGH)
        return Audience.STRICT if is_doubted and audience is Audience.DEFAULT else audience

    def finding(
        self,
        span: Span,
        *,
        label: str | None = None,
        channel: Channel | None = None,
        missing: tuple[Safeguard, ...] | None = None,
        severity: Severity | None = None,
        confidence: Confidence = Confidence.HIGH,
        audience: Audience | None = None,
        symbol: str = "",
        flow: tuple[Step, ...] = (),
        related: tuple[Step, ...] = (),
        message: str | None = None,
        **fields: object,
    ) -> Finding:
        """Make a finding of this rule. What is little sure is shown to the strict audience only."""
        if audience is None:
            audience = Audience.STRICT if confidence is Confidence.LOW else Audience.DEFAULT
        return Finding(
            rule=self.name,
            severity=severity or self.severity,
            confidence=confidence,
            audience=self.measured(audience, confidence),
            label=label,
            channel=str(channel or self.channel),
            missing=tuple(str(safeguard) for safeguard in (self.missing if missing is None else missing)),
            message=(message or self.message).format(label=_words(label), **fields),
            span=span,
            symbol=symbol,
            flow=flow,
            related=related,
        )


def _words(label: str | None) -> str:
    return (label or "data").replace("-", " ")
