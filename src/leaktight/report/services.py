"""Reports for the places where code is reviewed: GitHub, GitLab, JUnit readers and Markdown comments."""

from __future__ import annotations

from collections import Counter
from xml.sax.saxutils import escape, quoteattr

import msgspec

from leaktight.model import Finding, Result, Severity
from leaktight.report.ink import visible
from leaktight.report.mask import shielded
from leaktight.report.status import Outcome

_LEVEL = {Severity.HIGH: "error", Severity.MEDIUM: "warning", Severity.LOW: "notice"}
_GITLAB = {Severity.HIGH: "critical", Severity.MEDIUM: "major", Severity.LOW: "minor"}
_ANNOTATIONS = 10  # as many as GitHub shows for one step
_ROWS = 50


def render_github(result: Result, outcome: Outcome) -> str:
    """Render the worst findings as workflow commands that GitHub shows beside the code, and a summary."""
    result = shielded(result)
    findings = _worst(result)
    lines = [
        _command(
            _LEVEL[finding.severity],
            finding.message,
            file=finding.span.path,
            line=finding.span.line,
            endLine=finding.span.end_line,
            col=finding.span.column,
            endColumn=finding.span.end_column,
            title=finding.rule,
        )
        for finding in findings[:_ANNOTATIONS]
    ]
    lines += [_command("warning", f"not analysed: {gap.reason}", file=gap.path, line=max(gap.line, 1)) for gap in result.gaps]
    if len(findings) > _ANNOTATIONS:
        lines.append(_command("notice", f"{len(findings) - _ANNOTATIONS} more findings are not shown beside the code"))
    lines.append(_command("notice", f"{_counted(findings)}; exit status {int(outcome.status)}: {outcome.reason}"))
    return "".join(f"{line}\n" for line in lines)


def render_gitlab(result: Result, outcome: Outcome) -> str:
    """Render a scan as a GitLab code quality report."""
    del outcome  # the format has no place for it
    result = shielded(result)
    entries = [
        {
            "description": finding.message,
            "check_name": finding.rule,
            "fingerprint": finding.fingerprint,
            "severity": _GITLAB[finding.severity],
            "location": {"path": finding.span.path, "lines": {"begin": finding.span.line, "end": finding.span.end_line}},
        }
        for finding in _open(result)
    ]
    entries += [
        {
            "description": f"not analysed: {gap.reason}",
            "check_name": "gap",
            "fingerprint": f"gap:{gap.path}:{gap.line}:{gap.reason}",
            "severity": "info",
            "location": {"path": gap.path, "lines": {"begin": max(gap.line, 1)}},
        }
        for gap in result.gaps
    ]
    return f"{msgspec.json.format(msgspec.json.encode(entries), indent=2).decode()}\n"


def render_junit(result: Result, outcome: Outcome) -> str:
    """Render a scan as JUnit XML: a finding is a failure, a gap an error, and the status is the last test."""
    result = shielded(result)
    findings = _open(result)
    cases = [
        _case(
            finding.rule,
            f"{finding.span.path}:{finding.span.line}",
            f"<failure type={_attribute(finding.severity)} message={_attribute(finding.message)}>{_text(_told(finding))}</failure>",
        )
        for finding in findings
    ]
    cases += [
        _case("gap", f"{gap.path}:{gap.line}", f'<error type="gap" message={_attribute(gap.reason)}/>') for gap in result.gaps
    ]
    cases.append(_case("leaktight", "exit status", f"<system-out>{_text(outcome.reason)}</system-out>"))
    head = f'tests="{len(cases)}" failures="{len(findings)}" errors="{len(result.gaps)}"'
    body = "\n".join(f"    {case}" for case in cases)
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n<testsuites {head}>\n  <testsuite name="leaktight" {head}>\n'
        f"{body}\n  </testsuite>\n</testsuites>\n"
    )


def render_markdown(result: Result, outcome: Outcome) -> str:
    """Render a scan as a comment for a pull request."""
    result = shielded(result)
    findings = _worst(result)
    lines = [f"### leaktight: {_counted(findings)}", "", f"Exit status {int(outcome.status)}: {_cell(outcome.reason)}.", ""]
    if findings:
        lines += ["| severity | rule | place | what |", "| --- | --- | --- | --- |"]
        lines += [
            f"| {finding.severity} | `{finding.rule}` | {_code(f'{finding.span.path}:{finding.span.line}')} | {_cell(finding.message)} |"
            for finding in findings[:_ROWS]
        ]
        if len(findings) > _ROWS:
            lines += ["", f"{len(findings) - _ROWS} more findings are not listed."]
        lines.append("")
    if result.gaps:
        lines += ["Not analysed:", ""]
        lines += [
            f"- {_code(f'{gap.path}:{gap.line}' if gap.line else gap.path)} {_cell(gap.reason)}" for gap in result.gaps[:_ROWS]
        ]
        if len(result.gaps) > _ROWS:
            lines.append(f"- {len(result.gaps) - _ROWS} more")
        lines.append("")
    return "\n".join(lines)


def _open(result: Result) -> list[Finding]:
    return [finding for finding in result.findings if not finding.claimed]


def _worst(result: Result) -> list[Finding]:
    return sorted(_open(result), key=lambda item: (-item.severity.rank, -item.confidence.rank, item.key))


def _counted(findings: list[Finding]) -> str:
    by = Counter(finding.severity for finding in findings)
    parts = [f"{by[severity]} {severity}" for severity in reversed(Severity) if by[severity]]
    return f"{len(findings)} finding{'s' * (len(findings) != 1)}: {', '.join(parts)}" if findings else "no finding"


def _told(finding: Finding) -> str:
    """The flow as lines of text."""
    steps = [f"{step.span.path}:{step.span.line}:{step.span.column} {step.note}" for step in finding.flow]
    return "\n".join([*steps, f"leaktight explain {finding.rule}"])


def _command(name: str, message: str, **properties: object) -> str:
    """Write a workflow command; the service reads `%`, line ends, `:` and `,` as its own."""
    given = ",".join(f"{key}={_escaped(str(value), ':,')}" for key, value in properties.items())
    return f"::{name}{' ' if given else ''}{given}::{_escaped(message, '')}"


def _escaped(text: str, more: str) -> str:
    text = "".join(" " if character < " " and character not in "\r\n" else character for character in text)
    for character in f"%\r\n{more}":
        text = text.replace(character, f"%{ord(character):02X}")
    return text


def _case(rule: str, name: str, inside: str) -> str:
    return f"<testcase classname={_attribute(rule)} name={_attribute(name)}>{inside}</testcase>"


def _attribute(text: str) -> str:
    return quoteattr(visible(text))


def _text(text: str) -> str:
    return escape("\n".join(visible(line) for line in text.split("\n")))


def _cell(text: str) -> str:
    """Text in a table: no markup, no mention, no cell end."""
    marked = "".join(f"\\{character}" if character in "\\`*_[]<>|#~" else character for character in visible(text))
    return marked.replace("@", "@\u200b")


def _code(text: str) -> str:
    return f"`{visible(text).replace('`', chr(39)).replace('|', '¦')}`"
