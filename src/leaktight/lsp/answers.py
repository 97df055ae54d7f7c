"""What an editor is told: diagnostics with their flow, explanations, fixes and claims; functions from a scan."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lsprotocol import types as lsp

from leaktight.engine.claiming import ClaimError, with_claim
from leaktight.lsp.places import at_offset, to_range
from leaktight.model import Finding, Fix, Result, Safety, Severity, Step
from leaktight.report import Rulebook

_SEVERITY = {
    Severity.HIGH: lsp.DiagnosticSeverity.Error,
    Severity.MEDIUM: lsp.DiagnosticSeverity.Warning,
    Severity.LOW: lsp.DiagnosticSeverity.Information,
}


@dataclass(frozen=True, slots=True)
class Scanned:
    """The scan of one project, its folder, and the text of its files."""

    root: Path
    result: Result
    rules: Rulebook
    text: Callable[[str], str]

    def uri(self, path: str) -> str:
        """The address of a file of the project."""
        folder = self.root if self.root.is_dir() else self.root.parent
        return (folder / path).as_uri()

    def open_at(self, path: str) -> list[Finding]:
        """The findings in a file that nobody allowed."""
        return [finding for finding in self.result.findings if finding.span.path == path and not finding.claimed]


def diagnostics(scanned: Scanned) -> dict[str, list[lsp.Diagnostic]]:
    """Return the diagnostics of every file that has some, by path; gaps are among them."""
    told: dict[str, list[lsp.Diagnostic]] = {}
    for finding in scanned.result.findings:
        if not finding.claimed:
            told.setdefault(finding.span.path, []).append(_diagnostic(scanned, finding))
    for gap in scanned.result.gaps:
        line = max(gap.line - 1, 0)
        told.setdefault(gap.path, []).append(
            lsp.Diagnostic(
                range=lsp.Range(lsp.Position(line, 0), lsp.Position(line, 0)),
                message=f"not analysed: {gap.reason}",
                severity=lsp.DiagnosticSeverity.Warning,
                source="leaktight",
                code="gap",
            )
        )
    return told


def hover(scanned: Scanned, path: str, position: lsp.Position) -> lsp.Hover | None:
    """Explain the findings at a position."""
    parts: list[str] = []
    where = None
    for finding in _here(scanned, path, lsp.Range(position, position)):
        where = where or to_range(finding.span, _lines(scanned, path))
        rule = scanned.rules.get(finding.rule)
        parts.append(f"**{finding.rule}**: {finding.message}")
        if finding.missing:
            parts.append(f"{finding.label or 'data'} → {finding.channel}, missing: {', '.join(finding.missing)}")
        if rule:
            parts += [f"{rule.page.get('Why it matters', rule.summary)}", f"*{rule.remedy}*"]
    return lsp.Hover(lsp.MarkupContent(lsp.MarkupKind.Markdown, "\n\n".join(parts)), where) if parts else None


def actions(scanned: Scanned, path: str, asked: lsp.Range) -> Iterator[lsp.CodeAction]:
    """Offer the fixes of the findings in a range, and to allow them with a reason that is still to be written."""
    for finding in _here(scanned, path, asked):
        told = [_diagnostic(scanned, finding)]
        for fix in scanned.result.fixes:
            if fix.fingerprint == finding.fingerprint:
                yield lsp.CodeAction(
                    title=f"{fix.title} ({fix.safety}{f'; {fix.effect}' if fix.effect else ''})",
                    kind=lsp.CodeActionKind.QuickFix,
                    diagnostics=told,
                    is_preferred=fix.safety is Safety.SAFE,
                    edit=lsp.WorkspaceEdit(changes=_changes(scanned, fix)),
                )
        if edit := _allowing(scanned, finding):
            changes = {scanned.uri(path): [edit]}
            title = f"allow {finding.rule} here: write the reason"
            yield lsp.CodeAction(
                title=title, kind=lsp.CodeActionKind.QuickFix, diagnostics=told, edit=lsp.WorkspaceEdit(changes=changes)
            )


def _diagnostic(scanned: Scanned, finding: Finding) -> lsp.Diagnostic:
    remedy = finding.fix.title if finding.fix else rule.remedy if (rule := scanned.rules.get(finding.rule)) else ""
    return lsp.Diagnostic(
        range=to_range(finding.span, _lines(scanned, finding.span.path)),
        message=f"{finding.message}\n{remedy}" if remedy else finding.message,
        severity=_SEVERITY[finding.severity],
        source="leaktight",
        code=finding.rule,
        related_information=[_related(scanned, step) for step in (*finding.flow, *finding.related)],
    )


def _related(scanned: Scanned, step: Step) -> lsp.DiagnosticRelatedInformation:
    place = lsp.Location(scanned.uri(step.span.path), to_range(step.span, _lines(scanned, step.span.path)))
    return lsp.DiagnosticRelatedInformation(place, step.note)


def _here(scanned: Scanned, path: str, asked: lsp.Range) -> Iterator[Finding]:
    lines = _lines(scanned, path)
    for finding in scanned.open_at(path):
        place = to_range(finding.span, lines)
        if (place.start.line, place.start.character) <= (asked.end.line, asked.end.character) and (
            asked.start.line,
            asked.start.character,
        ) <= (place.end.line, place.end.character):
            yield finding


def _changes(scanned: Scanned, fix: Fix) -> dict[str, list[lsp.TextEdit]]:
    changes: dict[str, list[lsp.TextEdit]] = {}
    for edit in fix.edits:
        text = scanned.text(edit.path)
        place = lsp.Range(at_offset(text, edit.start), at_offset(text, edit.end))
        changes.setdefault(scanned.uri(edit.path), []).append(lsp.TextEdit(place, edit.text))
    return changes


def _allowing(scanned: Scanned, finding: Finding) -> lsp.TextEdit | None:
    """A claim without its reason: it allows nothing, and is reported, until somebody writes one."""
    text = scanned.text(finding.span.path)
    try:
        changed = with_claim(text, finding.span.path, finding.span.line, rules=[finding.rule], reason="x", until=None)
    except ClaimError:
        return None
    before, after = text.splitlines(keepends=True), changed.splitlines(keepends=True)
    line = next((number for number, (old, new) in enumerate(zip(before, after, strict=False)) if old != new), len(before))
    position = lsp.Position(line, 0)
    return lsp.TextEdit(lsp.Range(position, position), after[line].replace("] x", "] ", 1))


def _lines(scanned: Scanned, path: str) -> list[str]:
    return scanned.text(path).split("\n")
