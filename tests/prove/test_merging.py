"""A scan and its proofs as one report: what both say rises to proved, and nothing else does."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from prove import samples
from prove.samples import OPEN, TIGHT

from leaktight.model import (
    Audience,
    CodePlace,
    Confidence,
    Evidence,
    Finding,
    Gap,
    ProjectInfo,
    Proof,
    Result,
    Severity,
    Span,
    Step,
    Verdict,
)
from leaktight.report import decide_proof, merged, read_proof_json, render_proof_json

SPAN = Span("shop/views.py", 12, 5, 12, 40)
FOUND = Finding(
    "secret-in-log",
    Severity.HIGH,
    Confidence.MEDIUM,
    Audience.DEFAULT,
    "password",
    "log",
    ("masked",),
    "the password goes to the log",
    SPAN,
    "login",
    flow=(Step(SPAN, "it leaves here"),),
    fingerprint="f12",
)
OTHER = replace(FOUND, fingerprint="f30", span=Span("shop/views.py", 30, 5, 30, 40), flow=())
LEAK = replace(samples.LEAK, proves="f12")
ALONE = replace(LEAK, proves="", place=CodePlace("shop/other.py", 3, "send"), channel="mail", rule="secret-in-mail")
RESULT = Result(ProjectInfo("shop"), (FOUND, OTHER), (Gap("shop/x.py", 1, "it cannot be parsed"),), ())


def _merged(*verdicts):
    return merged(RESULT, [Proof("shop", verdicts)], {})


def test_evidence_rises_only_where_both_agree():
    assert [finding.evidence for finding in RESULT.findings] == [Evidence.TRACED, Evidence.STATED]
    risen, other = _merged(LEAK, TIGHT).findings
    assert (risen.evidence, risen.confidence, risen.proofs) == (Evidence.PROVED, Confidence.HIGH, (LEAK,))
    assert other == OTHER


@pytest.mark.parametrize("verdict", [TIGHT, replace(OPEN, proves="f12"), replace(TIGHT, proves="f12")])
def test_what_is_no_leak_proves_nothing(verdict):
    assert _merged(verdict).findings == RESULT.findings


def test_a_leak_the_scan_does_not_know_is_a_finding_of_its_own():
    result = _merged(ALONE)
    assert [(one.span.path, one.rule, one.evidence) for one in result.findings] == [
        ("shop/other.py", "secret-in-mail", Evidence.PROVED),
        ("shop/views.py", "secret-in-log", Evidence.TRACED),
        ("shop/views.py", "secret-in-log", Evidence.STATED),
    ]


def test_what_is_claimed_stays_claimed():
    claimed = replace(RESULT, findings=(replace(FOUND, claimed=True),))
    (finding,) = merged(claimed, [Proof("shop", (LEAK,))], {}).findings
    assert finding.claimed
    assert finding.evidence is Evidence.PROVED


def test_gaps_of_both_are_told_once():
    result = merged(RESULT, [Proof("shop", (OPEN,)), Proof("shop", (OPEN,))], {})
    assert [gap.reason for gap in result.gaps] == ["every role is refused (403)", "it cannot be parsed"]


def test_the_json_of_a_proof_can_be_read_again():
    proof = Proof("shop", (LEAK, OPEN, TIGHT), {"endpoints": 3}, 1.5, ("a note",))
    assert read_proof_json(render_proof_json(proof, decide_proof(proof), version="0").encode()) == proof


@pytest.mark.parametrize("text", [b"", b"[]", b"{}", b'{"schema": 2}', b'{"schema": 1, "verdicts": [{}]}', b"\xff", b"null"])
def test_what_is_no_proof_is_refused(text):
    with pytest.raises(ValueError, match="it"):
        read_proof_json(text)


def _leaktight(*arguments, folder):
    command = [sys.executable, "-m", "leaktight", *map(str, arguments)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def project(tmp_path):
    (tmp_path / "views.py").write_text(
        "import logging\n\n\ndef login(request):\n    logging.info('in %s', request.POST['password'])\n"
        "\n\ndef other(request):\n    logging.info('out %s', request.POST['password'])\n"
    )
    return tmp_path


def _save(project: Path, *verdicts: Verdict) -> None:
    proof = Proof("shop", verdicts, {"endpoints": 2})
    (project / "proof.json").write_text(render_proof_json(proof, decide_proof(proof), version="0"))


def test_the_command_tells_all_as_one(project):
    _save(project, replace(LEAK, proves="", place=CodePlace("views.py", 5, "login")), TIGHT)
    done = _leaktight("report", "--proof", "proof.json", "--format", "json", "-o", "html=all.html", folder=project)
    told = json.loads(done.stdout)
    logged = [one for one in told["findings"] if one["rule"] == "secret-in-log"]
    assert [(one["line"], one.get("evidence"), len(one.get("proofs", ()))) for one in logged] == [(5, "proved", 1), (9, None, 0)]
    assert done.returncode == 1
    jsonschema.validate(told, json.loads((Path(__file__).parents[2] / "docs/reference/result.schema.json").read_text()))
    assert "proved" in (project / "all.html").read_text()
    text = _leaktight("report", "--proof", "proof.json", folder=project).stdout
    assert "= evidence: proved" in text
    assert "POST /login/" in " ".join(text.split())


def test_what_was_not_exercised_ends_with_status_3(project):
    _save(project, OPEN)
    assert _leaktight("report", "--proof", "proof.json", folder=project).returncode == 3
    assert _leaktight("report", "--proof", "proof.json", "--allow-gaps", folder=project).returncode == 1


@pytest.mark.parametrize("arguments", [(), ("--proof", "missing.json"), ("--proof", "views.py")])
def test_without_a_proof_it_is_wrong_use(project, arguments):
    assert _leaktight("report", *arguments, folder=project).returncode == 2
