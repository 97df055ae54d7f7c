"""The report for code scanning services: SARIF 2.1.0 with flows, claims, gaps and the pages of the rules."""

from __future__ import annotations

from urllib.parse import quote

import msgspec

from leaktight.model import Claim, Finding, Fix, Gap, Result, Severity, Span, Step
from leaktight.report import sarif_types as sarif
from leaktight.report.mask import shielded
from leaktight.report.rulebook import Rulebook, RuleText
from leaktight.report.sarif_taxonomies import relationships, taxonomies
from leaktight.report.status import Outcome, Status

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_ROOT = "SRCROOT"
_MOST_RESULTS = 25_000  # services refuse a run with more
_MOST_STEPS = 10_000  # services refuse a result with more
_LEVEL = {Severity.HIGH: "error", Severity.MEDIUM: "warning", Severity.LOW: "note"}
_SCORE = {Severity.HIGH: "8.0", Severity.MEDIUM: "5.5", Severity.LOW: "3.0"}


def render_sarif(result: Result, outcome: Outcome, *, rules: Rulebook, version: str) -> str:
    """Render a scan as a SARIF log of one run."""
    result = shielded(result)
    index = {name: number for number, name in enumerate(sorted(rules))}
    driver = sarif.ToolComponent(
        name="leaktight",
        semantic_version=version,
        rules=[_rule(rules[name]) for name in sorted(rules)],
        supported_taxonomies=[sarif.ComponentReference(name=taxonomy.name) for taxonomy in taxonomies(rules)],
    )
    run = sarif.Run(
        tool=sarif.Tool(driver=driver),
        invocations=[
            sarif.Invocation(
                execution_successful=outcome.status not in {Status.USAGE, Status.INTERNAL},
                exit_code=int(outcome.status),
                exit_code_description=outcome.reason,
                tool_execution_notifications=[_gap(gap) for gap in result.gaps],
            )
        ],
        original_uri_base_ids={_ROOT: sarif.OriginalBase(description=sarif.Message(text="The scanned folder."))},
        column_kind="unicodeCodePoints",
        results=[_result(finding, index, result) for finding in result.findings[:_MOST_RESULTS]],
        taxonomies=taxonomies(rules),
    )
    log = sarif.Log(schema=_SCHEMA, version="2.1.0", runs=[run])
    return f"{msgspec.json.format(msgspec.json.encode(log), indent=2).decode()}\n"


def _rule(rule: RuleText) -> sarif.ReportingDescriptor:
    tags = [
        "security",
        rule.family,
        *(f"external/cwe/cwe-{number}" for number in rule.cwe),
        *(f"asvs/{item}" for item in rule.asvs),
    ]
    page = "\n\n".join(f"## {heading}\n\n{text}" for heading, text in rule.page.items()) or rule.summary
    return sarif.ReportingDescriptor(
        id=rule.name,
        name="".join(word.capitalize() for word in rule.name.split("-")),
        short_description=sarif.Message(text=rule.name.replace("-", " ").capitalize()),
        full_description=sarif.Message(text=rule.summary),
        help=sarif.Message(text=rule.remedy, markdown=f"{page}\n\n**{rule.remedy}**"),
        default_configuration=sarif.Configuration(level=_LEVEL[rule.severity]),
        relationships=relationships(rule),
        properties={
            "tags": [tag for tag in tags if tag],
            "precision": "medium" if rule.traced else "high",
            "problem.severity": {"note": "recommendation"}.get(_LEVEL[rule.severity], _LEVEL[rule.severity]),
            "security-severity": _SCORE[rule.severity],
        },
    )


