"""The report for readers of JUnit XML: a finding is a failed test, a gap a broken one."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from html import escape

from leaktight.model import Result
from leaktight.report.ink import visible
from leaktight.report.mask import shielded
from leaktight.report.selection import flow_lines, open_findings
from leaktight.report.status import Outcome


def render_junit(result: Result, outcome: Outcome, *, today: datetime.date) -> str:
    """Render a scan as JUnit XML, as strict as the schema of Ant's reports is.

    It wants a time and a host; only the day is told, so that the same input gives the same bytes.
    """
    result = shielded(result)
    findings = open_findings(result)
    cases = [*_failures(result), *_errors(result), _case("leaktight", "whole project", "")]
    numbers = f'tests="{len(cases)}" failures="{len(findings)}" errors="{len(result.gaps)}" time="0"'
    body = "".join(f"    {case}\n" for case in cases)
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<testsuites>\n'
        f'  <testsuite id="0" package="leaktight" name="leaktight" hostname="localhost" '
        f'timestamp="{today.isoformat()}T00:00:00" {numbers}>\n    <properties/>\n{body}'
        f"    <system-out>{_text(f'exit status {int(outcome.status)}: {outcome.reason}')}</system-out>\n    <system-err/>\n"
        "  </testsuite>\n</testsuites>\n"
    )


def _failures(result: Result) -> Iterator[str]:
    for finding in open_findings(result):
        told = _text("\n".join([*flow_lines(finding), f"leaktight explain {finding.rule}"]))
        head = f"<failure type={_attribute(finding.severity)} message={_attribute(finding.message)}>"
        yield _case(finding.rule, f"{finding.span.path}:{finding.span.line}:{finding.span.column}", f"{head}{told}</failure>")


def _errors(result: Result) -> Iterator[str]:
    for gap in result.gaps:
        yield _case("gap", f"{gap.path}:{gap.line}", f'<error type="gap" message={_attribute(gap.reason)}/>')


def _case(rule: str, name: str, inside: str) -> str:
    return f'<testcase classname={_attribute(rule)} name={_attribute(name)} time="0">{inside}</testcase>'


def _attribute(text: str) -> str:
    return f'"{escape(" ".join(visible(text).split()))}"'


def _text(text: str) -> str:
    return escape("\n".join(visible(line) for line in text.split("\n")), quote=False)
