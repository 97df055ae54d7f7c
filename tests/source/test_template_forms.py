"""The elements and forms of one template file: attributes, methods, inputs, tokens."""

from __future__ import annotations

import pytest

from leaktight.model import Span
from leaktight.source.template import Element, TemplateFile, Token, read_template

PATH = "shop/templates/shop/page.html"


def read(text: str, path: str = PATH) -> TemplateFile:
    return read_template(text, path)


def form(text: str) -> Element:
    return next(element for element in read(text).elements if element.tag == "form")


def test_an_element_knows_its_place_and_attributes() -> None:
    (link,) = read('\n<a class="b"\n  href="/x/{{ y }}">').elements
    assert link.span == Span(PATH, 2, 1, 3, 21)
    href = link.attribute("href")
    assert href is not None
    assert (href.text, href.span, href.is_constant) == ("/x/{{ y }}", Span(PATH, 3, 3, 3, 20), False)
    assert link.get("class") == "b"
    assert link.get("id", "none") == "none"


@pytest.mark.parametrize(
    ("text", "method"),
    [
        ("<form>", "get"),
        ("<form method=POST>", "post"),
        ("<form method=''>", "get"),
        ("<form method='{{ m }}'>", ""),
        ("<form method='{% if a %}post{% else %}get{% endif %}'>", ""),
        ("<form {{ attrs }}>", ""),
        ("<form {% if a %}method='post'{% endif %}>", "post"),
    ],
)
def test_method(text: str, method: str) -> None:
    found = form(text + "</form>").form
    assert found is not None
    assert found.method == method


def test_inputs_inside_and_by_reference() -> None:
    text = "<input name=z><form id=f><input name=a><select name=b></select><input name=c form=g></form><input name=d form=f>"
    found = form(text).form
    assert found is not None
    assert [item.get("name") for item in found.inputs] == ["a", "b", "d"]


def test_rendered_form_expressions() -> None:
    found = form(
        "<form>{{ form.password }}{{ form.password.errors }}{{ form.as_p }}{{ user_form|crispy }}{% render_field form.ssn class='x' %}"
        "{% crispy signup_form %}{% for f in form %}{{ f }}{{ f.label }}{% endfor %}{{ platform }}</form>"
    ).form
    assert found is not None
    assert found.renders == (
        ("form", "password"),
        ("form", "as_p"),
        ("user_form",),
        ("form", "ssn"),
        ("signup_form",),
        ("form", "[]"),
    )


@pytest.mark.parametrize(
    ("inside", "token"),
    [
        ("{% csrf_token %}", Token.PRESENT),
        ("{{ csrf_input }}", Token.PRESENT),
        ("<input type=hidden name=csrfmiddlewaretoken value='{{ csrf_token }}'>", Token.PRESENT),
        ("<p data-x='csrf'>", Token.POSSIBLE),
        ("{{ extra|safe }}", Token.POSSIBLE),
        ("{{ form_html }}", Token.POSSIBLE),
        ("<c-fields />", Token.POSSIBLE),
        ("{{ form }}{{ form.as_p }}{% render_field form.a %}", Token.ABSENT),
        ("{# {% csrf_token %} #}", Token.ABSENT),
    ],
)
def test_token_in_the_form_itself(inside: str, token: Token) -> None:
    found = form(f"<form method=post>{inside}</form>").form
    assert found is not None
    assert found.token is token


def test_a_form_lists_what_may_bring_a_token() -> None:
    found = form("<form>{% include 'a.html' %}{% block b %}{% endblock %}{% my_tag %}{% icon 'x' %}</form>").form
    assert found is not None
    assert ([item.name for item in found.includes], found.blocks, found.tags) == (["a.html"], ("b",), ("icon", "my_tag"))


def test_branches_may_open_a_form_twice() -> None:
    text = "{% if a %}<form method=post action=x>{% else %}<form method=post>{% endif %}{% csrf_token %}</form>"
    forms = [element.form for element in read(text).elements if element.tag == "form"]
    assert [item.token for item in forms if item] == [Token.PRESENT, Token.PRESENT]


def test_a_form_that_ends_elsewhere() -> None:
    found = form("<form method=post>").form
    assert found is not None
    assert not found.closed
