"""Names and what they mean: the lists in names.toml and results.toml, and what holds for any name."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from leaktight.policy import LABELS, Match, Recogniser, State, Strength, recognise, recognise_result
from leaktight.policy.vocabulary import default_vocabulary

FOLDER = Path(__file__).parent
STATES = {"strong": State.PLAIN, "weak": State.PLAIN} | {str(state): state for state in State}


def listed(file: str) -> Iterator[tuple[str, str, str]]:
    """Each listed name with its group and heading."""
    for group, headings in tomllib.loads((FOLDER / file).read_text("utf-8")).items():
        for heading, text in headings.items():
            for name in (part.strip() for line in text.strip().splitlines() for part in line.split(",")):
                yield group, heading, name.strip('"')


NAMES = list(listed("names.toml"))
RESULTS = list(listed("results.toml"))


def judge(found: Match | None, group: str, label: str) -> None:
    if group == "quiet":
        assert found is None
        return
    assert found is not None
    assert (found.label, found.state) == (label, STATES[group])
    if group in {"strong", "weak"}:
        assert found.strength is Strength[group.upper()]


@pytest.mark.parametrize(("group", "label", "name"), NAMES, ids=[f"{group}-{name}" for group, _, name in NAMES])
def test_a_name_means(group: str, label: str, name: str) -> None:
    judge(recognise(name), group, label)


@pytest.mark.parametrize(("group", "label", "name"), RESULTS, ids=[f"{group}-{name}" for group, _, name in RESULTS])
def test_a_function_gives(group: str, label: str, name: str) -> None:
    judge(recognise_result(name), group, label)


def test_the_lists_are_large_and_half_of_them_is_quiet() -> None:
    assert len({name for _, _, name in NAMES}) >= 1000
    assert sum(group == "quiet" for group, _, _ in NAMES) * 2 >= len(NAMES)
    assert sum(group == "quiet" for group, _, _ in RESULTS) * 2 >= len(RESULTS)
    assert {label for group, label, _ in NAMES if group != "quiet"} == LABELS.keys() - {"request-data"}


WORDS = sorted(
    {word for phrases in default_vocabulary().by_last_word.values() for phrase in phrases for word in phrase.words if word.isalpha() and len(word) > 1}
    | {"user", "form", "length", "name", "url", "id", "new", "hash", "encrypted", "reset", "has", "for", "public", "old", "of", "database"}
)  # fmt: skip


@given(st.text(max_size=100))
def test_any_text_has_an_answer(name: str) -> None:
    for answer in (recognise(name), recognise_result(name)):
        assert answer is None or answer.label in LABELS


@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=5))
def test_the_style_of_a_name_does_not_matter(words: list[str]) -> None:
    snake = "_".join(words)
    assume(len(snake) < 70)  # longer ones are no names in any style
    camel = words[0] + "".join(word.capitalize() for word in words[1:])
    styles = [
        snake.upper(),
        "-".join(words),
        camel,
        camel[0].upper() + camel[1:],
        f"_{snake}",
        f"__{snake}__",
        "-".join(words).title(),
    ]
    assert {recognise(style) for style in styles} == {recognise(snake)}
    assert {recognise_result(style) for style in styles} == {recognise_result(snake)}


@given(st.sampled_from(WORDS), st.text("abcdefghijklmnopqrstuvwxyz", min_size=2, max_size=6), st.booleans())
def test_a_word_inside_a_longer_word_is_not_seen(word: str, letters: str, in_front: bool) -> None:  # noqa: FBT001
    longer = letters + word if in_front else word + letters
    splitter = default_vocabulary().splitter
    if longer not in splitter.fused and longer not in splitter.same and longer not in WORDS:
        assert recognise(longer) is None


@given(st.sampled_from([name for group, _, name in NAMES if group != "quiet" and name.isidentifier()]), st.integers(0, 99))
def test_a_number_behind_a_name_only_numbers_it(name: str, number: int) -> None:
    if not name[-1].isdigit():
        assert (
            recognise(f"{name}_{number}") == recognise(name)
            or f"{name.rsplit('_', 1)[-1]}{number}" in default_vocabulary().splitter.with_digits
        )


def test_a_long_text_is_no_name() -> None:
    assert recognise("password " * 6) is None
    assert recognise("x" * 80 + "_password") is None
    assert recognise("_".join(["user"] * 12 + ["password"])) is None


def test_a_project_adds_names_of_its_own() -> None:
    own = Recogniser.with_names({"health": ["chart note"], "member-number": ["member_number", "membership"], "token": ["ticket"]})
    assert own.recognise("member_number") == Match("member-number", Strength.STRONG, State.PLAIN)
    assert own.recognise("oldMemberNumbers") == Match("member-number", Strength.STRONG, State.PLAIN)
    assert own.recognise("membernumber") == Match("member-number", Strength.STRONG, State.PLAIN)
    assert own.recognise("patient_chart_note_hash") == Match("health", Strength.STRONG, State.HASHED)
    assert own.recognise_result("get_ticket") == Match("token", Strength.STRONG, State.PLAIN)
    assert own.recognise("password") == recognise("password")
    assert own.recognise("ticket_count") is None
    assert own.recognise("has_membership") is None
    assert recognise("member_number") is None


def test_names_a_project_adds_win_over_what_is_known() -> None:
    own = Recogniser.with_names({"card": ["csrf token"]})
    assert own.recognise("csrf_token") == Match("card", Strength.STRONG, State.PLAIN)
    assert recognise("csrf_token") is None
