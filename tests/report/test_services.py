"""Reports for GitLab, JUnit readers and spreadsheets keep to what those accept."""

from __future__ import annotations

import csv
import datetime
import io
import json
import re
from dataclasses import replace
from xml.etree import ElementTree

import jsonschema
import pytest
from inline_snapshot import snapshot
from report.samples import CLEAN, ODD, RESULT, RULES, TRACED, finding

from leaktight.model import Result, Severity, Span
from leaktight.report import decide, render_csv, render_gitlab, render_gitlab_sast, render_junit

OUTCOME = decide(RESULT, fail_on=Severity.MEDIUM)
TODAY = datetime.date(2026, 11, 26)
RESULTS = pytest.mark.parametrize("result", [RESULT, CLEAN, ODD], ids=["result", "clean", "odd"])

# What GitLab's schemas of SAST and code quality reports demand of the keys that are written.
TEXT = {"type": "string", "minLength": 1}
LINE = {"type": "integer", "minimum": 1}
ADDRESS = {"type": "string", "pattern": "^https?://.+"}


def record(required: dict, optional: dict | None = None) -> dict:
    """An object that has these keys and no others."""
    return {
        "type": "object",
        "required": sorted(required),
        "properties": required | (optional or {}),
        "additionalProperties": False,
    }


PROGRAM = record({"id": TEXT, "name": TEXT, "version": TEXT, "vendor": record({"name": TEXT})})
MOMENT = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$"}
PLACE = {"file": TEXT, "start_line": LINE, "end_line": LINE}
SAST = record(
    {
        "version": {"type": "string", "pattern": r"^\d+\.\d+\.\d+$"},
        "scan": record(
            {
                "analyzer": PROGRAM,
                "scanner": PROGRAM,
                "type": {"const": "sast"},
                "start_time": MOMENT,
                "end_time": MOMENT,
                "status": {"enum": ["success", "failure"]},
            },
            {"messages": {"type": "array", "items": record({"level": {"enum": ["info", "warn", "fatal"]}, "value": TEXT})}},
        ),
        "vulnerabilities": {
            "type": "array",
            "items": record(
                {
                    "id": TEXT,
                    "identifiers": {
                        "type": "array",
                        "minItems": 1,
                        "items": record({"type": TEXT, "name": TEXT, "value": TEXT}, {"url": ADDRESS}),
                    },
                    "location": record(PLACE, {"class": TEXT, "method": TEXT}),
                },
                {
                    "name": {"type": "string", "maxLength": 255},
                    "description": {"type": "string", "maxLength": 1048576},
                    "severity": {"enum": ["Info", "Unknown", "Low", "Medium", "High", "Critical"]},
                    "solution": {"type": "string", "maxLength": 7000},
                    "tracking": record(
                        {
                            "type": {"const": "source"},
                            "items": {
                                "type": "array",
                                "items": record(
                                    {
                                        "signatures": {
                                            "type": "array",
                                            "minItems": 1,
                                            "items": record({"algorithm": TEXT, "value": TEXT}),
                                        }
                                    },
                                    PLACE,
                                ),
                            },
                        }
                    ),
                },
            ),
        },
    }
)
QUALITY = {
    "type": "array",
    "items": record(
        {
            "description": TEXT,
            "check_name": TEXT,
            "fingerprint": TEXT,
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": record({"path": TEXT, "lines": record({"begin": LINE}, {"end": LINE})}),
        }
    ),
}


def sast(result: Result = RESULT) -> dict:
    return json.loads(render_gitlab_sast(result, OUTCOME, rules=RULES, version="1.2.3", today=TODAY))


# -- GitLab ------------------------------------------------------------------------------------


@RESULTS
def test_sast_keeps_to_the_schema(result: Result):
    jsonschema.Draft7Validator(SAST).validate(sast(result))


def test_the_schema_refuses_what_gitlab_would():
    document = sast()
    document["vulnerabilities"][0]["severity"] = "awful"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft7Validator(SAST).validate(document)


def test_sast_entry():
    assert sast()["vulnerabilities"][1] == snapshot(
        {
            "id": "fedcba9876543210",
            "name": "Secret in log",
            "description": """\
password reset token is written to the log
accounts/views.py:12:13 token is made here
accounts/links.py:5:51 token goes into the URL
accounts/views.py:13:11 URL comes back
accounts/views.py:15:34 leaves through info()\
""",
            "severity": "High",
            "solution": "Log the user's id instead of the token.",
            "identifiers": [
                {"type": "leaktight_rule", "name": "secret-in-log", "value": "secret-in-log"},
                {"type": "cwe", "name": "CWE-532", "value": "532", "url": "https://cwe.mitre.org/data/definitions/532.html"},
                {"type": "cwe", "name": "CWE-319", "value": "319", "url": "https://cwe.mitre.org/data/definitions/319.html"},
            ],
            "location": {"file": "accounts/views.py", "start_line": 15, "end_line": 15, "method": "accounts.views.forgotten"},
            "tracking": {
                "type": "source",
                "items": [
                    {
                        "file": "accounts/views.py",
                        "start_line": 15,
                        "end_line": 15,
                        "signatures": [{"algorithm": "leaktight_v1", "value": "fedcba9876543210"}],
                    }
                ],
            },
        }
    )


