"""One template file: what it prints and where, and what it brings in."""

from __future__ import annotations

import os
import subprocess
import sys

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaktight.model import Span
from leaktight.source.template import (
    MAX_SIZE,
    Context,
    Output,
    Part,
    Place,
    TemplateFile,
    is_html,
    read_template,
    template_name,
)

PATH = "shop/templates/shop/page.html"


def read(text: str, path: str = PATH) -> TemplateFile:
    return read_template(text, path)


def paths(text: str, path: str = PATH) -> list[tuple[str, ...]]:
    return [output.path for output in read(text, path).outputs]


def output(text: str, path: str = PATH) -> Output:
    (found,) = read(text, path).outputs
    return found


# -- names ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("shop/templates/shop/page.html", "shop/page.html"),
        ("templates/base.html", "base.html"),
        ("shop/jinja2/shop/page.html", "shop/page.html"),
        ("templates/skeleton/templates/app/page.html", "app/page.html"),
        ("page.html", "page.html"),
    ],
)
def test_the_name_is_what_lies_below_the_templates_folder(path: str, name: str) -> None:
    assert template_name(path) == name


@pytest.mark.parametrize(("path", "expected"), [("a.html", True), ("a.html.j2", True), ("a.txt", False), ("a.js.tmpl", False)])
def test_which_files_are_pages(path: str, *, expected: bool) -> None:
    assert is_html(path) is expected


# -- what is printed -----------------------------------------------------------------------------


def test_a_span_is_the_place_of_the_expression() -> None:
    assert output("a\n é {{ user.email }}").span == Span(PATH, 2, 4, 2, 20)


def test_a_loop_variable_is_an_item_of_what_is_looped_over() -> None:
    assert paths("{% for u in users %}{{ u.ssn }}{% endfor %}{{ u.ssn }}") == [("users", "[]", "ssn"), ("u", "ssn")]


def test_loops_in_loops() -> None:
    text = "{% for u in users %}{% for c in u.cards %}{{ c.number }}{% endfor %}{% endfor %}"
    assert paths(text) == [("users", "[]", "cards", "[]", "number")]


def test_items_of_a_dictionary() -> None:
    assert paths("{% for k, v in d.items %}{{ k }}{{ v }}{% endfor %}") == [("d", "[keys]"), ("d", "[]")]
    assert paths("{% for a, b in pairs %}{{ b }}{% endfor %}") == [("pairs", "[]", "[]")]


def test_with_gives_another_name() -> None:
    assert paths("{% with t=user.token %}{{ t.key }}{% endwith %}{{ t }}") == [("user", "token", "key"), ("t",)]
    assert paths("{% with user.token as t %}{{ t }}{% endwith %}") == [("user", "token")]


def test_blocktranslate_gives_names_too() -> None:
    assert paths("{% blocktrans with name=user.email count n=x.n %}{{ name }} {{ n }}{% endblocktrans %}") == [
        ("user", "email"),
        ("x", "n"),
    ]


def test_an_alias_of_a_text_prints_nothing_known() -> None:
    assert paths('{% with a="b" %}{{ a }}{% endwith %}') == []


def test_filters_of_an_alias_stay() -> None:
    assert output("{% with n=tokens|length %}{{ n }}{% endwith %}").filters == ("length",)


def test_regrouped_lists_lead_back() -> None:
    text = "{% regroup people by town as towns %}{% for t in towns %}{{ t.grouper }}{% for p in t.list %}{{ p.phone }}{% endfor %}{% endfor %}"
    assert paths(text) == [("people", "[]", "town"), ("people", "[]", "phone")]


def test_tags_that_print() -> None:
    text = "{% url 'reset' uid token=user.token %}{% firstof a b 'c' %}{% translate d.e %}"
    values = [(item.path, item.value.through, item.value.keyword) for item in read(text).outputs]
    assert values == [
        (("uid",), "url", ""),
        (("user", "token"), "url", "token"),
        (("a",), "firstof", ""),
        (("b",), "firstof", ""),
        (("d", "e"), "translate", ""),
    ]


def test_a_url_kept_in_a_name_prints_its_arguments_later() -> None:
    found = output("{% url 'reset' user.token as link %}<a href='{{ link }}'>")
    assert (found.path, found.value.through, found.context.part) == (("user", "token"), "url", Part.URL_PATH)


def test_what_another_tag_makes_is_not_a_name_of_the_page() -> None:
    assert paths("{% make_token user as token %}{{ token }}") == [("make_token()", "token")]
    assert paths("{% macro f(token) %}{{ token }}{% endmacro %}{{ token }}") == [("f()", "token"), ("token",)]


