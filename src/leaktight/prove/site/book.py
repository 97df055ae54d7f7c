"""Keeps what the checks of a run found: verdicts, and facts for the evidence sheet."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import quote, unquote, urlsplit

from leaktight.model.verdict import Sent, Tightness, Verdict
from leaktight.prove.canary import Canary
from leaktight.prove.finder import Finder

_TOKEN = re.compile(r"(?i)((?:csrf|xsrf|authenticity_token)[^=&\s]*=)[^&\s]*")


@dataclass(slots=True)
class Book:
    """What was found. `check` is the name a probe goes by in the evidence sheet."""

    canaries: list[Canary] = field(default_factory=list)
    found: list[tuple[str, Verdict]] = field(default_factory=list)
    facts: dict[str, list[tuple[bool, str]]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    _told: set[tuple[str, ...]] = field(default_factory=set)

    def leak(self, check: str, message: str, **more: object) -> None:
        """Write down a leak; the same one is told once."""
        self._add(check, Verdict(Tightness.LEAKING, message, **more))  # type: ignore[arg-type]

    def tight(self, check: str, message: str, **more: object) -> None:
        self._add(check, Verdict(Tightness.TIGHT, message, **more))  # type: ignore[arg-type]

    def open(self, check: str, message: str, remedy: str, **more: object) -> None:
        """Write down what could not be decided, and what has to be done so that it can."""
        self._add(check, Verdict(Tightness.INCONCLUSIVE, message, remedy=remedy, **more))  # type: ignore[arg-type]

    def fact(self, check: str, holds: bool, detail: str) -> None:  # noqa: FBT001
        """Write down evidence for the sheet that is no leak by itself."""
        facts = self.facts.setdefault(check, [])
        if (holds, detail) not in facts:
            facts.append((holds, detail))

    def leaks(self, check: str) -> bool:
        return any(name == check and verdict.outcome is Tightness.LEAKING for name, verdict in self.found)

    def _add(self, check: str, verdict: Verdict) -> None:
        key = (check, verdict.outcome, verdict.rule, verdict.channel, verdict.label, verdict.message, verdict.form)
        if key not in self._told:
            self._told.add(key)
            self.found.append((check, verdict))

    # -- texts without canaries ----------------------------------------------------------------

    def sent(self, method: str, url: str, role: str = "", planted: str = "") -> Sent:
        """Describe a request; canaries in its address are replaced by what they stand for."""
        parts = urlsplit(url)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return Sent(method, self.masked(path), planted, role)

    def masked(self, text: str) -> str:
        """Return a text with every canary, also a percent-encoded one, replaced."""
        for canary in self.canaries:
            for form in {canary.text, quote(canary.text, safe=""), quote(canary.text)}:
                text = text.replace(form, f"<{canary.name}>")
        return _TOKEN.sub(r"\1<token>", text)

    def curl(self, method: str, url: str, *, body: str = "", headers: Iterable[str] = ()) -> str:
        """Return a `curl` command that sends a request again; where a canary stood, the field's name stands."""
        words = ["curl", "-i"]
        if method != "GET":
            words += ["-X", method]
        for header in headers:
            words += ["-H", self.masked(header)]
        if body:
            words += ["--data", unquote(self.masked(body))]
        return shlex.join([*words, self.masked(url)])

    def finder(self) -> Finder:
        return Finder(self.canaries)
