"""How the search saves time: it finds the same with its shortcuts as without, on any text."""

from __future__ import annotations

import random
import string
from collections.abc import Iterator

import pytest

from leaktight.guard.values import search as searching
from leaktight.guard.values.common import is_common
from leaktight.guard.values.forms import CODE, MARKS, bare, coded, pieces, shortest_code, unmarked
from leaktight.guard.values.search import Search, merged

ALPHABETS = (
    string.ascii_letters + string.digits,
    string.digits,
    string.digits + " -.\xa0",
    "DE0123456789",
    string.printable,
    string.ascii_letters + "äöüß€漢字😀",
    "+/?~>&<\"'\\% ",
)
WORDS = "order delivery total customer page 1234 &amp; 100% x=3 \\n <p class='row'>".split()


def _values(count: int, seed: str) -> Iterator[str]:
    chance = random.Random(seed)
    for number in range(count):
        alphabet = ALPHABETS[number % len(ALPHABETS)]
        yield "".join(chance.choices(alphabet, k=chance.randint(3, 70)))


def _written(value: str) -> list[str]:
    """Every form of a value, those with a mark and those without."""
    writers = [unmarked, *(mark.write for mark in MARKS)]
    return [text for piece in pieces(value) for write in writers for _, text, _ in write(piece)]


def _counting(search: Search) -> list[str]:
    """Every form that is looked for: of a common value, those that hardly stand in a text by chance."""
    found = [needle.text for needle in search._write(searching._ALWAYS)]
    for number, mark in enumerate(MARKS):
        found += [needle.text for needle in search._write(number) if mark.sign in needle.text]
    return found


