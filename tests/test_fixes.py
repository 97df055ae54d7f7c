"""Fixes as texts: each case of tests/fixes is a project, what a repair makes of it, and what it leaves alone and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from literate import FENCE, write_project

from leaktight.config import Config
from leaktight.engine import repair
from leaktight.engine.repair import Repair
from leaktight.model import Audience, Safety, Style
from leaktight.rules.registry import load_rules

FOLDER = Path(__file__).parent / "fixes"
NAMES = {rule.name for rule in load_rules()}


@dataclass(slots=True)
class Case:
    """One project: `before`, the files a repair changes as they are afterwards, and the reasons it gives for what it leaves."""

    rule: str
    title: str
    level: Safety = Safety.SAFE
    style: Style = Style.DJANGO
    before: dict[str, str] = field(default_factory=dict)
    after: dict[str, str] = field(default_factory=dict)
    reasons: list[str] = field(default_factory=list)
    quiet: bool = False
    """Nothing changes and nothing is said."""


def _cases(file: Path) -> list[Case]:
    """A `## ` heading begins a case; blocks behind `### after` are what is expected; `not fixed: …`, `level: …` and `style: …` stand on lines of their own."""
    cases: list[Case] = []
    texts: dict[str, str] = {}
    lines = iter(file.read_text(encoding="utf-8").splitlines())
    for line in lines:
        if line.startswith("## "):
            cases.append(Case(file.stem, line[3:].strip()))
            texts = cases[-1].before
        elif line.startswith("### after"):
            texts = cases[-1].after
        elif line.startswith("level: "):
            cases[-1].level = Safety(line.removeprefix("level: ").strip())
        elif line.startswith("style: "):
            cases[-1].style = Style(line.removeprefix("style: ").strip())
        elif line == "nothing changes":
            cases[-1].quiet = True
        elif line.startswith("not fixed: "):
            cases[-1].reasons.append(line.removeprefix("not fixed: ").strip())
        elif fence := FENCE.match(line):
            block = []
            for text in lines:
                if text.startswith(fence["fence"]):
                    break
                block.append(text + "\n")
            texts[fence["path"]] = "".join(block)
    return cases


CASES = [case for file in sorted(FOLDER.glob("*.md")) for case in _cases(file)]


def _repair(root: Path, case: Case) -> Repair:
    return repair(root, Config(), level=case.level, audience=Audience.AUDIT, rules={case.rule}, style=case.style)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rule}::{case.title}")
def test_a_fix_writes_what_is_expected_and_nothing_the_second_time(case: Case, tmp_path: Path) -> None:
    assert case.rule in NAMES
    assert case.after or case.reasons or case.quiet
    root = write_project(case.before, tmp_path / "project")
    done = _repair(root, case)
    reasons = [item.reason for item in done.undone]
    assert {path: data.decode() for path, data in done.after.items()} == case.after, reasons
    assert len(reasons) == len(case.reasons), reasons
    for reason in case.reasons:
        assert any(reason in given for given in reasons), reasons
    for path, data in done.after.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)
    again = _repair(root, case)
    assert (again.fixes, again.after) == ([], {})