def test_jinja_names() -> None:
    assert paths("{%- set t = user['token'] -%}{{ t }}") == [("user", "token")]
    assert paths("{%- for k, v in d.items() if v -%}{{ v }}{% endfor %}") == [("d", "[]")]


@pytest.mark.parametrize(
    "text",
    [
        "{# {{ a }} #}",
        "{% comment %}{{ a }}{% endcomment %}",
        "{% verbatim %}{{ a }}{% endverbatim %}",
        "{% if a %}{% endif %}",
        "{% load a %}",
        "{{ block.super }}",
    ],
)
def test_what_prints_nothing(text: str) -> None:
    assert paths(text) == []


# -- where it is printed -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "context"),
    [
        ("<p>{{ a }}</p>", Context(Place.TEXT)),
        ("<script>let a = '{{ a }}'</script>", Context(Place.SCRIPT, "script")),
        ("<style>{{ a }}</style>", Context(Place.STYLE, "style")),
        ("<!-- {{ a }} -->", Context(Place.COMMENT)),
        ("<input name=b value='{{ a }}'>", Context(Place.VALUE, "input", "value", Part.WHOLE, "b")),
        ("<textarea name='b'>{{ a }}</textarea>", Context(Place.VALUE, "textarea", parameter="b")),
        ("<p class='x {{ a }}'>", Context(Place.ATTRIBUTE, "p", "class", Part.OTHER)),
        ("<p class='{{ a }}'>", Context(Place.ATTRIBUTE, "p", "class", Part.WHOLE)),
        ("<p {{ a }}>", Context(Place.ATTRIBUTE, "p", "", Part.OTHER)),
        ("<a href='{{ a }}'>", Context(Place.ATTRIBUTE, "a", "href", Part.WHOLE)),
        ("<a href='{% if b %}{{ a }}{% endif %}'>", Context(Place.ATTRIBUTE, "a", "href", Part.WHOLE)),
        ("<a href='/x/{{ a }}/'>", Context(Place.ATTRIBUTE, "a", "href", Part.URL_PATH)),
        ("<a href='/x/?t={{ a }}'>", Context(Place.ATTRIBUTE, "a", "href", Part.URL_QUERY, "t")),
        ("<a href='/x/?b=c&amp;t={{ a }}'>", Context(Place.ATTRIBUTE, "a", "href", Part.URL_QUERY, "t")),
        ("<a href=/x/?t={{ a }}>", Context(Place.ATTRIBUTE, "a", "href", Part.URL_QUERY, "t")),
        ("<a href=\"{% url 'x' %}?t={{ a }}\">", Context(Place.ATTRIBUTE, "a", "href", Part.URL_QUERY, "t")),
        ("<a href='?{{ a }}'>", Context(Place.ATTRIBUTE, "a", "href", Part.URL_QUERY)),
        ("<a href='/x/#{{ a }}'>", Context(Place.ATTRIBUTE, "a", "href", Part.URL_FRAGMENT)),
        ("<a href='mailto:{{ a }}'>", Context(Place.ATTRIBUTE, "a", "href", Part.OTHER)),
        ("<a href=\"{% url 'x' a %}\">", Context(Place.ATTRIBUTE, "a", "href", Part.URL_PATH)),
        ('<a title="{{ a|default:"x>y" }}">', Context(Place.ATTRIBUTE, "a", "title", Part.WHOLE)),
    ],
)
def test_context(text: str, context: Context) -> None:
    assert output(text).context == context


def test_files_that_are_no_pages() -> None:
    assert output("<a title='{{ a }}'>", "x/templates/a.txt").context == Context(Place.TEXT)
    assert output("let a = {{ a }}", "x/templates/a.js").context == Context(Place.SCRIPT)
    assert read("<form></form>", "x/templates/a.txt").elements == ()


@pytest.mark.parametrize(
    ("text", "href", "part"),
    [
        ("Go to https://a.nl/x/{{ t }}/ now", "https://a.nl/x/{{ t }}/", Part.URL_PATH),
        ("{{ protocol }}://{{ domain }}{% url 'x' t=t %}.", "{{ protocol }}://{{ domain }}{% url 'x' t=t %}", Part.URL_PATH),
        ("(http://a.nl/?t={{ t }})", "http://a.nl/?t={{ t }}", Part.URL_QUERY),
    ],
)
@pytest.mark.parametrize("path", ["x/templates/a.txt", "x/templates/mail.html"])
def test_a_url_in_a_plain_text_is_a_link(text: str, href: str, part: Part, path: str) -> None:
    page = read(text, path)
    (link,) = page.elements
    assert (link.tag, link.get("href")) == ("a", href)
    assert page.outputs[-1].context == Context(Place.ATTRIBUTE, "a", "href", part, "t" if part is Part.URL_QUERY else "")


