"""The hardest cases for a scanner of this class: each is found where it is wrong, and silent where it is right."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from literate import write_project

import leaktight
from leaktight.rules.registry import load_rules

_TEXT = Path(__file__).with_name("hardest.txt").read_text(encoding="utf-8")
_MARK = re.compile(r"\s*(?:#|\{#) ([FQ])(?::([\w|-]+))?(?: #\})?[ \t]*$", re.MULTILINE)
CASES = {title: body for title, _, body in (part.partition("\n") for part in re.split(r"^=== ", _TEXT, flags=re.MULTILINE)[1:])}


def _files(body: str) -> dict[str, str]:
    parts = (part.partition("\n") for part in re.split(r"^--- ", body, flags=re.MULTILINE)[1:])
    return {path.strip(): text for path, _, text in parts}


@pytest.mark.parametrize("title", CASES)
def test_it_is_found_and_silent_where_it_should_be(title: str, tmp_path: Path) -> None:
    files = _files(CASES[title])
    result = leaktight.scan(
        write_project({path: _MARK.sub("", text) for path, text in files.items()}, tmp_path), audience="audit"
    )
    assert not result.gaps
    marks = 0
    for path, text in files.items():
        for number, line in enumerate(text.splitlines(), 1):
            mark = _MARK.search(line)
            if mark is None:
                continue
            marks += 1
            rules = set(mark[2].split("|")) if mark[2] else {rule.name for rule in load_rules()}
            found = [one for one in result.findings if (one.span.path, one.span.line) == (path, number) and one.rule in rules]
            assert bool(found) == (mark[1] == "F"), f"{path}:{number} {line.strip()}: {[one.rule for one in found]}"
    assert marks


def test_all_are_there() -> None:
    assert {re.match(r"\d+", title)[0] for title in CASES} == {str(number) for number in range(1, 31)}  # type: ignore[index]


def test_the_rules_named_exist() -> None:
    known = {rule.name for rule in load_rules()}
    assert {name for mark in _MARK.finditer(_TEXT) if mark[2] for name in mark[2].split("|")} <= known
