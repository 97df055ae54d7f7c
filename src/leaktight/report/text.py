"""The report for people: what is wrong, where, how sure, and what to do, on 80 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from leaktight.model import Audience, Finding, Result, Safety, Severity
from leaktight.report.ink import ASCII, UNICODE, Ink, Style, visible
from leaktight.report.mask import shielded
from leaktight.report.rulebook import Rulebook
from leaktight.report.selection import counted, open_findings, worst
from leaktight.report.snippet import Canvas, Sources, frame
from leaktight.report.status import Outcome, Status

_WORD = {Severity.HIGH: "error", Severity.MEDIUM: "warning", Severity.LOW: "note"}
_STYLE = {Severity.HIGH: Style.RED, Severity.MEDIUM: Style.YELLOW, Severity.LOW: Style.BLUE}
_SHOWN_PROOFS = 3
_SHOWN_GAPS = 5


def render_text(
    result: Result,
    outcome: Outcome,
    *,
    rules: Rulebook,
    sources: Sources,
    version: str,
    width: int = 80,
    colour: bool = False,
    unicode: bool = False,
    verbose: bool = False,
    quiet: bool = False,
    at_most: int | None = None,
    hints: Sequence[str] = (),
) -> str:
    """Render a scan as text.

    Findings only when `quiet`; the worst `at_most` when that is given; `hints` say what to do next.
    """
    result = shielded(result)
    canvas = Canvas(max(width, 40), Ink(colour), UNICODE if unicode else ASCII, sources, unfold=verbose)
    report = _Text(result, outcome, rules, canvas)
    lines = [] if quiet else [*report.head(version), ""]
    lines += report.findings(at_most)
    if not quiet:
        lines += report.summary(verbose=verbose)
        lines += hints
        lines += report.last_words()
    text = "\n".join(lines)
    if not unicode:
        text = text.replace(UNICODE.mask, ASCII.mask).replace(UNICODE.ellipsis, ASCII.ellipsis)
    return f"{text}\n" if text else ""


class _Text:
    """One rendering: the result with the canvas it is drawn on."""

    def __init__(self, result: Result, outcome: Outcome, rules: Rulebook, canvas: Canvas) -> None:
        self.result = result
        self.outcome = outcome
        self.rules = rules
        self.canvas = canvas
        self.dot = f" {canvas.glyphs.dot} "

    def head(self, version: str) -> Iterator[str]:
        """What was looked at."""
        project = self.result.project
        yield from self.rows(self.dot.join((f"leaktight {version}", "reads only", "no network")), indent="  ")
        settings = ", ".join(visible(path) for path in project.settings) or "none found"
        yield ""
        yield from self.wrapped(f'project "{visible(project.root)}"{self.dot}production settings: {settings}')
        counts = [f"{number:,} {_plural(name, number)}" for name, number in project.counts.items() if number]
        if counts:
            yield from self.wrapped(self.dot.join(counts))
        left_out = [f"{number:,} {name} file{'s' * (number != 1)}" for name, number in sorted(project.left_out.items()) if number]
        if left_out:
            yield from self.wrapped(f"left out on purpose: {', '.join(left_out)}")

    def findings(self, at_most: int | None) -> Iterator[str]:
        """The findings nobody has claimed."""
        open_ = open_findings(self.result)
        if at_most is not None:
            shown = worst(self.result)[:at_most]
            open_ = [finding for finding in open_ if finding in shown]
        for finding in open_:
            yield from self.finding(finding)
            yield ""

    def finding(self, finding: Finding) -> Iterator[str]:
        """One finding: headline, frame, what is known about it, what to do."""
        ink, style = self.canvas.ink, _STYLE[finding.severity]
        label = f"{_WORD[finding.severity]}[{finding.rule}]"
        first, *rest = self.rows(f"{label}: {visible(finding.message)}", indent="  ")
        yield ink(label, style) + ink(first[len(label) :], Style.BOLD)
        yield from (ink(row, Style.BOLD) for row in rest)
        drawn = list(frame(finding, self.canvas))
        yield from drawn
        margin = len(drawn[0]) - len(drawn[0].lstrip(" "))
        for name, text in self.facts(finding):
            yield from self.fact(name, text, margin)

    def facts(self, finding: Finding) -> Iterator[tuple[str, str]]:
        """What is known about a finding, how well, and what to do."""
        if what := list(_what(finding)):
            (name, first), *others = what
            yield name, self.dot.join([first, *(f"{word}: {text}" for word, text in others)])
        sure = [finding.evidence, f"severity: {finding.severity}", f"confidence: {finding.confidence}"]
        if finding.audience is not Audience.DEFAULT:
            sure.append(f"audience: {finding.audience}")
        yield "evidence", self.dot.join(sure)
        for verdict in finding.proofs[:_SHOWN_PROOFS]:
            request = verdict.request
            yield "proved", f"{visible(verdict.message)}{f' ({request.method} {visible(request.path)})' if request else ''}"
        if finding.fix:
            yield "fix", f"{finding.fix.title} ({finding.fix.safety})"
        elif rule := self.rules.get(finding.rule):
            yield "fix", rule.remedy
        yield "more", f"leaktight explain {finding.rule}"

    def fact(self, name: str, text: str, margin: int) -> Iterator[str]:
        """A line under a frame: `= name: text`."""
        head = f"{' ' * margin}= {name}: "
        for row in self.rows(head + text, indent=" " * len(head)):
            yield self.canvas.ink(head, Style.DIM) + row[len(head) :] if row.startswith(head) else row

    def summary(self, *, verbose: bool) -> Iterator[str]:
        """What was not analysed, how many findings there are, and what is not shown."""
        open_ = open_findings(self.result)
        gaps = self.result.gaps
        if gaps:
            shown = gaps if verbose else gaps[:_SHOWN_GAPS]
            yield "not analysed:"
            for gap in shown:
                place = f"{visible(gap.path)}:{gap.line}" if gap.line else visible(gap.path)
                yield from self.wrapped(f"{place}{self.dot}{visible(gap.reason)}")
            if len(gaps) > len(shown):
                yield f"  {len(gaps) - len(shown)} more: -v shows them"
            yield ""
        if open_:
            safe = sum(item.fix is not None and item.fix.safety is Safety.SAFE for item in open_)
            tail = f"{self.dot}{safe} ha{'s' if safe == 1 else 've'} a safe fix" if safe else ""
            tail += f"{self.dot}{len(gaps)} gap{'s' * (len(gaps) != 1)}" if gaps else ""
            yield from self.rows(f"{counted(open_)}{tail}", indent="  ")
        else:
            yield counted(open_)
        if hidden := self.hidden():
            yield from self.rows(f"not shown: {', '.join(hidden)}", indent="  ")

    def last_words(self) -> Iterator[str]:
        """Why the exit status is what it is."""
        style = {Status.TIGHT: Style.GREEN, Status.FINDINGS: Style.RED}.get(self.outcome.status, Style.YELLOW)
        first, *rest = self.rows(f"exit status {int(self.outcome.status)}: {self.outcome.reason}", indent="  ")
        yield self.canvas.ink(first, style)
        yield from rest

    def hidden(self) -> Iterator[str] | list[str]:
        """What is known but not shown, and the option that shows it."""
        counts = dict(self.result.hidden)
        baseline, known, gaps = (counts.pop(name, 0) for name in ("baseline", "known", "known gaps"))
        claimed = counts.pop("claimed", 0) or sum(finding.claimed for finding in self.result.findings) - baseline
        lines = [f"{number} for --audience {name}" for name, number in sorted(counts.items(), reverse=True) if number]
        told = {
            "claimed": claimed,
            "in the baseline": baseline,
            "that were there before": known,
            "gaps that were there before": gaps,
        }
        return [*lines, *(f"{number} {what}" for what, number in told.items() if number > 0)]

    def wrapped(self, text: str) -> list[str]:
        return self.rows(f"  {text}", indent="    ")

    def rows(self, text: str, *, indent: str) -> list[str]:
        """Wrap a text to the width; a word that is too long, as a path may be, is not broken."""
        return textwrap.wrap(
            text,
            self.canvas.width,
            subsequent_indent=indent,
            drop_whitespace=True,
            break_long_words=False,
            break_on_hyphens=False,
        ) or [""]


def _what(finding: Finding) -> Iterator[tuple[str, str]]:
    if finding.label:
        yield "label", finding.label
    if finding.channel:
        yield "channel", finding.channel
    if finding.missing:
        yield "missing", ", ".join(finding.missing)


def _plural(name: str, number: int) -> str:
    """Counts are named in the plural."""
    return name[:-1] if number == 1 and name.endswith("s") else name
