"""The vocabulary's data files are consistent: every phrase means its label, none is said twice."""

from __future__ import annotations

from collections import Counter

import pytest

from leaktight.policy import LABELS, recognise
from leaktight.policy.tables import phrases, table
from leaktight.policy.vocabulary import default_vocabulary

FILES = ("credentials", "financial", "special", "personal", "internal", "countries")
LISTS = ("strong", "weak", "whole", "first", "bare-weak", "bare-strong", "derived", "neutral")
OTHER_KEYS = {"not-after", "not-before", "also-before", "plural"}
BLOCKS = [
    ("government-id" if file == "countries" else heading, block) for file in FILES for heading, block in table(file).items()
]
LISTED = [(label, use, phrase) for label, block in BLOCKS for use in LISTS for phrase in phrases(block.get(use, ""))]


def test_every_block_is_a_label_and_has_known_keys() -> None:
    for label, block in BLOCKS:
        assert label in LABELS
        assert block.keys() <= {*LISTS, *OTHER_KEYS}


@pytest.mark.parametrize(("label", "use", "phrase"), [item for item in LISTED if item[1] not in {"neutral", "derived"}])
def test_a_phrase_means_the_label_it_is_listed_for(label: str, use: str, phrase: str) -> None:
    found = recognise(phrase.replace(" ", "_"))
    assert found is not None
    assert found.label == label


@pytest.mark.parametrize(("label", "use", "phrase"), [item for item in LISTED if item[1] in {"neutral", "derived"}])
def test_a_neutral_phrase_means_nothing(label: str, use: str, phrase: str) -> None:
    assert recognise(phrase.replace(" ", "_")) is None


def test_no_phrase_is_listed_twice() -> None:
    split = default_vocabulary().splitter.split
    said = Counter(tuple(split(phrase)) for _, _, phrase in LISTED)
    assert [" ".join(words) for words, times in said.items() if times > 1] == []


def test_every_country_has_a_code() -> None:
    assert all(code == "any" or (len(code) == 2 and code.isalpha() and code.islower()) for code in table("countries"))
    assert len(table("countries")) > 30


def test_no_word_of_the_grammar_is_listed_twice() -> None:
    for group in table("grammar").values():
        for text in group.values():
            assert [word for word, times in Counter(text.split()).items() if times > 1] == []
