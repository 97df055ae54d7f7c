"""A proof in the formats of a scan: leaks are findings that are proved, what came to no conclusion is a gap."""

import json
from xml.etree import ElementTree as ET

import pytest

from leaktight.cli.formats import Format
from leaktight.cli.projects import joined
from leaktight.cli.prove import _told
from leaktight.model import (
    Audience,
    CodePlace,
    Confidence,
    Finding,
    Proof,
    Sent,
    Severity,
    Span,
    Tightness,
    Verdict,
)
from leaktight.report import as_result, decide_proof

LEAK = Verdict(
    Tightness.LEAKING,
    "the password of form field password comes out in logger shop",
    rule="secret-in-log",
    channel="log",
    label="password",
    request=Sent("POST", "/login/", "form field password", "anonymous"),
    place=CodePlace("shop/views.py", 12, "login"),
)
OPEN = Verdict(Tightness.INCONCLUSIVE, "every role is refused (403)", request=Sent("GET", "/mine/"))
TIGHT = Verdict(Tightness.TIGHT, "nothing came out", request=Sent("GET", "/"))
PROOF = Proof("shop", (LEAK, OPEN, TIGHT))


def _finding(line, *, rule="secret-in-log", path="shop/views.py", symbol="login"):
    span = Span(path, line, 1, line, 9)
    return Finding(
        rule, Severity.HIGH, Confidence.HIGH, Audience.DEFAULT, "password", "log", (), "m", span, symbol, fingerprint=f"f{line}"
    )


def test_leaks_are_findings_and_what_is_open_is_a_gap():
    result = as_result(PROOF, {})
    assert [(one.rule, one.span.path, one.span.line) for one in result.findings] == [("secret-in-log", "shop/views.py", 12)]
    assert [(gap.path, gap.reason) for gap in result.gaps] == [("mine", "every role is refused (403)")]


@pytest.mark.parametrize("format_", Format)
def test_every_format_tells_it(format_):
    told = _told(PROOF, decide_proof(PROOF), format_)
    assert "secret-in-log" in told


def test_sarif_and_junit_are_what_they_say():
    sarif = json.loads(_told(PROOF, decide_proof(PROOF), Format.SARIF))
    (found,) = sarif["runs"][0]["results"]
    assert found["ruleId"] == "secret-in-log"
    junit = ET.fromstring(_told(PROOF, decide_proof(PROOF), Format.JUNIT))
    assert len(junit.findall(".//failure")) == 1


def test_a_tight_proof_has_no_finding_in_any_format():
    proof = Proof("shop", (TIGHT,))
    assert as_result(proof, {}).findings == ()
    assert ET.fromstring(_told(proof, decide_proof(proof), Format.JUNIT)).findall(".//failure") == []


@pytest.mark.parametrize(
    ("findings", "proves"),
    [
        ([_finding(12)], "f12"),
        ([_finding(11), _finding(12)], "f12"),
        ([_finding(30)], "f30"),  # another line of the same function
        ([_finding(12, path="shop/other.py")], ""),
        ([_finding(30, symbol="logout")], ""),
        ([_finding(30, rule="secret-in-mail")], ""),
        ([], ""),
    ],
)
def test_a_leak_proves_the_finding_of_its_line_or_of_its_function(findings, proves):
    verdict = joined(Proof("shop", (LEAK,)), tuple(findings)).verdicts[0]
    assert verdict.proves == proves
