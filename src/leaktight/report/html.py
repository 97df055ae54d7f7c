"""The report as one page: verdict, map, findings with their flows, inventory, gaps, claims, rules; no script, nothing loaded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from html import escape

from leaktight.model import Claim, Finding, Result, Severity
from leaktight.report.html_evidence import evidence, proved, seen
from leaktight.report.html_map import ANYTHING, draw_map, ways
from leaktight.report.html_page import document, table
from leaktight.report.html_source import excerpt
from leaktight.report.ink import visible
from leaktight.report.mask import shielded
from leaktight.report.rulebook import Rulebook
from leaktight.report.selection import counted, worst
from leaktight.report.snippet import Sources
from leaktight.report.status import Outcome, Status

_OPEN = 3  # findings that are unfolded from the start
_MOST_STEPS = 60
_HIDDEN = {"baseline": "in the baseline", "known": "that were there before", "known gaps": "gaps that were there before"}


def render_html(result: Result, outcome: Outcome, *, rules: Rulebook, sources: Sources, version: str) -> str:
    """Render a scan as one HTML file that works without network, script and colour."""
    result = shielded(result)
    page = _Page(result, outcome, rules, sources)
    return document(f"leaktight: {_text(result.project.root)}", "\n".join(page.body(version)))


class _Page:
    """One rendering: the result and what its parts are called on the page."""

    def __init__(self, result: Result, outcome: Outcome, rules: Rulebook, sources: Sources) -> None:
        self.result = result
        self.outcome = outcome
        self.rules = rules
        self.sources = sources
        self.findings = worst(result)
        self.anchors: dict[str, str] = {}
        self.ids: list[str] = []
        for number, finding in enumerate(self.findings, 1):
            self.ids.append(f"finding-{number}")
            self.anchors.setdefault(finding.fingerprint, f"finding-{number}")

    def body(self, version: str) -> Iterator[str]:
        parts = [
            ("map", "Map", self.map()),
            ("evidence", "Evidence", [*evidence(self.findings, self.result.proofs, self.result.sightings)]),
            ("findings", f"Findings ({len(self.findings)})", [*self.found()]),
            ("inventory", "Inventory", [*self.inventory()]),
            ("gaps", f"Not analysed ({len(self.result.gaps)})", [*self.gaps()]),
            ("claims", f"Claims ({len(self.result.claims)})", [*self.claims()]),
            ("rules", "Rules", [*self.pages()]),
            ("again", "How to make this report again", [*self.again()]),
        ]
        shown = [(name, head, lines) for name, head, lines in parts if lines]
        yield '<a class="skip" href="#findings">To the findings</a>' if self.findings else ""
        yield f'<header class="{_mood(self.outcome)}">'
        yield from self.verdict(version)
        yield f'<nav aria-label="Parts of this report">{"".join(f"<a href=#{name}>{head}</a>" for name, head, _ in shown)}</nav></header>'
        yield "<main>"
        for name, head, lines in shown:
            yield f'<section id="{name}" aria-labelledby="{name}-head"><h2 id="{name}-head">{head}</h2>'
            yield from lines
            yield "</section>"
        yield f"</main>\n<footer>leaktight {_text(version)}: {self.done()} Values are masked.</footer>"

    # -- verdict -------------------------------------------------------------------------------

    def verdict(self, version: str) -> Iterator[str]:
        project = self.result.project
        yield f'<p class="tool">leaktight {_text(version)} · <b>{_text(project.root)}</b></p>'
        yield f"<h1>{_text(self.sentence())}</h1>"
        yield f"<p>Exit status {int(self.outcome.status)}: {_text(self.outcome.reason)}.</p>"
        by = Counter(finding.severity for finding in self.findings)
        tiles = [(str(severity), by[severity], str(severity)) for severity in reversed(Severity)]
        tiles += [("proved", number, "proof")] if (number := sum(bool(item.proofs) for item in self.findings)) else []
        tiles += [
            ("gaps", len(self.result.gaps), "gap"),
            ("claimed", sum(item.claimed for item in self.result.findings), "claim"),
        ]
        told = "".join(f'<li class="{kind}"><b>{number:,}</b> {name}</li>' for name, number, kind in tiles)
        yield f'<ul class="tiles" aria-label="In numbers">{told}</ul>'
        looked = [f"{number:,} {name}" for name, number in project.counts.items() if number]
        settings = ", ".join(project.settings) or "none found"
        yield f'<p class="facts">{_text(" · ".join(looked))}<br>production settings: {_text(settings)}</p>'
        hidden = [
            f"{number:,} for the audience {name}" for name, number in self.result.hidden.items() if name != "claimed" and number
        ]
        if hidden:
            yield f'<p class="facts">not shown: {_text(", ".join(hidden))}</p>'

    def done(self) -> str:
        """What was done for this page."""
        if self.result.proofs:
            return "the files were read, and what is told as proved was seen when the project ran apart, or the site was asked."
        return "files were read, nothing was run, nothing was sent."

    def sentence(self) -> str:
        """What the scan says, in one sentence."""
        if self.outcome.status is Status.INCOMPLETE and not self.findings:
            return "Nothing was found, but not everything could be looked at."
        if not self.findings:
            return "Nothing sensitive was found to leave unprotected."
        labels = Counter(way.label for way in ways(self.findings) if way.label != ANYTHING)
        channels = Counter(way.channel for way in ways(self.findings))
        return f"{counted(self.findings)}.{_mostly(labels, channels)}"

    # -- map and findings ----------------------------------------------------------------------

    def map(self) -> list[str]:
        drawn = draw_map(self.findings, self.anchors)
        if not drawn:
            return []
        text = "Each band is a way data takes without the protection it needs; the wider, the more findings, and the redder, the worse."
        return [f"<p>{text}</p>", f'<div class="map" tabindex="0" role="region" aria-label="Map, can be scrolled">{drawn}</div>']

    def found(self) -> Iterator[str]:
        for number, (name, finding) in enumerate(zip(self.ids, self.findings, strict=True)):
            yield f'<details class="finding {finding.severity}" id="{name}"{" open" if number < _OPEN else ""}>'
            yield f"<summary>{self.head(finding)}</summary>"
            yield from self.told(finding)
            yield "</details>"

    def head(self, finding: Finding) -> str:
        way = f" · {_text(finding.label or ANYTHING)} → {_text(finding.channel)}" if finding.channel else ""
        return (
            f'<span class="badge {finding.severity}">{finding.severity}</span> <h3>{_text(finding.message)}</h3>'
            f'<span class="where">{_place(finding)}{way}</span>'
        )

    def told(self, finding: Finding) -> Iterator[str]:
        yield excerpt(self.sources(finding.span.path), finding.span, around=2)
        rule = self.rules.get(finding.rule)
        remedy = f"{finding.fix.title} ({finding.fix.safety})" if finding.fix else rule.remedy if rule else ""
        rows = {
            "rule": f'<a href="#rule-{_text(finding.rule)}">{_text(finding.rule)}</a>' if rule else _text(finding.rule),
            "missing": _text(", ".join(finding.missing)),
            "in": f"<code>{_text(finding.symbol)}</code>" if finding.symbol else "",
            "sure": _text(f"confidence {finding.confidence}, {finding.evidence}"),
            "what to do": _text(remedy),
        }
        yield f"<dl>{''.join(f'<div><dt>{name}</dt><dd>{value}</dd></div>' for name, value in rows.items() if value)}</dl>"
        yield from proved(finding.proofs)
        yield from seen(finding, self.result.sightings)
        if len(finding.flow) > 1:
            yield f"<details><summary>The way the data takes, {len(finding.flow)} steps</summary><ol>"
            for step in finding.flow[:_MOST_STEPS]:
                yield f'<li><p>{_text(step.note)} <span class="place">{_text(step.span.path)}:{step.span.line}</span></p>'
                yield f"{excerpt(self.sources(step.span.path), step.span)}</li>"
            left = len(finding.flow) - _MOST_STEPS
            yield f"</ol>{f'<p>{left} more steps are left out.</p>' if left > 0 else ''}</details>"
        for step in finding.related:
            yield f'<p>also: {_text(step.note)} <span class="place">{_text(step.span.path)}:{step.span.line}</span></p>'

    # -- tables --------------------------------------------------------------------------------

    def inventory(self) -> Iterator[str]:
        groups: dict[tuple[str, str], list[str]] = {}
        missing: dict[tuple[str, str], set[str]] = {}
        for name, finding in zip(self.ids, self.findings, strict=True):
            if finding.channel:
                key = (finding.label or ANYTHING, finding.channel)
                groups.setdefault(key, []).append(name)
                missing.setdefault(key, set()).update(finding.missing)
        if not groups:
            return
        seen: set[str] = set()
        rows = []
        for label, channel in sorted(groups):
            links = " ".join(f'<a href="#{name}">{name.partition("-")[2]}</a>' for name in groups[label, channel])
            need = ", ".join(sorted(missing[label, channel])) or "–"
            first = _target(f"label-{label}", seen)
            rows.append(
                [
                    f"<span{first}>{_text(label)}</span>",
                    f"<span{_target(f'channel-{channel}', seen)}>{_text(channel)}</span>",
                    links,
                    need,
                ]
            )
        yield from table("What leaves where", ("label", "channel", "findings", "safeguards missing"), rows)

    def gaps(self) -> Iterator[str]:
        if self.result.gaps:
            rows = [[_text(f"{gap.path}:{gap.line}" if gap.line else gap.path), _text(gap.reason)] for gap in self.result.gaps]
            yield "<p>About these the report is silent, whatever they hold.</p>"
            yield from table("What could not be analysed", ("place", "why"), rows)

    def claims(self) -> Iterator[str]:
        if self.result.claims:
            yield from table(
                "What is allowed, and why",
                ("rules", "reason", "until", "place", "needed"),
                [_claim(claim) for claim in self.result.claims],
            )

    def pages(self) -> Iterator[str]:
        for name in sorted({finding.rule for finding in self.findings} & set(self.rules)):
            rule = self.rules[name]
            yield f'<details id="rule-{name}"><summary><h3>{name}</h3> <span>{_text(rule.summary)}</span></summary>'
            for heading, text in rule.page.items():
                yield f"<h4>{_text(heading)}</h4>{''.join(_prose(text))}"
            standards = [f"CWE-{number}" for number in rule.cwe] + [f"ASVS {item}" for item in rule.asvs]
            yield f'<p class="facts">{_text(", ".join(standards))}</p></details>'

    def again(self) -> Iterator[str]:
        for command, said in (
            ("leaktight scan -o html=leaktight.html", "writes this page"),
            ("leaktight fix --diff", "shows what can be repaired by itself"),
            ("leaktight explain NAME", "says more about any word on this page"),
        ):
            yield f"<p><code>{command}</code> {said}</p>"


def _claim(claim: Claim) -> list[str]:
    until = claim.until.isoformat() if claim.until else "–"
    needed = "yes" if claim.used else "no"
    return [_text(", ".join(claim.rules)), _text(claim.reason), until, _text(f"{claim.span.path}:{claim.span.line}"), needed]


def _target(name: str, seen: set[str]) -> str:
    """The id of the first row about something, which the map leads to."""
    if name in seen:
        return ""
    seen.add(name)
    return f' id="{escape(name.replace(" ", "-"))}"'


def _mostly(labels: Counter[str], channels: Counter[str]) -> str:
    if not channels:
        return ""
    first = min(channels, key=lambda name: (-channels[name], name))
    what = f"Most of it is {min(labels, key=lambda name: (-labels[name], name))} data; the" if labels else "The"
    return f" {what} widest way out is the {first.replace('-', ' ')}."


def _prose(text: str) -> Iterator[str]:
    """The paragraphs of a rule's page."""
    for paragraph in text.split("\n\n"):
        if paragraph.startswith("    ") or paragraph.lstrip().startswith("```"):
            yield f'<pre tabindex="0"><code>{_text(paragraph.strip("`"), lines=True)}</code></pre>'
        else:
            yield f"<p>{_text(paragraph)}</p>"


def _mood(outcome: Outcome) -> str:
    return {Status.TIGHT: "tight", Status.FINDINGS: "leaking"}.get(outcome.status, "incomplete")


def _place(finding: Finding) -> str:
    return _text(f"{finding.span.path}:{finding.span.line}")


def _text(text: str, *, lines: bool = False) -> str:
    """Text of others as text of the page; backquotes in it mark code."""
    shown = "\n".join(map(visible, text.split("\n"))) if lines else visible(" ".join(text.split()))
    pieces = escape(shown).split("`")
    if lines or len(pieces) % 2 == 0:
        return escape(shown)
    return "".join(f"<code>{piece}</code>" if number % 2 else piece for number, piece in enumerate(pieces))
