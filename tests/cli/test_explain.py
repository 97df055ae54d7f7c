"""`explain` knows every name that any output can contain."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from leaktight.cli import main
from leaktight.cli.explain import glossary
from leaktight.cli.rulebook import rulebook
from leaktight.model import Audience, Confidence, Safety, Severity
from leaktight.policy import LABELS, Channel, LabelKind, Safeguard
from leaktight.report import Status
from leaktight.rules.registry import load_rules


def every_name() -> Iterator[str]:
    for choices in (Audience, Confidence, Safety, Severity, Channel, LabelKind, Safeguard):
        yield from map(str, choices)
    yield from map(str, map(int, Status))
    yield from LABELS
    yield from rulebook(load_rules())
    yield from ("stated", "traced", "gap", "claim", "exit status", "exit-status", "flow", "fingerprint", "hidden")


@pytest.mark.parametrize("name", sorted(set(every_name())))
def test_every_name_is_explained(name: str, capsys: pytest.CaptureFixture[str]):
    assert main(["explain", name]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    assert len(captured.out.strip().splitlines()) >= 3


def test_the_glossary_explains_nothing_that_does_not_exist():
    for section, choices in (
        ("channel", Channel), ("safeguard", Safeguard), ("kind", LabelKind), ("audience", Audience),
        ("severity", Severity), ("confidence", Confidence), ("safety", Safety),
    ):  # fmt: skip
        assert set(glossary()[section]) == set(map(str, choices))
    assert list(glossary()["exit-status"]) == [str(int(status)) for status in Status]


def test_a_name_of_two_things_is_explained_as_both(capsys: pytest.CaptureFixture[str]):
    main(["explain", "medium"])
    out = capsys.readouterr().out
    assert "medium: a severity" in out
    assert "medium: a confidence" in out


@pytest.mark.parametrize("name", ["Exit Status", "EXIT_STATUS", "request_url", "Secure-Cookie"])
def test_spelling_does_not_matter(name: str, capsys: pytest.CaptureFixture[str]):
    assert main(["explain", name]) == 0


def test_a_claim_rule_has_a_page(capsys: pytest.CaptureFixture[str]):
    main(["explain", "unused-claim"])
    out = capsys.readouterr().out
    for heading in ("What it finds", "Why it matters", "How to fix it", "When it is fine"):
        assert heading in out


def test_prose_fits_80_columns(capsys: pytest.CaptureFixture[str]):
    for name in sorted(set(every_name()) - {rule.name for rule in load_rules()}):
        main(["explain", name])
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80


def test_rules_lists_every_rule(capsys: pytest.CaptureFixture[str]):
    assert main(["rules"]) == 0
    out = capsys.readouterr().out
    assert all(f"  {name} " in out for name in rulebook(load_rules()))
    assert max(map(len, out.splitlines())) <= 80
