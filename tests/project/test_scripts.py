"""Scripts of the browser: their places, what is left out and why, and what hostile ones do."""

from __future__ import annotations

import time

import pytest

from leaktight.policy import default_recogniser
from leaktight.project.scripts.exits import exits_of
from leaktight.source.script import MAX_SIZE, script_of, scripts_in_page, why_left_out

KEPT = b'localStorage.setItem("a", access_token);\n'


def test_a_script_in_a_page_keeps_its_places_behind_letters_of_several_bytes() -> None:
    page = "<p>ä</p>\n<b>ö</b><script>/* ü */ ".encode() + KEPT + b"\n  " + KEPT + b"</script>"
    (script,) = scripts_in_page("a.html", page)
    spans = [exit_.span for exit_ in exits_of(script, default_recogniser())]
    lines = page.decode().split("\n")
    assert [span.line for span in spans] == [2, 4]
    assert all(lines[span.line - 1][span.column - 1 : span.end_column - 1] == KEPT.decode().strip()[:-1] for span in spans)


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("static/jquery-3.7.js", KEPT),
        ("static/a.min.js", KEPT),
        ("static/a.9f86d081884c.js", KEPT),
        ("static.dist/a.js", KEPT),
        ("static/a.js", b"/**\n * @license MIT\n */" + KEPT),
        ("static/vendor/a.js", KEPT),
        ("static/a.js", b"/*! lib */" + KEPT),
        ("static/a.js", KEPT * 200 + b"x" * 4000),
        ("static/a.js", KEPT + b"x;\n" * (MAX_SIZE // 2)),
    ],
)
def test_what_the_project_did_not_write_is_left_out_with_a_reason(path: str, data: bytes) -> None:
    assert why_left_out(path, data)
    assert why_left_out("static/account.js", KEPT) is None


@pytest.mark.parametrize(
    "text",
    ["(", "{", "a.", "`${", "a+", "[", "<a>", "f(", "x=>", "!", "'", "/*", "localStorage.a=", "a?b:", "document.cookie=a+"],
)
def test_hostile_scripts_take_little_time(text: str) -> None:
    started = time.process_time()
    list(exits_of(script_of("a.js", KEPT + (text * (50_000 // len(text))).encode()), default_recogniser()))
    assert time.process_time() - started < 10


def test_names_given_by_sums_of_names_are_followed_once() -> None:
    text = "".join(f"const a{n} = {' + '.join([f'a{n + 1}'] * 50)};\n" for n in range(30)) + "localStorage.setItem('x', a0);"
    started = time.process_time()
    list(exits_of(script_of("a.js", text.encode()), default_recogniser()))
    assert time.process_time() - started < 2


def test_open_tags_of_scripts_take_little_time() -> None:
    started = time.process_time()
    list(scripts_in_page("a.html", b"<script" * 100_000 + b"<script>" * 100_000 + b"<script>localStorage</script>" * 10_000))
    assert time.process_time() - started < 3
