"""The short-cuts of the search find nothing less: a text whose words are all shorter than any form of a value does not hold it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leaktight.guard.values.cores import longest_run
from leaktight.guard.values.forms import pieces
from leaktight.guard.values.search import Search

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


class Unhurried(Search):
    """Looks for the places of every form in every text."""

    def _may_stand(self, text: str | bytes) -> bool:
        return True


TEXTS = st.one_of(
    st.sampled_from(
        [
            "",
            "<p class='row'>Order &amp; delivery, 100% of it</p>\n",
            f"<input name='csrfmiddlewaretoken' value='{'aB3' * 21}'>",
            " ".join(f"/static/css/page-{number}.0a1b2c3d4e5f" for number in range(20)),
            '{"at": "2026-11-02T10:15:00Z", "note": "a \\"b\\" \\u00e4\\\\n"}',
            "=3D=20 %20%7E &#x27;&#39; 4000 0566 DE02-1203",
        ]
    ),
    st.text(max_size=200),
)
OF_CODES = st.text(alphabet="abcxyzABCXYZ0189-_+/", min_size=3, max_size=70)
"""Values with nothing but characters of codes, as tokens have: what stands of them stands in long runs."""
NUMBERS = st.from_regex(r"(?:[0-9]{12,19}|[A-Z]{2}[0-9]{13,20}|[0-9]{2}[ .-]?[0-9]{4}([ .-][0-9]{4}){2})", fullmatch=True)


@settings(max_examples=600)
@given(st.lists(st.one_of(VALUES, OF_CODES, NUMBERS), min_size=1, max_size=5), TEXTS, TEXTS, st.data())
def test_the_first_look_finds_what_a_look_for_every_form_finds(
    values: list[str], before: str, behind: str, data: st.DataObject
) -> None:
    """Whatever is around a form, on its own or within a longer run; and where no form stands, nothing is found."""
    watched = [(value.strip(), "secret", "name") for value in values if len(value.strip()) >= 3] or [("k7Qz", "secret", "x")]
    search, unhurried = Search(watched), Unhurried(watched)
    forms = sorted({text for value, _, _ in watched for piece in pieces(value) for text in _written(search, piece)})
    form = data.draw(st.sampled_from(["", *forms]))
    joined = data.draw(st.sampled_from(["", " ", "x", "Zm9v", "=", "%", "&", "\u20ac"]))
    text = before + joined + form + joined + behind
    for _ in range(2):  # with nothing prepared, and with what the first time has prepared
        assert search.hits(text, 1 << 40) == unhurried.hits(text, 1 << 40)
        if all(char < "\u0100" for char in text):
            assert search.hits_in_bytes(text.encode("latin-1")) == unhurried.hits(text, 1 << 40)
