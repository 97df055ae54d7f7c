"""The short-cuts of the search find nothing less: a text whose words are all shorter than any form of a value does not hold it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leaktight.guard.values.forms import pieces
from leaktight.guard.values.search import Search, longest_run

VALUES = st.one_of(
    st.text(min_size=3, max_size=90),
    st.text(alphabet="0123456789 -", min_size=4, max_size=24),
    st.text(alphabet="ab 'é&<%\\\"\n", min_size=3, max_size=40),
    st.text(alphabet="aà …хРĠ\u2020", min_size=3, max_size=80),
).filter(lambda value: len(value.strip()) >= 3)


@settings(max_examples=300)
@given(VALUES, st.sampled_from(["", " ", "\n", "word "]), st.data())
def test_a_short_cut_finds_what_the_long_way_finds(value: str, around: str, data: st.DataObject) -> None:
    value = value.strip()
    search = Search([(value, "secret", "")])
    forms = sorted({text for piece in pieces(value) for text in _written(search, piece)})
    text = around + data.draw(st.sampled_from(forms)) + around
    assert search.hits(text) == search.hits(text, 1 << 40)
    assert search.hits(text, longest_run(text)) == search.hits(text, 1 << 40)


@pytest.mark.parametrize(
    "value",
    ["voilàmonmot1", "Роза-Рим-1917", "Эхо-хаха-1917", "a b c d e f g h i j k l m n o p q " + "k7Qz9fWx" * 6],
    ids=[
        "a letter with a space among its bytes",
        "letters with one in UTF-16",
        "letters with a newline among their bytes",
        "a piece of short words",
    ],
)
def test_no_form_of_a_value_has_shorter_words_than_is_said(value: str) -> None:
    search = Search([(value, "secret", "")])
    for piece in pieces(value):
        for text in _written(search, piece):
            assert longest_run(text) >= search.shortest, text
            assert search.hits(f"<p> {text} </p>"), text


def _written(search: Search, piece: str) -> list[str]:
    """Every form of a piece, the unmarked ones and those with a mark."""
    from leaktight.guard.values import forms

    marked = [form[1] for mark in forms.MARKS for form in mark.write(piece)]
    return [form[1] for form in forms.unmarked(piece)] + marked


def test_the_long_way_is_another_one() -> None:
    search = Search([("k7Qz-9fWx2LmP3", "secret", "")])
    assert search.hits("a word") == []
    assert search.hits("k7Qz-9fWx2LmP3")
    assert search.hits("k7Qz-9fWx2LmP3", 1) == []  # told wrongly how long its words are, it takes the short-cut
