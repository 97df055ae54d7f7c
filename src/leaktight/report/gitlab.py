"""Reports for GitLab: code quality and SAST, as JSON of the service's own schemas."""

from __future__ import annotations

import datetime
import hashlib
from typing import Any

import msgspec

from leaktight.model import Finding, Gap, Result, Severity
from leaktight.report.mask import shielded
from leaktight.report.rulebook import Rulebook
from leaktight.report.selection import flow_lines, open_findings
from leaktight.report.status import Outcome

_QUALITY = {Severity.HIGH: "critical", Severity.MEDIUM: "major", Severity.LOW: "minor"}
_SAST = {Severity.HIGH: "High", Severity.MEDIUM: "Medium", Severity.LOW: "Low"}
_SAST_SCHEMA = "15.0.2"
"""The version of GitLab's report schemas that is written; every GitLab since 15.4 reads it."""
_NAME, _SOLUTION = 255, 7000  # characters the schema allows


def render_gitlab(result: Result, outcome: Outcome) -> str:
    """Render a scan as a GitLab code quality report."""
    del outcome  # the format has no place for it
    result = shielded(result)
    entries: list[dict[str, Any]] = [
        {
            "description": finding.message,
            "check_name": finding.rule,
            "fingerprint": finding.fingerprint,
            "severity": _QUALITY[finding.severity],
            "location": {"path": finding.span.path, "lines": {"begin": finding.span.line, "end": finding.span.end_line}},
        }
        for finding in open_findings(result)
    ]
    entries += [
        {
            "description": f"not analysed: {gap.reason}",
            "check_name": "gap",
            "fingerprint": hashlib.blake2b(f"{gap.path}\0{gap.line}\0{gap.reason}".encode(), digest_size=12).hexdigest(),
            "severity": "info",
            "location": {"path": gap.path, "lines": {"begin": max(gap.line, 1)}},
        }
        for gap in result.gaps
    ]
    return _json(entries)


def render_gitlab_sast(result: Result, outcome: Outcome, *, rules: Rulebook, version: str, today: datetime.date) -> str:
    """Render a scan as a GitLab SAST report.

    The schema wants the time of the scan; only the day is told, so that the same input gives the same bytes.
    """
    result = shielded(result)
    program = {"id": "leaktight", "name": "leaktight", "version": version, "vendor": {"name": "leaktight contributors"}}
    moment = f"{today.isoformat()}T00:00:00"
    document = {
        "version": _SAST_SCHEMA,
        "scan": {
            "analyzer": program,
            "scanner": program,
            "type": "sast",
            "start_time": moment,
            "end_time": moment,
            # Findings and gaps are no failure of the scan: without this, GitLab would not show the findings.
            "status": "success",
            "messages": [
                {"level": "info", "value": f"exit status {int(outcome.status)}: {outcome.reason}"},
                *(_message(gap) for gap in result.gaps),
            ],
        },
        "vulnerabilities": [_entry(finding, rules) for finding in open_findings(result)],
    }
    return _json(document)


def _message(gap: Gap) -> dict[str, str]:
    place = f"{gap.path}:{gap.line}" if gap.line else gap.path
    return {"level": "warn", "value": f"not analysed: {place}: {gap.reason}"}


def _entry(finding: Finding, rules: Rulebook) -> dict[str, Any]:
    rule = rules.get(finding.rule)
    location: dict[str, Any] = {
        "file": finding.span.path,
        "start_line": finding.span.line,
        "end_line": max(finding.span.end_line, finding.span.line),
    }
    if finding.symbol:
        location["method"] = finding.symbol
    remedy = finding.fix.title if finding.fix else rule.remedy if rule else ""
    return {
        "id": finding.fingerprint,
        "name": finding.rule.replace("-", " ").capitalize()[:_NAME],
        "description": "\n".join([finding.message, *flow_lines(finding)]),
        "severity": _SAST[finding.severity],
        "solution": remedy[:_SOLUTION],
        "identifiers": [
            {"type": "leaktight_rule", "name": finding.rule, "value": finding.rule},
            *(
                {
                    "type": "cwe",
                    "name": f"CWE-{number}",
                    "value": str(number),
                    "url": f"https://cwe.mitre.org/data/definitions/{number}.html",
                }
                for number in (rule.cwe if rule else ())
            ),
        ],
        "location": location,
        "tracking": {
            "type": "source",
            "items": [
                {
                    **{name: location[name] for name in ("file", "start_line", "end_line")},
                    "signatures": [{"algorithm": "leaktight_v1", "value": finding.fingerprint}],
                }
            ],
        },
    }


def _json(document: object) -> str:
    return f"{msgspec.json.format(msgspec.json.encode(document), indent=2).decode()}\n"
