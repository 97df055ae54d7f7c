"""Evidence on the page: what the guard saw, and that a scan alone shows nothing of it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from report.samples import RESULT, RULES, TRACED, sources

from leaktight.model import Result, Severity, Sighting
from leaktight.report import decide, read_incidents, render_html
from leaktight.report.sightings import is_about

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


def test_a_scan_alone_shows_no_evidence_of_others():
    told = page(RESULT)
    for word in ('id="evidence"', "Seen by the guard"):
        assert word not in told


def test_a_finding_shows_what_the_guard_saw():
    told = page(replace(RESULT, sightings=(SEEN,)))
    part = told.partition(f"<h3>{TRACED.message}")[2].partition('<details class="finding')[0]
    assert "<b>Seen by the guard</b> 1,203 times, last 2026-11-26 09:12: masked." in part
    assert told.count("<b>Seen by the guard</b>") == 1


def test_all_it_saw_is_told():
    part = page(replace(RESULT, sightings=(SEEN,))).partition('<section id="evidence"')[2].partition("</section>")[0]
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
    assert main(["scan", "--incidents", "incidents.json", "-o", "html=page.html"]) in {0, 1}
    assert "Seen by the guard on the running site" in (root / "page.html").read_text()
    capsys.readouterr()
    (root / "incidents.json").write_text("{}")
    assert main(["scan", "--incidents", "incidents.json"]) == 2
    assert "leaktight_incidents" in capsys.readouterr().err
