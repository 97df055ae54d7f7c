"""False alarms: clean requests, seeded; what stands in a page by chance is left alone. `bench/guard_counts.py` asks ten thousand times."""

from __future__ import annotations

import random
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from guardsite.clean import PAGES, WORDS, ask, long, short, word, write
from guardsite.exposure import holds

from leaktight.guard.middleware import GuardMiddleware
from leaktight.guard.outlets.masking import Mask
from leaktight.guard.values.registry import Registry, watched
from leaktight.policy import Channel

CANARY = "k7Qz-9fWx2LmP3~tY"
REQUESTS = 2_000


def _answer(text: str, password: str) -> bytes:
    response: Any = GuardMiddleware(lambda request: HttpResponse(text.replace("{}", request.POST["password"])))(
        RequestFactory().post("/nowhere/", {"password": password}, secure=True)
    )
    return bytes(response.content)


def test_pages_that_are_not_clean_are_noticed_here() -> None:
    """Without this, silence would say nothing: the same pages with a value in them do change."""
    for page in PAGES[:20]:
        at = len(page) // 2
        answer = _answer(page[:at] + "{}" + page[at:], CANARY)
        assert not holds(answer, CANARY)
        assert b"***" in answer


def test_values_of_eight_characters_and_more_raise_no_alarm() -> None:
    assert ask(long, REQUESTS).alarms == 0


def test_values_of_four_digits_hardly_raise_an_alarm() -> None:
    outcome = ask(short, REQUESTS)
    assert outcome.alarms <= 0.0002 * 10_000 * REQUESTS / 10_000 + 1
    assert outcome.by_chance >= 3


def test_words_never_raise_an_alarm_by_standing_somewhere() -> None:
    outcome = ask(word, REQUESTS)
    assert outcome.alarms == 0
    assert outcome.by_chance > REQUESTS / 5


def test_a_word_in_a_line_of_a_log_is_left_alone_unless_it_stands_behind_its_name() -> None:
    outcome = write(REQUESTS)
    assert outcome.alarms == 0
    assert outcome.by_chance > REQUESTS / 20
    with watched(Registry()) as registry:
        registry.add("sunshine", "password", "password")
        assert "sunshine" not in Mask(Channel.LOG).text("the password of anna is sunshine today")


@pytest.mark.parametrize("text", ["your passwords", "<b>passwording</b> sunshines", "password: sunshines", "moonsunshine"])
def test_a_part_of_a_word_is_no_value_even_behind_its_name(text: str) -> None:
    assert _answer(text, "sunshine") == text.encode()
    assert b"sunshine" not in _answer("password: {}", "sunshine")


def test_lines_of_a_log_with_nothing_in_them_stay_what_they_are() -> None:
    chance = random.Random("log")
    lines = [" ".join(chance.choices(WORDS, k=12)) + f" {chance.randint(1, 99999)}." for _ in range(REQUESTS)]
    with watched(Registry()) as registry:
        registry.add(CANARY, "card", "card_number")
        assert [line for line in lines if Mask(Channel.LOG).text(line) != line] == []
        assert CANARY not in Mask(Channel.LOG).text(lines[0] + CANARY)
