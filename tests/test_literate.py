"""The harness of the literate cases: a case that is not read or not judged right would make every rule look good."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from literate import CaseError, Expectation, Place, disagreements, read_cases, unknown_rules, unmark

from leaktight.model import Audience, Confidence, Finding, Gap, ProjectInfo, Result, Severity, Span

CASES = """\
Some prose about the rule.

rules: secret-in-log, debug-enabled

## A secret is logged
audience: strict

Why that is so.

```python shop/views.py
logger.info(password)  # finds: secret-in-log
```

````python shop/text.py
TEXT = "```"
````

```python
not_part_of_the_case()
```

## A project nobody can read
gaps: allowed

~~~html shop/templates/a.html
<p>{# todo-quiet: secret-in-log #}
~~~
"""


def _read(tmp_path: Path, text: str) -> list[object]:
    file = tmp_path / "cases.md"
    file.write_text(text)
    return list(read_cases(file))


def _result(*places: tuple[str, int, str], gaps: tuple[Gap, ...] = ()) -> Result:
    findings = tuple(
        Finding(
            rule=rule,
            severity=Severity.HIGH,
            confidence=Confidence.HIGH,
            audience=Audience.DEFAULT,
            label="password",
            channel="log",
            missing=(),
            message="a password is logged",
            span=Span(path, line, 1, line, 5),
            symbol="",
        )
        for path, line, rule in places
    )
    return Result(ProjectInfo("case"), findings, gaps, ())


def test_cases_are_read_with_their_options_and_blocks(tmp_path: Path) -> None:
    file = tmp_path / "cases.md"
    file.write_text(CASES)
    first, second = read_cases(file)
    assert (first.title, first.slug, first.audience, first.gaps) == ("A secret is logged", "a-secret-is-logged", "strict", "none")
    assert first.rules == second.rules == {"secret-in-log", "debug-enabled"}
    assert list(first.texts) == ["shop/views.py", "shop/text.py"]
    assert first.texts["shop/text.py"] == 'TEXT = "```"\n'
    assert (second.audience, second.gaps, list(second.texts)) == ("audit", "allowed", ["shop/templates/a.html"])


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("```python a.py\n```\n", "before the first heading"),
        ("## A\n```python a.py\n```\n```python a.py\n```\n", "twice"),
        ("## A\n\nNo block.\n", "no block"),
        ("## A\n```python a.py\n```\n## A\n```python a.py\n```\n", "second case"),
        ("## A\n```python a.py\n```\naudience: strict\n", "between a heading and its first block"),
        ("## A\nrules: secret-in-log\n```python a.py\n```\n", "top of the file"),
    ],
)
def test_a_file_that_breaks_the_form_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(CaseError, match=complaint):
        _read(tmp_path, text)


def test_marks_are_taken_out_and_kept_by_kind() -> None:
    texts, expectation = unmark(
        {
            "a.py": "x = 1  # finds: one, two\ny = 2  # why  # todo-finds: three  # todo-quiet: four\n",
            "a.html": "<a>{# finds: five #}\n<b><!-- finds: six -->\n",
        }
    )
    assert texts == {"a.py": "x = 1\ny = 2  # why\n", "a.html": "<a>\n<b>\n"}
    assert expectation == Expectation(
        frozenset({Place("a.py", 1, "one"), Place("a.py", 1, "two"), Place("a.html", 1, "five"), Place("a.html", 2, "six")}),
        frozenset({Place("a.py", 2, "three")}),
        frozenset({Place("a.py", 2, "four")}),
    )


def test_a_mark_inside_a_line_is_refused() -> None:
    with pytest.raises(CaseError, match="ends its line"):
        unmark({"a.py": "x = 1  # finds: one (because)\n"})


def test_agreement_needs_place_line_and_rule() -> None:
    _, expectation = unmark({"a.py": "x = 1  # finds: one\n"})
    assert not disagreements(_result(("a.py", 1, "one")), expectation)
    assert disagreements(_result(), expectation) == ["not found: a.py:1 one"]
    assert len(disagreements(_result(("a.py", 2, "one")), expectation)) == 2
    assert len(disagreements(_result(("a.py", 1, "two")), expectation)) == 2


def test_other_rules_may_report_when_the_file_names_its_rules() -> None:
    result = _result(("a.py", 1, "two"))
    assert not disagreements(result, Expectation(), rules=frozenset({"one"}))
    assert disagreements(result, Expectation(), rules=frozenset({"two"}))


def test_a_claimed_finding_counts_as_silence() -> None:
    result = _result(("a.py", 1, "one"))
    claimed = replace(result, findings=tuple(replace(finding, claimed=True) for finding in result.findings))
    assert not disagreements(claimed, Expectation())


def test_todo_marks_fail_when_the_gap_closes() -> None:
    _, expectation = unmark({"a.py": "x = 1  # todo-finds: one\ny = 2  # todo-quiet: two\n"})
    assert not disagreements(_result(("a.py", 2, "two")), expectation)
    assert disagreements(_result(("a.py", 1, "one")), expectation) == [
        "found at last, make it `finds`: a.py:1 one",
        "quiet at last, take the mark away: a.py:2 two",
    ]


def test_a_gap_is_not_silence_unless_the_case_allows_it() -> None:
    result = _result(gaps=(Gap("a.py", 3, "not Python"),))
    assert disagreements(result, Expectation()) == ["gap: a.py:3 not Python"]
    assert not disagreements(result, Expectation(), gaps=True)


def test_a_mistyped_rule_name_is_noticed() -> None:
    _, expectation = unmark({"a.py": "x = 1  # todo-quiet: secret-in-lgo\n"})
    assert unknown_rules(expectation, ["secret-in-log"]) == ["secret-in-lgo"]
