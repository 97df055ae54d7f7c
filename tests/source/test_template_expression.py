"""Which paths an expression prints."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaktight.source.template_expression import constant, django_values, jinja_values, split

Paths = list[tuple[str, ...]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("user.email", [(("user", "email"), ())]),
        ("users.0.email|upper|truncatechars:9", [(("users", "[]", "email"), ("upper", "truncatechars"))]),
        ("a|default:b.c", [(("a",), ("default",)), (("b", "c"), ())]),
        ('a|default:"b.c|d"|lower', [(("a",), ("default", "lower"))]),
        ("a|date:b", [(("a",), ("date",))]),
        ('"text"|upper', []),
        ('_("text")', []),
        ("True", []),
        ("12", []),
        ("", []),
    ],
)
def test_django(text: str, expected: list[tuple[tuple[str, ...], tuple[str, ...]]]) -> None:
    assert [(value.path, value.filters) for value in django_values(text)] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("user.email", [("user", "email")]),
        ("user['api_key'].x", [("user", "api_key", "x")]),
        ("users[0].name", [("users", "[]", "name")]),
        ("a ~ ':' ~ b.c", [("a",), ("b", "c")]),
        ("a if b else c", [("a",), ("c",)]),
        ("a is defined", []),
        ("user.get_token()", [("user", "get_token")]),
        ("'%s' % a", [("a",)]),
        ("{'a': b}", [("b",)]),
        ("not true", []),
    ],
)
def test_jinja(text: str, expected: Paths) -> None:
    assert [value.path for value in jinja_values(text)] == expected


def test_jinja_filters_belong_to_what_they_follow() -> None:
    first, second = jinja_values("a.b|length ~ c|default('d')|upper")
    assert (first.filters, second.filters) == (("length",), ("default", "upper"))


def test_arguments_of_a_jinja_function_are_printed_through_it() -> None:
    values = jinja_values("url_for('login', token=user.token, page)")
    assert [(value.path, value.through, value.keyword) for value in values] == [
        (("user", "token"), "url_for", "token"),
        (("page",), "url_for", ""),
    ]


def test_words_of_a_tag() -> None:
    assert split("url 'a b' c=\"d e\" f") == ("url", "'a b'", 'c="d e"', "f")
    assert split('trans "a') == ("trans", '"a')


def test_only_a_quoted_text_is_constant() -> None:
    assert constant("'a.html'") == "a.html"
    assert constant("a.html") is None
    assert constant("'") is None


@given(st.text(alphabet="ab.|:'\"()[]{}= ~_,0", max_size=60))
def test_any_text_is_read(text: str) -> None:
    for value in django_values(text) + jinja_values(text):
        assert value.path
        assert len(value.path) <= 12
