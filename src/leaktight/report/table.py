"""The report for spreadsheets: a row for each finding, claimed ones and gaps included."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from leaktight.model import Finding, Gap, Result
from leaktight.report.ink import visible
from leaktight.report.mask import shielded
from leaktight.report.status import Outcome

_COLUMNS = (
    "kind", "rule", "severity", "confidence", "audience", "label", "channel", "missing", "message",
    "path", "line", "column", "symbol", "steps", "fix", "fingerprint",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def render_csv(result: Result, outcome: Outcome) -> str:
    """Render a scan as CSV (RFC 4180) with a header; `kind` is `finding`, `claimed` or `gap`."""
    del outcome  # the format has no place for it
    result = shielded(result)
    return csv_text(_COLUMNS, [*map(_finding, result.findings), *map(_gap, result.gaps)])


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Write rows as CSV. A cell that a spreadsheet would run as a formula gets an apostrophe in front."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([_cell(str(value)) for value in row] for row in rows)
    return text.getvalue()


def _finding(finding: Finding) -> tuple[object, ...]:
    return (
        "claimed" if finding.claimed else "finding",
        finding.rule,
        finding.severity,
        finding.confidence,
        finding.audience,
        finding.label or "",
        finding.channel,
        " ".join(finding.missing),
        finding.message,
        finding.span.path,
        finding.span.line,
        finding.span.column,
        finding.symbol,
        len(finding.flow),
        f"{finding.fix.title} ({finding.fix.safety})" if finding.fix else "",
        finding.fingerprint,
    )


def _gap(gap: Gap) -> tuple[object, ...]:
    return ("gap", *("" for _ in _COLUMNS[1:8]), gap.reason, gap.path, gap.line or "", *("" for _ in _COLUMNS[11:]))


def _cell(text: str) -> str:
    shown = visible(text)
    return f"'{shown}" if shown.startswith(_FORMULA) else shown
