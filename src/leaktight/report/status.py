"""Why a run ends with the exit status it does; the same for every command and format."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

from leaktight.model import Result, Severity


class Status(IntEnum):
    """The exit statuses, from best to worst news; `decide` says which one wins."""

    TIGHT = 0
    FINDINGS = 1
    USAGE = 2
    INCOMPLETE = 3
    INTERNAL = 4


class Outcome(NamedTuple):
    """An exit status and the sentence that explains it."""

    status: Status
    reason: str


def decide(result: Result, *, fail_on: Severity, allow_gaps: bool = False, exit_zero: bool = False) -> Outcome:
    """Judge a scan. What could not be analysed weighs more than what was found: it may hide worse."""
    counted = [item for item in result.findings if not item.claimed and item.severity.at_least(fail_on)]
    gaps = len(result.gaps)
    if gaps and not allow_gaps:
        place = "place" if gaps == 1 else "places"
        return Outcome(Status.INCOMPLETE, f"{gaps} {place} could not be analysed{_also(len(counted), fail_on)}")
    if _is_empty(result) and not allow_gaps:
        return Outcome(Status.INCOMPLETE, "there was nothing to look at")
    allowed = f" and {gaps} allowed gap{'s' * (gaps != 1)}" if gaps else ""
    if counted and exit_zero:
        return Outcome(Status.TIGHT, f"{_findings(len(counted), fail_on)}, but --exit-zero was given")
    if counted:
        return Outcome(Status.FINDINGS, f"{_findings(len(counted), fail_on)}{allowed}")
    return Outcome(Status.TIGHT, f'nothing at or above "{fail_on}"{allowed or ", and everything was analysed"}')


def _findings(count: int, fail_on: Severity) -> str:
    return f'{count} finding{"s" * (count != 1)} at or above "{fail_on}"'


def _also(count: int, fail_on: Severity) -> str:
    return f", and there {'is' if count == 1 else 'are'} {_findings(count, fail_on)}" if count else ""


def _is_empty(result: Result) -> bool:
    """Tell whether no file was read at all."""
    looked_at = ("python files", "templates", "files")
    return not result.findings and not any(result.project.counts.get(name, 0) for name in looked_at)
