"""The evidence sheet: every requirement is there, and stands as its evidence says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from leaktight.model import Tightness, Verdict
from leaktight.policy import Channel
from leaktight.prove.asvs import Evidence, Row, Standing, as_json, as_markdown, requirements, sheet, summary
from leaktight.prove.site.observatory import TESTS as OBSERVED
from leaktight.rules.registry import load_rules

LEAK = Verdict(Tightness.LEAKING, "a | page <b> says it", rule="weak-hsts", channel="request-body")
TIGHT = Verdict(Tightness.TIGHT, "nothing came out", channel="log")


def _row(evidence: Evidence, id_: str) -> Row:
    return next(row for row in sheet(evidence) if row.id == id_)


def test_the_sheet_has_each_of_the_97_requirements_once() -> None:
    rows = sheet(Evidence())
    assert len(rows) == len({row.id for row in rows}) == 97
    assert {row.standing for row in rows} == {Standing.MANUAL, Standing.NOT_PLANTED}
    assert all(row.level in {1, 2, 3} and row.says for row in rows)
    assert [row.id for row in rows][:2] == ["3.1.1", "3.3.1"]
    assert rows[-1].id == "16.5.4"


@pytest.mark.parametrize(
    ("id_", "evidence", "standing"),
    [
        ("3.4.1", Evidence(checks=(("hsts", LEAK),)), Standing.FAIL),
        ("3.4.1", Evidence(checks=(("", LEAK),)), Standing.FAIL),
        ("3.4.1", Evidence(checks=(("hsts", TIGHT),)), Standing.PASS),
        ("3.4.1", Evidence(facts={"hsts-year": [(True, "GET / (200)"), (False, "GET /x (404)")]}), Standing.FAIL),
        ("3.4.1", Evidence(findings={"weak-hsts": 2}), Standing.FAIL),
        ("3.4.1", Evidence(findings={}), Standing.PASS),
        ("16.2.5", Evidence(checks=(("", TIGHT),)), Standing.PASS),
        ("16.2.5", Evidence(checks=(("canary", LEAK),)), Standing.NOT_PLANTED),
        ("13.4.4", Evidence(facts={"trace": [(True, "405")]}), Standing.PASS),
        ("11.2.4", Evidence(checks=(("", TIGHT),)), Standing.MANUAL),
    ],
)
def test_a_requirement_stands_as_its_evidence_says(id_: str, evidence: Evidence, standing: Standing) -> None:
    assert _row(evidence, id_).standing is standing


def test_the_sheet_is_told_as_markdown_and_json() -> None:
    rows = sheet(Evidence(checks=(("hsts", LEAK),)))
    text = as_markdown(rows, target="https://localhost/", version="1")
    assert "| 3.4.1 | 1 |" in text
    assert r"a \| page \<b\> says it" in text
    told: dict[str, Any] = json.loads(as_json(rows, target="https://localhost/", version="1"))
    assert told["summary"] == summary(rows)
    assert sum(told["summary"].values()) == len(told["requirements"]) == 97


def test_only_rules_and_keys_that_exist_speak() -> None:
    known = {rule.name for rule in load_rules()}
    for row in requirements().values():
        assert set(row.get("rules", ())) <= known
        assert set(row) <= {"level", "says", "checks", "facts", "channels", "rules"}


def test_every_check_and_fact_of_the_sheet_is_written_by_some_probe() -> None:
    folder = Path(__file__).parents[2] / "src/leaktight/prove"
    source = "".join(path.read_text() for path in folder.rglob("*.py"))
    made = {"canary-": Channel, "observatory-": OBSERVED, "cookie-": ("secure", "same-site")}
    for id_, row in requirements().items():
        for name in (*row.get("checks", ()), *row.get("facts", ())):
            head = next((part for part in made if name.startswith(part)), "")
            assert f'"{name}"' in source or name.removeprefix(head) in [*made.get(head, ())], (id_, name)
