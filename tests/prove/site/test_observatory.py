"""The Observatory's score: what the reference implementation said of these visits, we say too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from leaktight.prove.site.answer import Answer
from leaktight.prove.site.cookies import read
from leaktight.prove.site.observatory import Visit, score
from leaktight.prove.site.observatory.points import POINTS
from leaktight.prove.site.observatory.visit import read_elements

VISITS: list[dict[str, Any]] = json.loads(Path(__file__).with_name("observatory.json").read_text())
"""Visits with the result codes, points and score of the reference: facts, written by `bench/observatory.py`."""
HOST = "127.0.0.1"


def _answer(seen: dict[str, Any]) -> Answer:
    return Answer(f"https://{HOST}/", 200, tuple((n, v) for n, v in seen["page"]), seen["body"].encode())


def _visit(seen: dict[str, Any], **other: Any) -> Visit:
    page = _answer(seen)
    lines = page.lines("set-cookie")
    cookies = {c.name: c for line in lines if (c := read(line)) and c.is_kept and c.domain in {"", HOST}}
    verified = seen["https"] if seen["secure"] else True
    found = {
        "host": HOST,
        "secure": seen["secure"],
        "page": page,
        "https": page if seen["https"] is not None else None,
        "https_verified": bool(seen["https"]),
        "http": page if seen["http"] is not None else None,
        "http_verified": bool(seen["http"]),
        "route": tuple(seen["route"]),
        "cookies": tuple(c for c in cookies.values() if verified or not c.is_deletion),
        "cookie_lines": tuple(lines),
        "preflight": Answer("", 204, tuple((n, v) for n, v in seen["preflight"])) if seen["preflight"] is not None else None,
        "origin": "https://elsewhere.example",
        "elements": read_elements(page.text),
    }
    return Visit(**{**found, **other})


@pytest.mark.parametrize("number", range(len(VISITS)))
def test_each_test_says_what_the_reference_says(number: int) -> None:
    seen = VISITS[number]
    found = score(_visit(seen))
    assert {name: [code, POINTS[code]] for name, code in found.results.items()} == seen["results"]
    assert (found.points, found.grade) == (seen["score"], seen["grade"])


def test_the_visits_meet_nearly_every_result() -> None:
    met = {code for seen in VISITS for code, _ in seen["results"].values()}
    assert len(met) >= 55
    assert met <= set(POINTS)


def test_a_host_on_the_browsers_list_counts_as_preloaded() -> None:
    seen = next(seen for seen in VISITS if seen["https"] and seen["http"])
    found = score(_visit(seen, preloaded=lambda host: host == HOST))
    assert found.results["strict-transport-security"] == "hsts-preloaded"
    assert found.results["redirection"] == "redirection-all-redirects-preloaded" or "localhost" in str(seen["route"])
    assert score(_visit(seen)).results["strict-transport-security"] != "hsts-preloaded"


def test_a_flag_less_costs_points() -> None:
    """The table is no constant: the same page with and without one flag of one cookie."""
    seen = next(s for s in VISITS if s["results"]["cookies"][0] == "cookies-secure-with-httponly-sessions-and-samesite")
    worse = json.loads(json.dumps(seen))
    worse["page"] = [[n, v.replace("; Secure", "") if n == "set-cookie" else v] for n, v in worse["page"]]
    assert score(_visit(worse)).of("cookies") < score(_visit(seen)).of("cookies")
