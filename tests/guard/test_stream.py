"""A body is strained the same wherever it is cut, and no value gets through in any form."""

from __future__ import annotations

import base64
import html
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaktight.guard.values.forms import MARKS, pieces, unmarked
from leaktight.guard.values.search import Hit, Search
from leaktight.guard.values.stream import Strainer

VALUE = "k7Qz-9f'Wx2&LmP3"
FORMS = {
    "plain": VALUE.encode(),
    "json": json.dumps(VALUE).encode(),
    "percent": quote(VALUE, safe="").encode(),
    "lower percent": quote(VALUE, safe="").lower().encode().replace(VALUE.lower().encode(), b""),
    "entities": html.escape(VALUE).encode(),
    "decimal entities": "".join(f"&#{ord(c)};" for c in VALUE).encode(),
    "base64": base64.b64encode(VALUE.encode()),
    "base64 inside": base64.b64encode(b"x" + VALUE.encode() + b"yz"),
    "base64url": base64.urlsafe_b64encode(b"??" + VALUE.encode()),
    "base32": base64.b32encode(VALUE.encode()),
    "hex": VALUE.encode().hex().encode(),
    "upper hex": VALUE.encode().hex().upper().encode(),
    "reversed": VALUE[::-1].encode(),
    "utf-16": VALUE.encode("utf-16-le"),
    "escapes": "".join(f"\\u{ord(c):04x}" for c in VALUE).encode(),
    "octal": "".join(f"\\{ord(c):03o}" for c in VALUE).encode(),
    "quoted-printable": "".join(f"={ord(c):02X}" for c in VALUE).encode(),
}
del FORMS["lower percent"]


def _strain(data: bytes, cuts: list[int], search: Search) -> tuple[bytes, list[str]]:
    found: list[Hit] = []
    strainer = Strainer(lambda: search, lambda hit: "***", found.append)
    out, last = b"", 0
    for cut in [*sorted(cuts), len(data)]:
        out += strainer.feed(data[last:cut])
        last = cut
    return out + strainer.end(), [hit.form for hit in found]


SEARCH = Search([(VALUE, "card", "card_number"), ("aaaa", "password", "pin"), ("4711", "password", "pin")])


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 4096])
def test_a_value_in_any_form_is_taken_out_wherever_the_body_is_cut(form: str, size: int) -> None:
    body = b"<p>before</p> " + FORMS[form] + b" <p>after</p>"
    out, found = _strain(body, list(range(0, len(body), size)), SEARCH)
    assert FORMS[form] in body
    assert FORMS[form] not in out
    assert VALUE.encode() not in out
    assert b"<p>before</p>" in out
    assert b"<p>after</p>" in out
    assert found


PIECES = st.sampled_from(
    [*FORMS.values(), b"pin: 4711", b"pin=aaaaa", b"4711", b"aaaa", b" ", b"pin", b"<b>", b"\\u00", b"==", bytes(range(256))]
)


@given(st.lists(PIECES, max_size=6).map(b"".join), st.data())
def test_the_outcome_does_not_depend_on_the_cuts(body: bytes, data: st.DataObject) -> None:
    cuts = data.draw(st.lists(st.integers(0, len(body)), max_size=12))
    assert _strain(body, cuts, SEARCH) == _strain(body, [], SEARCH)
    assert _strain(body, list(range(len(body))), SEARCH) == _strain(body, [], SEARCH)


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=5))
def test_a_body_without_a_value_goes_out_as_it_is(body: bytes, cuts: list[int]) -> None:
    if not SEARCH.hits_in_bytes(body):
        assert _strain(body, [min(cut, len(body)) for cut in cuts], SEARCH) == (body, [])


def test_a_short_value_is_known_by_the_name_in_front_of_it() -> None:
    assert _strain(b"order 4711, pin: 14711", [], SEARCH)[1] == []
    assert _strain(b"your pin: 4711", [], SEARCH) == (b"your pin: ***", ["plain"])


@given(st.text("ab 1+/&<'\"\\%é", min_size=6, max_size=24), st.text(max_size=40), st.integers(0, 99))
def test_the_quick_look_overlooks_nothing(value: str, around: str, number: int) -> None:
    """Every form is found in any text, though marks and the words of a short text decide first whether it is looked for at all."""
    value = "x1" + value + "9z"
    forms = [form for write in (unmarked, *(mark.write for mark in MARKS)) for piece in pieces(value) for form in write(piece)]
    name, text, _ = forms[number % len(forms)]
    assert Search([(value, "secret", "pin")]).hits(f"{around} {text} {around}"), name