def test_sast_tells_gaps_and_the_exit_status_but_no_claimed_finding():
    document = sast()
    assert [message["level"] for message in document["scan"]["messages"]] == ["info", "warn", "warn"]
    assert document["scan"]["messages"][0]["value"].startswith("exit status 3: ")
    assert [entry["identifiers"][0]["value"] for entry in document["vulnerabilities"]] == [
        "hard-coded-key",
        "secret-in-log",
        "cookie-without-secure",
    ]


@RESULTS
def test_code_quality_keeps_to_the_schema(result: Result):
    jsonschema.Draft7Validator(QUALITY).validate(json.loads(render_gitlab(result, OUTCOME)))


def test_code_quality():
    entries = json.loads(render_gitlab(RESULT, OUTCOME))
    assert entries[1] == snapshot(
        {
            "description": "password reset token is written to the log",
            "check_name": "secret-in-log",
            "fingerprint": "fedcba9876543210",
            "severity": "critical",
            "location": {"path": "accounts/views.py", "lines": {"begin": 15, "end": 15}},
        }
    )
    assert [entry["check_name"] for entry in entries] == [
        "hard-coded-key",
        "secret-in-log",
        "cookie-without-secure",
        "gap",
        "gap",
    ]
    assert len({entry["fingerprint"] for entry in entries}) == 5


# -- JUnit -------------------------------------------------------------------------------------

# What the XML schema of Ant's JUnit reports, the strictest there is, demands: attributes, and children in order.
ATTRIBUTES = {
    "testsuites": set(),
    "testsuite": {"id", "package", "name", "hostname", "timestamp", "tests", "failures", "errors", "time"},
    "properties": set(),
    "testcase": {"classname", "name", "time"},
    "failure": {"type", "message"},
    "error": {"type", "message"},
    "system-out": set(),
    "system-err": set(),
}
CHILDREN = {
    "testsuites": "(testsuite )*",
    "testsuite": "properties (testcase )*system-out system-err ",
    "testcase": "((failure|error|skipped) )?",
}


def junit(result: Result = RESULT) -> ElementTree.Element:
    return ElementTree.fromstring(render_junit(result, OUTCOME, today=TODAY))


@RESULTS
def test_junit_keeps_to_the_schema(result: Result):
    for element in junit(result).iter():
        assert set(element.attrib) == ATTRIBUTES[element.tag]
        assert re.fullmatch(CHILDREN.get(element.tag, ""), "".join(f"{child.tag} " for child in element))
        for token in {"name", "classname", "package", "hostname"} & set(element.attrib):
            assert element.attrib[token] == " ".join(element.attrib[token].split()) != ""


@RESULTS
def test_junit_counts(result: Result):
    [suite] = junit(result)
    assert (
        len(suite.findall("testcase/failure"))
        == sum(not item.claimed for item in result.findings)
        == int(suite.attrib["failures"])
    )
    assert len(suite.findall("testcase/error")) == len(result.gaps) == int(suite.attrib["errors"])
    assert int(suite.attrib["tests"]) == len(suite.findall("testcase"))


def test_junit_tells_the_flow_and_the_exit_status():
    failure = junit().findall(".//failure")[1]
    assert failure.attrib == {"type": "high", "message": "password reset token is written to the log"}
    assert (failure.text or "").splitlines()[1] == "accounts/links.py:5:51 token goes into the URL"
    assert junit().findtext(".//system-out", "").startswith("exit status 3: ")


# -- CSV ---------------------------------------------------------------------------------------


def rows(result: Result = RESULT) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(render_csv(result, OUTCOME), newline="")))


def test_csv():
    assert rows()[1] == snapshot(
        {
            "kind": "finding",
            "rule": "secret-in-log",
            "severity": "high",
            "confidence": "high",
            "audience": "default",
            "label": "token",
            "channel": "log",
            "missing": "masked",
            "message": "password reset token is written to the log",
            "path": "accounts/views.py",
            "line": "15",
            "column": "34",
            "symbol": "accounts.views.forgotten",
            "steps": "4",
            "fix": "",
            "fingerprint": "fedcba9876543210",
        }
    )
    assert [row["kind"] for row in rows()] == ["finding", "finding", "finding", "claimed", "gap", "gap"]
    assert (rows()[4]["message"], rows()[4]["path"], rows()[4]["line"]) == ("not Python: invalid syntax", "shop/old.py", "3")


def test_csv_of_odd_texts_is_read_back_whole():
    [found, *_] = rows(ODD)
    assert found["path"] == "a,b:c/ü d|`.py"
    assert found["message"].startswith('a "quoted" <b>message</b>')


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"])
def test_csv_holds_no_formula(text: str):
    [row] = rows(replace(CLEAN, findings=(finding(message=text, span=Span("a.py", 1, 1, 1, 2)),)))
    assert not row["message"].startswith(("=", "+", "-", "@", "\t"))
    assert rows(replace(CLEAN, findings=(TRACED,)))[0]["message"] == TRACED.message
