"""One table decides the exit status, whatever the format."""

import pytest
from report.samples import PROJECT, finding

from leaktight.model import Gap, ProjectInfo, Result, Severity
from leaktight.report import Outcome, Status, decide

GAP = Gap("a.py", 1, "not Python")


def result(*severities: str, gaps: int = 0, claimed: bool = False, project: ProjectInfo = PROJECT) -> Result:
    findings = tuple(finding(severity=Severity(item), claimed=claimed) for item in severities)
    return Result(project, findings, (GAP,) * gaps, ())


@pytest.mark.parametrize(
    ("given", "options", "expected"),
    [
        (result(), {}, Outcome(Status.TIGHT, 'nothing at or above "medium", and everything was analysed')),
        (result("low"), {}, Outcome(Status.TIGHT, 'nothing at or above "medium", and everything was analysed')),
        (result("medium", "low"), {}, Outcome(Status.FINDINGS, '1 finding at or above "medium"')),
        (result("medium", "high"), {}, Outcome(Status.FINDINGS, '2 findings at or above "medium"')),
        (result("low"), {"fail_on": Severity.LOW}, Outcome(Status.FINDINGS, '1 finding at or above "low"')),
        (
            result("medium"),
            {"fail_on": Severity.HIGH},
            Outcome(Status.TIGHT, 'nothing at or above "high", and everything was analysed'),
        ),
        (result("high", claimed=True), {}, Outcome(Status.TIGHT, 'nothing at or above "medium", and everything was analysed')),
        (result(gaps=1), {}, Outcome(Status.INCOMPLETE, "1 place could not be analysed")),
        (
            result("high", gaps=2),
            {},
            Outcome(Status.INCOMPLETE, '2 places could not be analysed, and there is 1 finding at or above "medium"'),
        ),
        (result(gaps=2), {"allow_gaps": True}, Outcome(Status.TIGHT, 'nothing at or above "medium" and 2 allowed gaps')),
        (
            result("high", gaps=1),
            {"allow_gaps": True},
            Outcome(Status.FINDINGS, '1 finding at or above "medium" and 1 allowed gap'),
        ),
        (
            result("high"),
            {"exit_zero": True},
            Outcome(Status.TIGHT, '1 finding at or above "medium", but --exit-zero was given'),
        ),
        (
            result("high", gaps=1),
            {"exit_zero": True},
            Outcome(Status.INCOMPLETE, '1 place could not be analysed, and there is 1 finding at or above "medium"'),
        ),
        (result(project=ProjectInfo("x")), {}, Outcome(Status.INCOMPLETE, "there was nothing to look at")),
        (
            result(project=ProjectInfo("x")),
            {"allow_gaps": True},
            Outcome(Status.TIGHT, 'nothing at or above "medium", and everything was analysed'),
        ),
    ],
)
def test_the_status_and_its_reason(given: Result, options: dict[str, object], expected: Outcome):
    assert decide(given, **{"fail_on": Severity.MEDIUM, **options}) == expected
