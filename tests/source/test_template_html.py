"""Reading broken and whole HTML the way browsers do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaktight.source.template_html import scan
from leaktight.source.template_values import Place

MARKUP = st.lists(
    st.sampled_from(
        ["<", ">", "/", "=", '"', "'", " ", "a", "form", "script", "<!--", "-->", "</", "\x01", "\x02", "textarea", "!", "?"]
    ),
    max_size=60,
).map("".join)


def attributes(text: str) -> list[tuple[str, dict[str, str]]]:
    return [(tag.name, {raw.name: text[raw.value_start : raw.value_end] for raw in tag.attributes}) for tag in scan(text).tags]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('<a href="x">', [("a", {"href": "x"})]),
        ("<A HREF='x y' b>", [("a", {"href": "x y", "b": ""})]),
        ("<a href=x/y b = c>", [("a", {"href": "x/y", "b": "c"})]),
        ('<a href="x"class="y">', [("a", {"href": "x", "class": "y"})]),
        ('<a href="a>b">', [("a", {"href": "a>b"})]),
        ("<br/><a/b=c>", [("br", {}), ("a", {"b": "c"})]),
        ("<a href=><b>", [("a", {"href": ""}), ("b", {})]),
        ("a < b <3 <p>", [("p", {})]),
        ("<!doctype html><?xml ?><p>", [("p", {})]),
        ("<!-- <a> --!><p>", [("p", {})]),
        ("<!--><p>", [("p", {})]),
        ("<a b='", []),
        ("<div :x='y' @click=z v-on:a.b>", [("div", {":x": "y", "@click": "z", "v-on:a.b": ""})]),
    ],
)
def test_tags_and_attributes(text: str, expected: list[tuple[str, dict[str, str]]]) -> None:
    assert attributes(text) == expected


def test_scripts_styles_and_textareas_hold_no_tags() -> None:
    html = scan("<script>if (a<b) '<form>'</script><style><p></style><textarea><input></textarea><p>")
    assert [tag.name for tag in html.tags] == ["script", "style", "textarea", "p"]
    assert [region.place for region in html.regions] == [Place.SCRIPT, Place.STYLE, Place.VALUE]


def test_raw_text_ends_at_its_own_end_tag_only() -> None:
    html = scan("<script></scripts><p></SCRIPT ><p>")
    assert [tag.name for tag in html.tags] == ["script", "p"]


def test_an_expression_may_print_attributes_or_a_part_of_a_name() -> None:
    assert attributes("<input\x01\x01 a=b>") == [("input", {"\x01\x01": "", "a": "b"})]
    assert attributes("<h\x01 a=b>") == [("h", {"\x01": "", "a": "b"})]


def test_branches_of_a_template_may_each_begin_a_tag() -> None:
    assert attributes("<a href='x'\x02\x02<button\x02\x02 id=y>") == [("a", {"href": "x"}), ("button", {"id": "y"})]
    assert attributes("<\x02\x02a href='x'\x02\x02button\x02>")[0][0] == "a"


def test_forms_end_where_they_end() -> None:
    text = "<form><form></form></FORM >"
    assert scan(text).form_ends == [19, 27]


@pytest.mark.parametrize("part", ["<div>", "<a ", "<", "<!--", '<a b="', "<script>", "<textarea>", "<a =", "'\"", "<form>", "</"])
def test_hostile_repetition_is_read_to_its_end(part: str) -> None:
    scan(part * (200_000 // len(part)))


@given(MARKUP)
def test_offsets_lie_within_the_text_and_in_order(text: str) -> None:
    html = scan(text)
    for tag in html.tags:
        assert text[tag.start] == "<"
        assert tag.start < tag.end <= len(text)
        for raw in tag.attributes:
            assert tag.start < raw.start <= raw.value_start <= raw.value_end <= raw.end <= tag.end
    assert [tag.start for tag in html.tags] == sorted(tag.start for tag in html.tags)
    assert [region.start for region in html.regions] == sorted(region.start for region in html.regions)
