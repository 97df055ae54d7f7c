"""Canaries are shaped like what they stand for, unlike each other, and known again however they are written."""

import base64
import binascii
import html
import json
import zlib
from urllib.parse import quote

import pytest

from leaktight.guard.values.registry import PROCESS
from leaktight.prove.canary import Kind, Mint, check_digit
from leaktight.prove.finder import Finder

mint = Mint(seed=7)
each_kind = pytest.mark.parametrize("kind", Kind)


def _canary(kind=Kind.TOKEN, label="token", name="token"):
    return mint.canary(kind, label=label, name=name, planted=f"form field {name}")


@each_kind
def test_no_two_are_alike(kind):
    assert len({_canary(kind).text for _ in range(200)}) == 200


def _made_from(*texts: str) -> str:
    waiting = iter(texts)
    return mint.canary(Kind.DIGITS, label="one-time-code", name="code", planted="x", make=lambda _: next(waiting)).text


def test_one_that_many_have_as_a_password_is_not_planted_where_the_form_leaves_a_choice():
    assert _made_from("123456", "696969", "480912") == "480912"
    assert _made_from(*(str(number) for number in range(471, 500))) in {
        str(number) for number in range(471, 500)
    }  # all are short


@each_kind
def test_one_that_is_made_says_nothing_of_itself(kind):
    canary = _canary(kind)
    assert canary.text not in repr(canary)
    assert canary.text not in f"{canary}"


def test_a_card_passes_for_a_card_and_is_a_test_card():
    number = _canary(Kind.CARD).text
    assert len(number) == 16
    assert number.startswith("400000")
    assert check_digit(number[:-1]) == number[-1]
    assert check_digit("453201511283036") == "6"  # a published example of the algorithm


@pytest.mark.parametrize(("kind", "most"), [(Kind.TEXT, 8), (Kind.EMAIL, 20), (Kind.TOKEN, 16)])
def test_one_fits_its_field(kind, most):
    assert len(mint.canary(kind, label="", name="x", planted="x", most=most).text) <= most


ENCODINGS = {
    "plain": str,
    "percent": lambda text: "".join(f"%{byte:02x}" for byte in text.encode()),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "inside base64": lambda text: base64.b64encode(f"id={text}&x=1".encode()).decode(),
    "hex": lambda text: text.encode().hex(),
    "base32": lambda text: base64.b32encode(text.encode()).decode(),
    "entities": lambda text: "".join(f"&#{ord(c)};" for c in text),
    "escapes": lambda text: "".join(f"\\u{ord(c):04x}" for c in text),
    "quoted-printable": lambda text: "".join(f"={byte:02X}" for byte in text.encode()),
    "reversed": lambda text: text[::-1],
    "json in base64": lambda text: base64.b64encode(json.dumps({"a": text}).encode()).decode(),
    "zlib in base64": lambda text: base64.urlsafe_b64encode(zlib.compress(f"session={text}".encode())).decode(),
    "percent in hex entities": lambda text: html.escape(quote(f"<{text}>", safe="")),
    "base64 twice": lambda text: base64.b64encode(base64.b64encode(f"<<{text}>>".encode())).decode(),
}


@pytest.mark.parametrize("kind", [Kind.TOKEN, Kind.PASSWORD, Kind.CARD, Kind.EMAIL, Kind.UUID, Kind.PHONE, Kind.TEXT])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_one_is_found_in_every_encoding(kind, encoding):
    canary = _canary(kind)
    text = f"header: before {ENCODINGS[encoding](canary.text)} after"
    assert [sighting.canary for sighting in Finder([canary]).sightings(text)] == [canary]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_another_is_not_taken_for_it(encoding):
    mine, other = _canary(), _canary()
    assert Finder([mine]).sightings(ENCODINGS[encoding](other.text)) == []


def test_a_digest_of_it_is_no_leak():
    import hashlib

    canary = _canary()
    assert Finder([canary]).sightings(hashlib.sha256(canary.text.encode()).hexdigest()) == []


def test_the_line_it_stood_in_is_told_without_any_canary():
    one, two = _canary(), _canary(Kind.CARD, "card", "card_number")
    (first, second) = sorted(
        Finder([one, two]).sightings(f"first\nlogin with {one.text} and {two.text} failed\nlast"), key=lambda s: s.canary.label
    )
    assert first.line == second.line
    for sighting in (first, second):
        assert sighting.line.startswith("login with •••")
        assert one.text not in sighting.line
        assert two.text not in sighting.line
        assert "first" not in sighting.line


def test_a_canary_cut_by_the_edge_of_the_line_is_not_told_in_part():
    one, two = _canary(), _canary()
    text = f"{one.text}{'-' * 50}{two.text}{'-' * 50}{one.text}"
    for sighting in Finder([one, two]).sightings(text):
        for piece in range(len(one.text) - 8):
            assert one.text[piece : piece + 8] not in sighting.line
            assert two.text[piece : piece + 8] not in sighting.line


def test_binascii_agrees_with_the_hex_form():
    canary = _canary()
    (sighting,) = Finder([canary]).sightings(binascii.hexlify(canary.text.encode()))
    assert sighting.form == "hex"


@pytest.mark.parametrize("key", ["h3kq0x9v7c2m1z8w4y6t5r0p", "eyJhbGciOiJIUzI1NiJ9-Qx_9"])
def test_what_stands_around_one_shows_no_key(key):
    canary = _canary()
    (sighting,) = Finder([canary]).sightings(f"paid with {canary.text} in session {key} of anna")
    assert key not in sighting.line
    assert key[-6:] not in sighting.line
    assert sighting.line.startswith("paid with")
    assert sighting.line.endswith("of anna")


def test_a_key_is_not_left_in_part_where_the_line_is_cut():
    canary = _canary()
    key = "h3kq0x9v7c2m1z8w4y6t5r0p" * 3
    (sighting,) = Finder([canary]).sightings(f"{key} {canary.text}")
    assert key[-12:] not in sighting.line


def test_the_sites_own_secrets_are_masked_as_well():
    canary = _canary()
    line = f"connect with hunter-two to store {canary.text}"
    (before,) = Finder([canary]).sightings(line)
    assert "hunter-two" in before.line
    PROCESS.add("hunter-two", "password", "DATABASE_PASSWORD")
    try:
        (sighting,) = Finder([canary]).sightings(line)
    finally:
        PROCESS._values.pop("hunter-two")
        PROCESS._searches.clear()
    assert "hunter-two" not in sighting.line
