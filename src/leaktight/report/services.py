"""Reports for the places where code is reviewed: GitHub annotations and Markdown comments."""

from __future__ import annotations

from leaktight.model import Result, Severity
from leaktight.report.ink import visible
from leaktight.report.mask import shielded
from leaktight.report.selection import counted, worst
from leaktight.report.status import Outcome

_LEVEL = {Severity.HIGH: "error", Severity.MEDIUM: "warning", Severity.LOW: "notice"}
_ANNOTATIONS = 10  # as many as GitHub shows for one step
_ROWS = 50


def render_github(result: Result, outcome: Outcome) -> str:
    """Render the worst findings as workflow commands that GitHub shows beside the code, and a summary."""
    result = shielded(result)
    findings = worst(result)
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
    lines.append(_command("notice", f"{counted(findings)}; exit status {int(outcome.status)}: {outcome.reason}"))
    return "".join(f"{line}\n" for line in lines)


def render_markdown(result: Result, outcome: Outcome) -> str:
    """Render a scan as a comment for a pull request."""
    result = shielded(result)
    findings = worst(result)
    lines = [f"### leaktight: {counted(findings)}", "", f"Exit status {int(outcome.status)}: {_cell(outcome.reason)}.", ""]
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


def _command(name: str, message: str, **properties: object) -> str:
    """Write a workflow command; the service reads `%`, line ends, `:` and `,` as its own."""
    given = ",".join(f"{key}={_escaped(str(value), ':,')}" for key, value in properties.items())
    return f"::{name}{' ' if given else ''}{given}::{_escaped(message, '')}"


def _escaped(text: str, more: str) -> str:
    text = "".join(" " if character < " " and character not in "\r\n" else character for character in text)
    for character in f"%\r\n{more}":
        text = text.replace(character, f"%{ord(character):02X}")
    return text


def _cell(text: str) -> str:
    """Text in a table: no markup, no mention, no cell end."""
    marked = "".join(f"\\{character}" if character in "\\`*_[]<>|#~" else character for character in visible(text))
    return marked.replace("@", "@\u200b")


def _code(text: str) -> str:
    return f"`{visible(text).replace('`', chr(39)).replace('|', '¦')}`"