def _result(finding: Finding, index: dict[str, int], result: Result) -> sarif.Result:
    return sarif.Result(
        rule_id=finding.rule,
        rule_index=index.get(finding.rule),
        level=_LEVEL[finding.severity],
        message=sarif.Message(text=finding.message),
        locations=[_location(finding.span, symbol=finding.symbol)],
        partial_fingerprints={"leaktight/v1": finding.fingerprint} if finding.fingerprint else {},
        code_flows=[_flow(finding.flow)] if finding.flow else [],
        related_locations=[_location(step.span, note=step.note, number=number) for number, step in enumerate(finding.related, 1)],
        suppressions=_suppressions(finding, result.claims) if finding.claimed else [],
        fixes=[_fix(fix) for fix in result.fixes if fix.fingerprint == finding.fingerprint],
        properties={
            "label": finding.label,
            "channel": finding.channel or None,
            "missing": list(finding.missing),
            "confidence": finding.confidence,
            "audience": finding.audience,
            **({"evidence": finding.evidence} if finding.proofs else {}),
        },
    )


def _fix(fix: Fix) -> sarif.Fix:
    changes: dict[str, list[sarif.Replacement]] = {}
    for edit in sorted(fix.edits):
        region = sarif.CharRegion(char_offset=edit.start, char_length=edit.end - edit.start)
        content = sarif.Content(text=edit.text) if edit.text else None
        changes.setdefault(edit.path, []).append(sarif.Replacement(deleted_region=region, inserted_content=content))
    effect = f"; {fix.effect}" if fix.effect else ""
    return sarif.Fix(
        description=sarif.Message(text=f"{fix.title} ({fix.safety}{effect})"),
        artifact_changes=[
            sarif.ArtifactChange(artifact_location=_artifact(path), replacements=made) for path, made in changes.items()
        ],
    )


def _flow(steps: tuple[Step, ...]) -> sarif.CodeFlow:
    note = None
    if len(steps) > _MOST_STEPS:
        note = sarif.Message(text=f"{len(steps) - _MOST_STEPS} steps in the middle are left out.")
        steps = (*steps[: _MOST_STEPS // 2], *steps[-_MOST_STEPS // 2 :])
    locations = [sarif.ThreadFlowLocation(location=_location(step.span, note=step.note)) for step in steps]
    return sarif.CodeFlow(thread_flows=[sarif.ThreadFlow(locations=locations)], message=note)


def _suppressions(finding: Finding, claims: tuple[Claim, ...]) -> list[sarif.Suppression]:
    """The claims that allow the finding; they lie at its place or at a step of its flow."""
    places = {(span.path, span.line) for span in (finding.span, *(step.span for step in finding.flow))}
    found = [
        claim
        for claim in claims
        if claim.used
        and finding.rule in claim.rules
        and any(path == claim.span.path and claim.first_line <= line <= claim.last_line for path, line in places)
    ]
    return [
        sarif.Suppression(kind="inSource", status="accepted", justification=claim.reason, location=_location(claim.span))
        for claim in found
    ] or [sarif.Suppression(kind="external", status="accepted", justification="in the baseline")]


def _gap(gap: Gap) -> sarif.Notification:
    region = sarif.Region(start_line=gap.line) if gap.line else None
    place = sarif.PhysicalLocation(artifact_location=_artifact(gap.path), region=region)
    return sarif.Notification(
        level="warning",
        message=sarif.Message(text=f"not analysed: {gap.reason}"),
        locations=[sarif.Location(physical_location=place)],
    )


def _location(span: Span, *, note: str = "", symbol: str = "", number: int | None = None) -> sarif.Location:
    region = sarif.Region(
        start_line=max(span.line, 1),
        start_column=max(span.column, 1),
        end_line=max(span.end_line, span.line, 1),
        end_column=max(span.end_column, 1),
    )
    return sarif.Location(
        id=number,
        physical_location=sarif.PhysicalLocation(artifact_location=_artifact(span.path), region=region),
        logical_locations=[sarif.LogicalLocation(fully_qualified_name=symbol)] if symbol else [],
        message=sarif.Message(text=note) if note else None,
    )


def _artifact(path: str) -> sarif.ArtifactLocation:
    return sarif.ArtifactLocation(uri=quote(path), uri_base_id=_ROOT)
