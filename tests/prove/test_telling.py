"""A proof in the formats of a scan: leaks are findings that are proved, what came to no conclusion is a gap."""

import ast
import json
import os
import re
import sqlite3
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from prove.samples import LEAK, OPEN, TIGHT

from leaktight.cli.formats import Format
from leaktight.cli.projects import files_of, joined
from leaktight.cli.prove import _told
from leaktight.cli.written import tests as module_of
from leaktight.model import (
    Audience,
    Confidence,
    Finding,
    Proof,
    Sent,
    Severity,
    Span,
)
from leaktight.prove.child import _said
from leaktight.prove.documents import documents
from leaktight.prove.launch import interpreter_of
from leaktight.report import as_result, decide_proof, render_proof_text

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


def test_what_was_not_exercised_for_the_same_reason_is_told_once():
    alike = [replace(OPEN, request=Sent("GET", f"/mine/{number}/")) for number in range(500)]
    other = replace(OPEN, message="there is nothing at this address (404)", request=Sent("GET", "/gone/"))
    proof = Proof("shop", (*alike, other))
    told = " ".join(render_proof_text(proof, decide_proof(proof), version="1").split())
    assert "GET /mine/0/, GET /mine/1/, GET /mine/2/ and 497 more: every role is refused (403)" in told
    assert "GET /gone/: there is nothing at this address (404)" in told
    assert "/mine/3/" not in told
    whole = " ".join(render_proof_text(proof, decide_proof(proof), version="1", verbose=True).split())
    assert "GET /mine/499/" in whole


def test_the_interpreter_beside_the_project_is_found(tmp_path):
    assert interpreter_of(tmp_path, tmp_path / "src") == ""
    (tmp_path / "src/env").mkdir(parents=True)  # a folder of settings, perhaps
    assert interpreter_of(tmp_path, tmp_path / "src") == ""
    for place, name in ((tmp_path, "venv"), (tmp_path / "src", ".venv")):
        (place / name / "bin").mkdir(parents=True)
        (place / name / "pyvenv.cfg").write_text("")
        (place / name / "bin/python").write_text("")
        assert interpreter_of(tmp_path, tmp_path / "src") == str(place / name / "bin/python")


def test_an_error_is_told_by_its_kind_and_places_and_never_by_its_text(tmp_path):
    (tmp_path / "shop.py").write_text(
        "import sqlite3\nimport json\n\ndef read(text):\n    return json.loads(text)\n\ndef open_():\n    sqlite3.connect('/no/where/secret')\n"
    )
    names: dict = {}
    exec(compile((tmp_path / "shop.py").read_text(), tmp_path / "shop.py", "exec"), names)
    with pytest.raises(ValueError) as error:
        names["read"]("secret")
    assert re.fullmatch(r"JSONDecodeError at decoder\.py:\d+, called at shop\.py:5", _said(error.value, str(tmp_path)))
    with pytest.raises(sqlite3.OperationalError) as error:
        names["open_"]()
    assert _said(error.value, str(tmp_path)) == "OperationalError (SQLITE_CANTOPEN) at shop.py:8"


def test_a_tight_proof_has_no_finding_in_any_format():
    proof = Proof("shop", (TIGHT,))
    assert as_result(proof, {}).findings == ()
    assert ET.fromstring(_told(proof, decide_proof(proof), Format.JUNIT)).findall(".//failure") == []


@pytest.mark.parametrize(
    ("path", "settings", "proves"),
    [
        ("shop/settings.py", ("shop/settings.py",), "f12"),
        ("shop/settings.py", files_of(Path("/w"), Path("/w"), "shop.settings"), "f12"),
        ("shop/models.py", ("shop/settings.py",), ""),  # it is about another table
        ("shop/settings/other.py", files_of(Path("/w"), Path("/w"), "shop.settings.base"), ""),  # it was not run
    ],
)
def test_a_leak_of_the_whole_site_proves_only_what_is_said_of_the_settings_it_ran_with(path, settings, proves):
    leak = replace(LEAK, place=None)
    assert joined(Proof("shop", (leak,)), (_finding(12, path=path),), settings).verdicts[0].proves == proves


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


def test_every_leak_has_a_test_of_its_own_name():
    asked = ["/pay/", "/pay/", "/pay/2/", "/pay-2/", "/" + "long/" * 40, "/" + "long/" * 40]
    leaking = [replace(LEAK, request=Sent("GET", path)) for path in asked]
    module = ast.parse(module_of(Proof("shop", tuple(leaking)), "site_settings", "test_leaks.py"))
    names = [node.name for node in module.body if isinstance(node, ast.FunctionDef)]
    assert len(names) == len(set(names)) == len(asked)


def test_a_pipe_that_is_named_like_a_description_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "openapi.json")
    (tmp_path / "swagger.json").write_text('{"openapi": "3.0.0", "paths": {}}')
    assert documents(tmp_path) == [{"openapi": "3.0.0", "paths": {}}]