# -- includes, blocks, base ----------------------------------------------------------------------


def test_an_include_carries_what_names_mean() -> None:
    (include,) = read("{% for u in users %}{% include 'row.html' with p=u.phone %}{% endfor %}").includes
    assert include.name == "row.html"
    assert {name: [value.path for value in values] for name, values in include.with_.items()} == {
        "u": [("users", "[]")],
        "p": [("users", "[]", "phone")],
    }
    assert not include.only


def test_only_closes_an_include() -> None:
    (include,) = read("{% for u in users %}{% include 'row.html' with p=u.phone only %}{% endfor %}").includes
    assert include.only
    assert list(include.with_) == ["p"]


def test_a_name_that_is_no_constant_is_not_known() -> None:
    page = read("{% extends base %}{% include part %}")
    assert (page.extends, page.extends_dynamic, page.includes[0].name) == (None, True, None)


def test_blocks_base_and_libraries() -> None:
    page = read(
        "{% extends 'base.html' %}{% load i18n static %}{% load x from y %}{% block a %}{% block b %}{{ c }}{% endblock %}{% endblock %}"
    )
    assert page.extends == "base.html"
    assert page.loads == ("i18n", "static", "y")
    assert [(block.name, block.outer) for block in page.blocks] == [("a", ()), ("b", ("a",))]
    assert page.outputs[0].blocks == ("a", "b")


def test_a_block_may_keep_what_it_replaces() -> None:
    page = read("{% block a %}{{ block.super }}{% endblock %}{% block b %}{% endblock %}")
    assert [block.keeps_parent for block in page.blocks] == [True, False]


# -- hostile input -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a" * (MAX_SIZE + 1), "too large"),
        ("a\0b", "NUL"),
        ("{% verbatim %}", "not closed"),
        ("{% comment %}", "not closed"),
        ("{{" * 200_000, "opened and not closed"),
        ("{% with a=b %}" * 1_000, "nested deeper"),
        ("{% if " + "a" * 5_000 + " %}", "longer than"),
    ],
)
def test_what_cannot_be_read_is_a_gap(text: str, reason: str) -> None:
    (gap,) = read(text).gaps
    assert reason in gap.reason
    assert gap.path == PATH


@pytest.mark.parametrize(
    "text",
    [
        "{% endfor %}{% endblock %}",
        "{% for %}{{ a }}{% endfor %}",
        "{% for x in %}{% with %}{% block %}{% include %}{% extends %}{% regroup %}{% url %}",
        "{%%}{{}}{##}{% %}",
        "{% for x in xs %}{% block a %}{% endfor %}{% endblock %}",
        "<form method=post><form><form>",
        "{% with x=x.x %}" * 150 + "{{ x }}",
        "<form>" * 20_000,
    ],
)
def test_broken_templates_are_read_as_far_as_they_go(text: str) -> None:
    assert read(text).gaps == ()


def test_paths_do_not_grow_without_end() -> None:
    assert len(paths("{% with x=x.y.z %}" * 100 + "{{ x }}")[0]) <= 12


PARTS = st.sampled_from(
    "{% if a %}|{% endif %}|{% for a in b %}|{% endfor %}|{% block c %}|{% endblock %}|{% with a=b.c %}|{% endwith %}|{{ a.b|safe }}|"
    "{% include 'd' with a=b %}|{% url 'x' a as y %}|<form method=post>|</form>|<a href='?t=|'>|<input |value=|\"|<script>|</script>|"
    "<!--|-->|{% csrf_token %}|{% comment %}|{% endcomment %}|{%- set a = b -%}|\n|é|{{|}}|{%|%}".split("|")
)


@given(st.lists(PARTS, max_size=30).map("".join))
def test_any_template_is_read_and_every_span_lies_within(text: str) -> None:
    page = read(text)
    lines = text.split("\n")
    spans = [item.span for item in (*page.outputs, *page.tags, *page.elements, *page.includes)]
    spans += [attribute.span for element in page.elements for attribute in element.attributes]
    for span in spans:
        assert (span.line, span.column) <= (span.end_line, span.end_column)
        assert 1 <= span.line <= span.end_line <= len(lines)
        assert 1 <= span.end_column <= len(lines[span.end_line - 1]) + 1
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(page), type=TemplateFile) == page


def test_django_is_not_loaded_before_it_is_needed_and_never_set_up() -> None:
    code = (
        "import sys; from leaktight.source.template import read_template\n"
        "read_template('<p>plain</p>', 'a.html'); assert 'django' not in sys.modules\n"
        "assert read_template('{{ a }}', 'a.html').outputs\n"
        "from django.conf import settings; assert not settings.configured\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)})