def _filler(chance: random.Random, size: int) -> str:
    return " ".join(chance.choices(WORDS, k=size // 6))


def test_a_code_is_at_least_as_long_as_is_said_and_made_of_characters_of_codes() -> None:
    for value in _values(3000, "codes"):
        for piece in pieces(value):
            forms = [text for _, text, _ in coded(piece)]
            assert min(map(len, forms)) == shortest_code(piece)
            assert set("".join(forms)) <= set(CODE)


def test_no_form_is_longer_than_is_said() -> None:
    for value in _values(1200, "reach"):
        assert max(map(len, _written(value))) <= Search([(value, "secret", "x")]).reach


def test_a_mark_that_does_not_concern_a_value_has_no_form_of_it() -> None:
    for value in _values(3000, "marks"):
        for mark in MARKS:
            if mark.concerns is not None and not mark.concerns(value):
                assert [text for _, text, _ in mark.write(value) if text != value] == []


@pytest.mark.parametrize("machine", [True, False], ids=["machine", "plain"])
@pytest.mark.parametrize("before", [0, 300, searching._BLOCK - 5, 3 * searching._BLOCK - 20])
def test_every_form_is_found_wherever_it_stands(*, machine: bool, before: int, monkeypatch: pytest.MonkeyPatch) -> None:
    if not machine:
        monkeypatch.setattr(searching, "BytesAhoCorasick", None)
    elif searching.BytesAhoCorasick is None:
        pytest.skip("ahocorasick-rs is not installed")
    chance = random.Random(f"places {before}")
    filler = _filler(chance, before + 700)
    for value in map(str.strip, _values(12 if before > 300 else 48, f"places {before}")):
        if is_common(value):
            continue
        search = Search([(value, "secret", "x"), ("another-Value_7", "secret", "y")])
        if machine:
            search._searched = searching._MANY  # as if it had searched a lot
        assert search.hits(filler) == []
        forms = _written(value)
        for form in forms if before <= 300 else chance.sample(forms, 6):
            text = filler[:before] + form + filler[before:]
            hits = search.hits(text)
            assert any(hit.start <= before and hit.end >= before + len(form) for hit in hits), (value, form)
            if all(char < "\u0100" for char in text):
                assert search.hits_in_bytes(text.encode("latin-1")) == hits


def test_the_machine_is_built_when_much_was_searched_and_not_before() -> None:
    if searching.BytesAhoCorasick is None:
        pytest.skip("ahocorasick-rs is not installed")
    search = Search([("k7Qz-9fWx2LmP3", "secret", "x")])
    filler = _filler(random.Random(1), 6000)
    search.hits(filler)
    assert "_machines" not in search.__dict__
    for _ in range(searching._MANY // 1000):
        assert search.hits(filler) == []
    assert search.__dict__["_machines"]


def test_a_word_counts_behind_its_name_also_in_bytes_and_its_reverse_never() -> None:
    for word in ("müller", "grüße", "привет", "anton"):
        search = Search([(word, "secret", "password")])
        page = "<p>Anton, Müller, привет: müller anton grüße</p>".encode()
        assert search.hits_in_bytes(page) == []
        named = f"<input name='password' value='{word}'>".encode()
        assert [hit.value for hit in search.hits_in_bytes(named)] == [word]
        assert search.hits_in_bytes(f"password: {word[::-1]}".encode()) == []
        assert search.hits_in_bytes(f"password: {word.encode().hex()}".encode()) or len(word) < 5


def test_where_only_a_mark_without_its_form_stands_the_value_is_found_all_the_same() -> None:
    """A mark that is no more than punctuation saves a look for the forms that need it, and for no other."""
    search = Search([("k7Qz-9fWx2LmP3", "secret", "x"), ("4000056655665556", "card", "y")])
    page = "100% of it & more, a=b, c\\d, e+f\0g. "
    assert search.hits(page) == []
    assert [hit.form for hit in search.hits(page + "k7Qz-9fWx2LmP3")] == ["plain"]
    assert [hit.form for hit in search.hits(page + "4000 0566 5566 5556")] == ["grouped"]
    assert {hit.form for hit in search.hits(page + "".join(f"%{byte:02x}" for byte in b"k7Qz-9fWx2LmP3"))} == {"percent"}


@pytest.mark.parametrize(
    "typed",
    ["4000056655665556", "4000 0566 5566 5556", "4000-0566-5566-5556", "DE02120300000000202051", "DE02 1203 0000 0000 2020 51"],
)
def test_the_number_of_a_card_or_account_is_found_however_it_is_grouped(typed: str) -> None:
    search = Search([(typed, "card", "x")])
    number = "".join(filter(str.isalnum, typed))
    for separator in ("", " ", "-", ".", "\xa0", "&nbsp;"):
        shown = separator.join(number[at : at + 4] for at in range(0, len(number), 4))
        for page in (f"<p>{shown}</p>", f"<p> {shown} </p>" + " of these words" * 60):
            hits = search.hits_in_bytes(page.encode())
            assert [(page.encode()[hit.start : hit.end].decode(), hit.value) for hit in merged(hits)] == [(shown, typed)]
    assert search.hits("4000 0566, 4000056655, DE02 1203 and other groups; order 4000-0566-1111-2222") == []


def test_what_is_no_number_of_a_card_or_account_has_no_groups() -> None:
    for value in ("ABCD1203000000002020", "DE0212030000", "40000566556", "k7Qz9fWx2LmP3tY8", "2026-11-27"):
        search = Search([(value, "secret", "x")])
        assert {needle.form for number in range(len(MARKS) + 1) for needle in search._write(number)}.isdisjoint({"grouped"})


def test_bare_forms_are_not_coded() -> None:
    assert [name for name, _, _ in bare("4000 0566 5566 5556")] == ["plain", "reversed", "grouped"]
    assert {name for name, _, _ in coded("4000056655665556")} == {"base64", "hex", "base32"}


@pytest.mark.parametrize("many", [1, searching._FEW + 1])
def test_every_form_of_a_value_holds_a_part_of_its_family(many: int) -> None:
    """What is looked for first is in every form: alone, and in a search for several values that share runs."""
    for value in (
        *_values(3000, "parts"),
        "reference-400",
        "reference 500",
        "%25%25%25",
        "a\nb\tc",
        "=====",
        "ab=cd ",
        "\U0001f600\ud800x",
    ):
        for piece in pieces(value):
            search = Search([(piece, "secret", "x")] * many)
            for text in _counting(search):
                assert search._may_stand_plainly(text), (piece, text)


def test_a_part_of_one_value_may_be_all_of_another() -> None:
    long, short = "reference-4000", "reference"
    code = "anna@" + b"secret".hex() + ".example"
    for values in ((long, short), (short, long), (code, "secret"), ("secret", code)):
        search = Search([(value, "secret", "x") for value in values])
        for value in values:
            assert value in _counting(search)
        for text in _counting(search):
            assert search._may_stand_plainly(f"<{text}>"), (values, text)


def test_a_run_that_stands_without_the_rest_is_no_value() -> None:
    search = Search([("anna.schmidt-4711@example.com", "secret", "x")])
    assert not search._may_stand_plainly("write to us: example.com, or ask Mr. schmidt")
    assert not search._may_stand_plainly("anna%2Eschmidt, schmidt 4711 at example.com")
    assert search._may_stand_plainly("anna.schmidt-4711%40example.com")
