"""The formats for programs keep their contracts."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from inline_snapshot import snapshot
from report.samples import CLEAN, ODD, RESULT, RULES, TRACED, finding

from leaktight.model import Edit, Fix, Result, Safety, Severity, Span, Step
from leaktight.report import (
    decide,
    render_github,
    render_json,
    render_markdown,
    render_sarif,
)

OUTCOME = decide(RESULT, fail_on=Severity.MEDIUM)
SCHEMA = json.loads((Path(__file__).parent / "data/sarif-schema-2.1.0.json").read_text("utf-8"))


def sarif(result: Result = RESULT) -> dict:
    log = json.loads(render_sarif(result, decide(result, fail_on=Severity.MEDIUM), rules=RULES, version="1.2.3"))
    jsonschema.Draft4Validator(SCHEMA).validate(log)
    return log["runs"][0]


# -- JSON --------------------------------------------------------------------------------------


def test_json_keys_are_those_of_the_contract():
    document = json.loads(render_json(RESULT, OUTCOME, version="1.2.3"))
    assert list(document) == ["schema", "tool", "project", "findings", "gaps", "claims", "summary"]
    assert document["schema"] == 1
    assert list(document["findings"][0]) == [
        "rule", "severity", "confidence", "audience", "label", "channel", "missing", "message", "path", "line", "column",
        "end_line", "end_column", "symbol", "flow", "fingerprint", "fix", "claimed",
    ]  # fmt: skip
    assert list(document["findings"][1]["flow"][0]) == ["path", "line", "column", "note"]
    assert document["findings"][2]["fix"] == {"safety": "safe", "title": "pass secure=True"}
    assert list(document["gaps"][0]) == ["path", "line", "reason"]


def test_json_summary():
    assert json.loads(render_json(RESULT, OUTCOME, version="1.2.3"))["summary"] == snapshot(
        {
            "findings": 3,
            "severity": {"high": 1, "medium": 1, "low": 1},
            "rule": {"cookie-without-secure": 1, "hard-coded-key": 1, "secret-in-log": 1},
            "claimed": 1,
            "hidden": {"audit": 3, "claimed": 1, "strict": 14},
            "gaps": 2,
            "exit_status": 3,
            "reason": '2 places could not be analysed, and there are 2 findings at or above "medium"',
        }
    )


def test_json_claims():
    assert json.loads(render_json(RESULT, OUTCOME, version="1.2.3"))["claims"] == snapshot(
        [
            {
                "rules": ["cookie-without-http-only"],
                "reason": "the page shows it",
                "until": "2030-12-31",
                "path": "accounts/views.py",
                "line": 20,
                "column": 70,
                "first_line": 20,
                "last_line": 20,
                "used": True,
            }
        ]
    )


def test_json_of_a_finding_about_a_claim_has_no_label_and_no_channel():
    own = finding(rule="unused-claim", label=None, channel="", missing=())
    [told] = json.loads(render_json(replace(CLEAN, findings=(own,)), OUTCOME, version="1.2.3"))["findings"]
    assert (told["label"], told["channel"]) == (None, None)


# -- SARIF -------------------------------------------------------------------------------------


@pytest.mark.parametrize("result", [RESULT, CLEAN, ODD], ids=["result", "clean", "odd"])
def test_sarif_keeps_to_the_schema(result: Result):
    sarif(result)


def test_sarif_flow():
    result = sarif()["results"][1]
    steps = result["codeFlows"][0]["threadFlows"][0]["locations"]
    assert [step["location"]["message"]["text"] for step in steps] == [step.note for step in TRACED.flow]
    assert steps[1]["location"]["physicalLocation"] == {
        "artifactLocation": {"uri": "accounts/links.py", "uriBaseId": "SRCROOT"},
        "region": {"startLine": 5, "startColumn": 51, "endLine": 5, "endColumn": 58},
    }
    assert result["relatedLocations"][0]["message"]["text"] == "the logger has no masking filter"
    assert result["partialFingerprints"] == {"leaktight/v1": "fedcba9876543210"}


def test_sarif_rule():
    [rule] = [rule for rule in sarif()["tool"]["driver"]["rules"] if rule["id"] == "secret-in-log"]
    del rule["relationships"]
    assert rule == snapshot(
        {
            "id": "secret-in-log",
            "name": "SecretInLog",
            "shortDescription": {"text": "Secret in log"},
            "fullDescription": {"text": "A case of secret-in-log."},
            "help": {
                "text": "Log the user's id instead of the token.",
                "markdown": """\
## What it finds

A case of secret-in-log. And more.

## Why it matters

Others can read it.

## How to fix it

Log the user's id instead of the token.

## When it is fine

Never.

**Log the user's id instead of the token.**\
""",
            },
            "defaultConfiguration": {"level": "error"},
            "properties": {
                "tags": ["security", "logs", "external/cwe/cwe-532", "external/cwe/cwe-319", "asvs/v5.0.0-16.2.5"],
                "precision": "medium",
                "problem.severity": "error",
                "security-severity": "8.0",
            },
        }
    )


def test_sarif_index_leads_to_the_rule():
    run = sarif()
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]


def test_sarif_tells_a_claim_as_a_suppression_with_its_reason():
    [suppression] = sarif()["results"][3]["suppressions"]
    assert (suppression["kind"], suppression["status"]) == ("inSource", "accepted")
    assert suppression["justification"] == "the page shows it"
    assert "suppressions" not in sarif()["results"][0]


