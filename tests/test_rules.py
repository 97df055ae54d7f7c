"""What every rule promises, tested from its module and from its literate cases: adding a rule adds no line here."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from literate import Case, Expectation, disagreements, read_cases, unknown_rules, unmark, write_project

import leaktight
from leaktight.model import Audience, Confidence, Safety
from leaktight.rules.api import Example, NotPossible, Rule
from leaktight.rules.registry import load_rules
from leaktight.source.claims import EXPIRED, MALFORMED, UNUSED

HERE = Path(__file__).parent
RULES = load_rules()
BY_NAME = {rule.name: rule for rule in RULES}
KNOWN = {*BY_NAME, MALFORMED, EXPIRED, UNUSED}
HEADINGS = ["What it finds", "Why it matters", "How to fix it", "When it is fine"]
CASE_FILES = sorted([*(HERE / "rules").rglob("*.md"), *(HERE / "hard").glob("*.md"), *(HERE / "flow").glob("*.md")])
CASES = [case for file in CASE_FILES for case in read_cases(file)]
EXAMPLES = [(rule, example) for rule in RULES for example in rule.examples]

each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
each_example = pytest.mark.parametrize(
    ("rule", "example"), EXAMPLES, ids=[f"{rule.name}::{example.title}" for rule, example in EXAMPLES]
)


def _case_id(case: Case) -> str:
    return f"{case.file.relative_to(HERE).with_suffix('')}::{case.slug}"


@pytest.mark.parametrize("case", CASES, ids=_case_id)
def test_literate_case(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The audience of a case is the one its rule means it for; what readers said of the rule is tested on its own, below."""
    monkeypatch.setattr(Rule, "measured", lambda _rule, audience, _confidence: audience)
    texts, expectation = unmark(case.texts)
    assert not unknown_rules(expectation, KNOWN)
    assert case.rules <= KNOWN
    result = leaktight.scan(write_project(texts, tmp_path / "case"), audience=Audience(case.audience))
    differences = disagreements(result, expectation, rules=case.rules, gaps=case.gaps == "allowed")
    assert not differences, "\n".join([f"{case.file.name}:{case.line} {case.title}", *differences])


@each_example
def test_a_bad_example_is_found(rule: Rule, example: Example, tmp_path: Path) -> None:
    texts, expectation = unmark(example.bad)
    assert any(place.rule == rule.name for place in expectation.finds), "no line of the bad form is marked"
    assert not unknown_rules(expectation, KNOWN)
    result = leaktight.scan(write_project(texts, tmp_path / "bad"), audience=Audience.AUDIT)
    marked = frozenset(place.rule for place in expectation.finds)
    assert not disagreements(result, expectation, rules=marked)


@each_example
def test_a_good_example_is_silent(rule: Rule, example: Example, tmp_path: Path) -> None:
    texts, expectation = unmark(example.good)
    assert expectation == Expectation(), "the good form has a mark"
    result = leaktight.scan(write_project(texts, tmp_path / "good"), audience=Audience.AUDIT)
    assert not disagreements(result, expectation)


@each_example
def test_findings_of_an_example_read_well(rule: Rule, example: Example, tmp_path: Path) -> None:
    texts, _ = unmark(example.bad)
    result = leaktight.scan(write_project(texts, tmp_path / "bad"), audience=Audience.AUDIT)
    for finding in result.findings:
        source = texts[finding.span.path].splitlines()
        assert not re.search(r"[{}]|None\b|\.$|  ", finding.message), finding.message
        assert 1 <= finding.span.line <= finding.span.end_line <= len(source)
        assert 1 <= finding.span.column <= len(source[finding.span.line - 1]) + 1
        assert finding.fingerprint


@each_rule
def test_its_page_is_complete(rule: Rule) -> None:
    page = rule.page()
    assert list(page) == HEADINGS
    assert all(len(text) > 20 for text in page.values())


@each_rule
def test_its_facts_are_there(rule: Rule) -> None:
    assert rule.examples
    assert rule.cwe
    assert rule.asvs
    assert all(re.fullmatch(r"(v5\.0\.0-)?\d+\.\d+\.\d+", requirement) for requirement in rule.asvs), rule.asvs
    assert re.fullmatch(r"S[0-7]", rule.step)
    assert re.match(r"[^A-Z\s]|[A-Z]{2}", rule.message), "a message starts in lower case"
    assert not rule.message.endswith(".")
    assert re.match(r"[A-Za-z`]", rule.remedy)
    assert "\n" not in rule.message + rule.remedy


@each_rule
def test_fixing_it_is_possible_or_refused_with_a_reason(rule: Rule) -> None:
    assert bool(rule.fixers) != isinstance(rule.unfixable, NotPossible)
    assert rule.unfixable is None or len(rule.unfixable.reason) > 20
    for fixer in rule.fixers:
        assert fixer.title
        assert (fixer.safety is Safety.SAFE) == (not fixer.effect), (
            "a fix that is not safe says what it changes, a safe one nothing"
        )


@each_rule
def test_what_readers_doubted_is_not_for_everybody(rule: Rule) -> None:
    sure, unsure = (rule.measured(Audience.DEFAULT, confidence) for confidence in (Confidence.HIGH, Confidence.MEDIUM))
    assert not (rule.doubted and rule.doubted_if_unsure), "all of it, or what is unsure"
    assert (sure is Audience.STRICT) == rule.doubted
    assert (unsure is Audience.STRICT) == (rule.doubted or rule.doubted_if_unsure)
    assert rule.shown_to.startswith("the strict" if rule.doubted else "everybody")


def test_what_readers_doubted_is_told_the_strict(tmp_path: Path) -> None:
    doubted, trusted = BY_NAME["whole-request-in-log"], BY_NAME["unverified-tls"]
    assert (doubted.doubted, trusted.doubted) == (True, False)
    for rule in (doubted, trusted):
        root = write_project(unmark(rule.examples[0].bad)[0], tmp_path / rule.name)
        told = [{finding.rule for finding in leaktight.scan(root, audience=audience).findings} for audience in Audience]
        assert [rule.name in rules for rules in told] == [not rule.doubted, True, True]


@each_rule
def test_it_detects_something(rule: Rule) -> None:
    tables = (rule.projects, rule.settings, rule.tags, rule.calls, rule.flows, rule.views, rule.classes)
    assert any(tables)


@each_rule
def test_it_has_literate_cases_that_find_and_that_stay_quiet(rule: Rule) -> None:
    file = HERE / "rules" / rule.family / f"{rule.name}.md"
    assert file.is_file(), "a rule comes with its Markdown test"
    marks = [unmark(case.texts)[1] for case in read_cases(file)]
    finding = [mark for mark in marks if any(place.rule == rule.name for place in mark.finds)]
    assert finding
    assert len(marks) > len(finding), "no case of the rule stays quiet"


def test_names_are_unique_and_say_what_is_wrong() -> None:
    assert len(BY_NAME) == len(RULES)
    for name in BY_NAME:
        assert re.fullmatch(r"[a-z]+(-[a-z]+)+", name), name
        assert not re.match(r"(no|ban|avoid|use|missing)-", name), f"{name} does not read well after `allow`"


def test_every_literate_file_belongs_to_a_rule() -> None:
    expected = {Path(rule.family) / f"{rule.name}.md" for rule in RULES}
    assert {file.relative_to(HERE / "rules") for file in (HERE / "rules").rglob("*.md")} <= expected
