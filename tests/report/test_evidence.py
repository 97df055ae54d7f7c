"""Evidence on the page: what a proof saw, what the guard saw, and that a scan alone shows neither."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from report.samples import RESULT, RULES, TRACED, sources

from leaktight.model import Proof, Result, Sent, Severity, Sighting, Tightness, Verdict
from leaktight.report import decide, read_incidents, render_html
from leaktight.report.sightings import is_about

LEAK = Verdict(
    Tightness.LEAKING,
    "the token comes out in the log <b>",
    rule="secret-in-log",
    channel="log",
    label="token",
    request=Sent("POST", "/reset/", "form field token", "anonymous"),
    evidence="reset link ***",
    reproduction="curl -X POST 'https://localhost:8000/reset/' -d token=CANARY-token",
    proves=TRACED.fingerprint,
)
PROOF = Proof(
    "shop", (LEAK, replace(LEAK, outcome=Tightness.TIGHT)), counts={"endpoints": 12}, notes=("settings: shop.settings",)
)
SEEN = Sighting("log", "token", "base64", TRACED.symbol, "mask", 1203, "2026-11-20T10:00:00+00:00", "2026-11-26T09:12:00+00:00")
INCIDENTS = {
    "schema": 1,
    "incidents": [
        {"channel": "log", "label": "token", "form": "plain", "view": "shop.pay", "mode": "mask", "count": 2, "first_seen": "a", "last_seen": "b"},
        {"channel": "mail", "label": "card", "form": "hex", "view": "", "mode": "block", "count": 9, "first_seen": "a", "last_seen": "b"},
    ],
}  # fmt: skip


def page(result: Result) -> str:
    return render_html(result, decide(result, fail_on=Severity.MEDIUM), rules=RULES, sources=sources, version="1")


def with_evidence() -> Result:
    findings = tuple(replace(item, proofs=(LEAK,)) if item == TRACED else item for item in RESULT.findings)
    return replace(RESULT, findings=findings, proofs=(PROOF,), sightings=(SEEN,))


def test_a_scan_alone_shows_no_evidence_of_others():
    told = page(RESULT)
    for word in ('id="evidence"', "Proved", "Seen by the guard", "the project ran"):
        assert word not in told
    assert "nothing was run" in told


def test_a_finding_shows_what_the_proof_and_the_guard_saw():
    told = page(with_evidence())
    part = told.partition(f"<h3>{TRACED.message}")[2].partition('<details class="finding')[0]
    assert "the token comes out in the log &lt;b&gt;" in part
    assert "POST /reset/ as anonymous" in part
    assert "token=CANARY-token" in part
    assert "<b>Seen by the guard</b> 1,203 times, last 2026-11-26 09:12: masked." in part
    assert told.count("Proved: a canary came out") == 1
    assert "nothing was run" not in told


def test_the_section_tells_what_all_rests_on():
    part = page(with_evidence()).partition('<section id="evidence"')[2].partition("</section>")[0]
    assert "1 proved, 2 stated" in part
    assert '<b class="high">leaking</b></td><td>1</td><td>1</td><td>0</td>' in part
    assert "12 endpoints; settings: shop.settings" in part
    assert "<td>base64</td><td>masked</td><td>1,203</td>" in part


@pytest.mark.parametrize(
    ("changed", "about"),
    [
        ({}, True),
        ({"view": TRACED.symbol.rpartition(".")[0]}, True),  # the guard names the view, the finding its method
        ({"view": TRACED.symbol[:-1]}, False),
        ({"view": ""}, False),
        ({"channel": "mail"}, False),
        ({"label": "card"}, False),
    ],
)
def test_a_sighting_is_about_a_finding_of_the_same_data_way_and_view(changed: dict[str, str], *, about: bool):
    assert is_about(replace(SEEN, **changed), TRACED) is about


def test_incidents_are_read_in_one_order_and_nothing_else_is():
    assert [one.count for one in read_incidents(json.dumps(INCIDENTS).encode())] == [9, 2]
    for wrong in ("", "[]", '{"schema": 2, "incidents": []}', '{"schema": 1}', '{"schema": 1, "incidents": [{"channel": 1}]}'):
        with pytest.raises(ValueError):
            read_incidents(wrong.encode())


def test_the_command_takes_them(project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    from leaktight.cli import main

    root: Path = project({"shop/views.py": "def pay(request):\n    print(request.POST['token'])\n"})
    monkeypatch.chdir(root)
    (root / "incidents.json").write_text(json.dumps(INCIDENTS))
    assert main(["scan", "--incidents", "incidents.json", "-o", f"html={root.parent}/page.html"]) in {0, 1}
    assert main(["report", "--incidents", "incidents.json", "-o", f"html={root.parent}/merged.html"]) in {0, 1}
    assert (root.parent / "merged.html").read_text() == (root.parent / "page.html").read_text()
    assert "Seen by the guard on the running site" in (root.parent / "page.html").read_text()
    capsys.readouterr()
    (root / "incidents.json").write_text("{}")
    assert main(["report", "--incidents", "incidents.json"]) == 2
    assert "leaktight_incidents" in capsys.readouterr().err