def test_sarif_tells_gaps_and_the_exit_status():
    [invocation] = sarif()["invocations"]
    assert [note["message"]["text"] for note in invocation["toolExecutionNotifications"]] == [
        "not analysed: not Python: invalid syntax",
        "not analysed: SECURE_SSL_REDIRECT is not known",
    ]
    assert invocation["exitCode"] == 3
    assert invocation["executionSuccessful"]


def test_sarif_paths_are_addresses():
    assert (
        sarif(ODD)["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "a%2Cb%3Ac/%C3%BC%20d%7C%60.py"
    )


def test_sarif_rules_belong_to_entries_of_the_taxonomies():
    run = sarif()
    taxa = {taxonomy["name"]: {taxon["id"] for taxon in taxonomy["taxa"]} for taxonomy in run["taxonomies"]}
    assert taxa == {"CWE": {"319", "532"}, "OWASP ASVS": {"16.2.5"}}
    driver = run["tool"]["driver"]
    assert [item["name"] for item in driver["supportedTaxonomies"]] == list(taxa)
    for rule in driver["rules"]:
        for relation in rule["relationships"]:
            assert relation["target"]["id"] in taxa[relation["target"]["toolComponent"]["name"]]


def test_sarif_tells_fixes_as_changes_of_characters():
    fix = Fix(
        "a",
        finding().span,
        finding().fingerprint,
        Safety.SAFE,
        "pass secure=True",
        "",
        (Edit("a b.py", 3, 5, "x"), Edit("a b.py", 9, 9, "y")),
    )
    results = sarif(replace(RESULT, fixes=(fix,)))["results"]
    assert [index for index, item in enumerate(results) if "fixes" in item] == [2]
    assert results[2]["fixes"] == snapshot(
        [
            {
                "description": {"text": "pass secure=True (safe)"},
                "artifactChanges": [
                    {
                        "artifactLocation": {"uri": "a%20b.py", "uriBaseId": "SRCROOT"},
                        "replacements": [
                            {"deletedRegion": {"charOffset": 3, "charLength": 2}, "insertedContent": {"text": "x"}},
                            {"deletedRegion": {"charOffset": 9, "charLength": 0}, "insertedContent": {"text": "y"}},
                        ],
                    }
                ],
            }
        ]
    )


def test_a_fix_that_would_quote_a_value_is_left_out():
    fix = Fix("a", finding().span, finding().fingerprint, Safety.SAFE, "x", "", (Edit("a.py", 3, 5, 'password = "hunter2"'),))
    assert "hunter2" not in json.dumps(sarif(replace(RESULT, fixes=(fix,))))


def test_sarif_leaves_out_the_middle_of_an_endless_flow():
    flow = tuple(Step(Span("a.py", number, 1, number, 2), "step") for number in range(1, 10_101))
    [result] = sarif(replace(CLEAN, findings=(finding(flow=flow),)))["results"]
    [code_flow] = result["codeFlows"]
    assert len(code_flow["threadFlows"][0]["locations"]) == 10_000
    assert code_flow["message"]["text"] == "100 steps in the middle are left out."


# -- places where code is reviewed -------------------------------------------------------------


def test_github():
    assert render_github(RESULT, OUTCOME) == snapshot("""\
::error file=accounts/views.py,line=15,endLine=15,col=34,endColumn=37,title=secret-in-log::password reset token is written to the log
::warning file=accounts/views.py,line=20,endLine=20,col=5,endColumn=67,title=cookie-without-secure::cookie "hint" can travel over plain HTTP
::notice file=accounts/views.py,line=8,endLine=8,col=1,endColumn=8,title=hard-coded-key::key is written in the source
::warning file=shop/old.py,line=3::not analysed: not Python: invalid syntax
::warning file=shop/settings.py,line=1::not analysed: SECURE_SSL_REDIRECT is not known
::notice::3 findings: 1 high, 1 medium, 1 low; exit status 3: 2 places could not be analysed, and there are 2 findings at or above "medium"
""")


def test_github_escapes_what_it_reads_itself():
    line = render_github(ODD, OUTCOME).splitlines()[0]
    assert line.startswith("::warning file=a%2Cb%3Ac/")
    assert line.endswith("100%25: ::error::%0Aline")


def test_github_shows_the_worst_ten():
    many = (*(finding(severity=Severity.LOW) for _ in range(20)), TRACED)
    lines = render_github(replace(CLEAN, findings=many), OUTCOME).splitlines()
    assert lines[0].startswith("::error ")
    assert len(lines) == 12
    assert "11 more findings" in lines[10]


def test_markdown():
    assert render_markdown(RESULT, OUTCOME) == snapshot("""\
### leaktight: 3 findings: 1 high, 1 medium, 1 low

Exit status 3: 2 places could not be analysed, and there are 2 findings at or above "medium".

| severity | rule | place | what |
| --- | --- | --- | --- |
| high | `secret-in-log` | `accounts/views.py:15` | password reset token is written to the log |
| medium | `cookie-without-secure` | `accounts/views.py:20` | cookie "hint" can travel over plain HTTP |
| low | `hard-coded-key` | `accounts/views.py:8` | key is written in the source |

Not analysed:

- `shop/old.py:3` not Python: invalid syntax
- `shop/settings.py` SECURE\\_SSL\\_REDIRECT is not known
""")


def test_markdown_cannot_be_steered():
    [row] = [line for line in render_markdown(ODD, OUTCOME).splitlines() if "quoted" in line]
    assert "<b>" not in row.replace("\\<b\\>", "")
    assert "@you" not in row
    assert row.replace("\\|", "").count("|") == 5
