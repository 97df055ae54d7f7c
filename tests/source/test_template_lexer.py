"""Splitting templates into what engines act on and what is only text."""

from __future__ import annotations

from itertools import pairwise

import pytest
from django.template.base import DebugLexer, TokenType
from hypothesis import given
from hypothesis import strategies as st

from leaktight.source.template_lexer import HOLE, SEAM, Kind, LexError, _django_pieces, is_jinja, lex, mask

SYNTAX = st.lists(
    st.sampled_from(
        ["{{", "}}", "{%", "%}", "{#", "#}", " x ", "\n", "comment", "endcomment", "verbatim", "raw", "<a ", '"', ">", "é"]
    ),
    max_size=40,
).map("".join)


TAGS = st.lists(
    st.sampled_from(["{% verbatim %}", "{%verbatim x%}", "{% endverbatim %}", "{% endverbatim x %}", "{{ a }}", "{# b #}", "{%", "%}", "{{", "\n", "\r", "\u2028", "c"]),
    max_size=30,
).map("".join)  # fmt: skip


def kinds(text: str, *, jinja: bool = False) -> list[tuple[Kind, str]]:
    return [(piece.kind, piece.text) for piece in lex(text, jinja=jinja)]


def test_tags_variables_and_comments() -> None:
    assert kinds("a {{ b }} {% if c %} {# d #}") == [(Kind.VARIABLE, "b"), (Kind.TAG, "if c"), (Kind.INERT, "d")]


def test_offsets_count_characters() -> None:
    text = "äöü {{ b }} …"
    (piece,) = lex(text, jinja=False)
    assert text[piece.start : piece.end] == "{{ b }}"


def test_django_tags_end_on_their_line() -> None:
    assert kinds("{{ a\n }}") == []


@given(st.one_of(SYNTAX, TAGS))
def test_a_template_is_split_as_django_splits_it(text: str) -> None:
    lexer = DebugLexer(text)
    kinds_of = {TokenType.VAR: Kind.VARIABLE, TokenType.BLOCK: Kind.TAG, TokenType.COMMENT: Kind.INERT}
    theirs = [
        (kinds_of[token.token_type], token.contents, token.position) for token in lexer.tokenize() if token.token_type in kinds_of
    ]
    if lexer.verbatim:
        with pytest.raises(LexError, match="`verbatim` is not closed"):
            _django_pieces(text)
    else:
        assert [(piece.kind, piece.text, (piece.start, piece.end)) for piece in _django_pieces(text)] == theirs


def test_jinja_tags_may_span_lines_and_trim() -> None:
    assert kinds("{{ a\n }}{%- if b -%}{# c\nd #}", jinja=True) == [(Kind.VARIABLE, "a"), (Kind.TAG, "if b"), (Kind.INERT, "")]


def test_bodies_of_comments_are_inert() -> None:
    pieces = lex("{% comment 'why' %}{{ a }}<form>{% endcomment %}{{ b }}", jinja=False)
    assert [(piece.kind, piece.text) for piece in pieces] == [(Kind.INERT, ""), (Kind.VARIABLE, "b")]
    assert pieces[0].end == pieces[1].start


def test_bodies_of_verbatim_and_raw_are_text() -> None:
    assert (Kind.VARIABLE, "a") not in kinds("{% verbatim %}{{ a }}{% endverbatim %}")
    assert (Kind.VARIABLE, "a") not in kinds("{% verbatim x %}{{ a }}{% endverbatim %}{{ a }}{% endverbatim x %}")
    assert (Kind.VARIABLE, "a") not in kinds("{% raw %}{{ a }}{% endraw %}", jinja=True)


@pytest.mark.parametrize("text", ["{% comment %}{{ a }}", "{% verbatim %}{{ a }}"])
def test_what_hides_its_own_end_is_refused(text: str) -> None:
    with pytest.raises(LexError, match="is not closed"):
        lex("\n" + text, jinja=False)


@pytest.mark.parametrize("opener", ["{%", "{{", "{#"])
@pytest.mark.parametrize("jinja", [False, True])
def test_a_bomb_of_open_tags_is_refused(opener: str, *, jinja: bool) -> None:
    with pytest.raises(LexError, match="opened and not closed"):
        lex(opener * 200_000, jinja=jinja)


def test_many_closed_tags_are_no_bomb() -> None:
    assert len(lex("{{ x }}" * 50_000, jinja=False)) == 50_000


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("shop/jinja2/a.html", "", True),
        ("shop/templates/a.html.j2", "", True),
        ("shop/templates/a.html", "{%- if x -%}", True),
        ("shop/templates/a.html", "{% set x = 1 %}", True),
        ("shop/templates/a.html", "{% if x %}{{ y }}{% endif %}", False),
    ],
)
def test_which_engine_a_file_is_for(path: str, text: str, *, expected: bool) -> None:
    assert is_jinja(path, text) is expected


def test_the_mask_tells_what_prints_from_what_decides() -> None:
    text = "{% if a %}{{ b }}{% endif %}{% url 'c' %}{# d #}"
    masked = mask(text, lex(text, jinja=False))
    assert masked == SEAM * 10 + HOLE * 7 + SEAM * 11 + HOLE * 13 + SEAM * 7


def test_a_custom_tag_with_an_end_decides_and_one_without_prints() -> None:
    text = "{% may %}x{% endmay %}{% icon %}"
    assert mask(text, lex(text, jinja=False)) == SEAM * 9 + "x" + SEAM * 12 + HOLE * 10


@given(text=SYNTAX, jinja=st.booleans())
def test_the_mask_keeps_every_offset(text: str, *, jinja: bool) -> None:
    try:
        pieces = lex(text, jinja=jinja)
    except LexError:
        return
    masked = mask(text, pieces)
    assert len(masked) == len(text)
    assert all(earlier.end <= later.start for earlier, later in pairwise(pieces))
