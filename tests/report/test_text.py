"""The text report, as people see it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot
from report.samples import CLEAN, PROJECT, RESULT, RULES, TRACED, finding, sources

from leaktight.model import Gap, Result, Severity, Span, Step
from leaktight.report import decide, render_text
from leaktight.report.ink import cells


def text(result: Result = RESULT, **options: object) -> str:
    options = {"sources": sources, "unicode": True, **options}
    return render_text(result, decide(result, fail_on=Severity.MEDIUM), rules=RULES, version="1.2.3", **options)


def one(item: object, **options: object) -> str:
    return text(Result(PROJECT, (item,), (), ()), quiet=True, **options)


def test_the_whole_report():
    assert text() == snapshot("""\
leaktight 1.2.3 · reads only · no network

  project "shop" · production settings: config/settings/production.py
  210 python files · 31,415 lines · 41 views · 23 models · 31 sensitive fields ·
    118 templates
  left out on purpose: 60 migration files, 84 test files

note[hard-coded-key]: key is written in the source
  ┌─ accounts/views.py:8:1
  │
8 │ API_KEY = "•••"
  │ ^^^^^^^
  │
  = label: secret-key · channel: file
  = evidence: stated · severity: low · confidence: high
  = fix: Read it from the environment.
  = more: leaktight explain hard-coded-key

error[secret-in-log]: password reset token is written to the log
   ┌─ accounts/views.py:15:34
   │
 7 │ logger = logging.getLogger(__name__)
   │          --------------------------- the logger has no masking filter
12 │     token = default_token_generator.make_token(user)
   │             ---------------------------------------- 1 token is made here
13 │     url = build_reset_url(user, token)
   │           ---------------------------- 3 URL comes back
15 │     logger.info("reset link %s", url)
   │                                  ^^^ 4 leaves through info()
   │
   ├─ 2 token goes into the URL · accounts/links.py:5:51
   = label: token · channel: log · missing: masked
   = evidence: traced · severity: high · confidence: high
   = fix: Log the user's id instead of the token.
   = more: leaktight explain secret-in-log

warning[cookie-without-secure]: cookie "hint" can travel over plain HTTP
   ┌─ accounts/views.py:20:5
   │
20 │     response.set_cookie("hint", request.POST["email"], max_age=30)
   │     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
   │
   = label: email · channel: cookie · missing: secure-cookie
   = evidence: stated · severity: medium · confidence: high
   = fix: pass secure=True (safe)
   = more: leaktight explain cookie-without-secure

not analysed:
  shop/old.py:3 · not Python: invalid syntax
  shop/settings.py · SECURE_SSL_REDIRECT is not known

3 findings: 1 high, 1 medium, 1 low · 1 has a safe fix · 2 gaps
not shown: 14 for --audience strict, 3 for --audience audit, 1 claimed
exit status 3: 2 places could not be analysed, and there are 2 findings at or
  above "medium"
""")


def test_a_pipe_gets_ascii():
    told = text(unicode=False)
    assert told.isascii()
    assert told == snapshot("""\
leaktight 1.2.3 - reads only - no network

  project "shop" - production settings: config/settings/production.py
  210 python files - 31,415 lines - 41 views - 23 models - 31 sensitive fields -
    118 templates
  left out on purpose: 60 migration files, 84 test files

note[hard-coded-key]: key is written in the source
  --> accounts/views.py:8:1
  |
8 | API_KEY = "***"
  | ^^^^^^^
  |
  = label: secret-key - channel: file
  = evidence: stated - severity: low - confidence: high
  = fix: Read it from the environment.
  = more: leaktight explain hard-coded-key

error[secret-in-log]: password reset token is written to the log
   --> accounts/views.py:15:34
   |
 7 | logger = logging.getLogger(__name__)
   |          --------------------------- the logger has no masking filter
12 |     token = default_token_generator.make_token(user)
   |             ---------------------------------------- 1 token is made here
13 |     url = build_reset_url(user, token)
   |           ---------------------------- 3 URL comes back
15 |     logger.info("reset link %s", url)
   |                                  ^^^ 4 leaves through info()
   |
   |- 2 token goes into the URL - accounts/links.py:5:51
   = label: token - channel: log - missing: masked
   = evidence: traced - severity: high - confidence: high
   = fix: Log the user's id instead of the token.
   = more: leaktight explain secret-in-log

warning[cookie-without-secure]: cookie "hint" can travel over plain HTTP
   --> accounts/views.py:20:5
   |
20 |     response.set_cookie("hint", request.POST["email"], max_age=30)
   |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
   |
   = label: email - channel: cookie - missing: secure-cookie
   = evidence: stated - severity: medium - confidence: high
   = fix: pass secure=True (safe)
   = more: leaktight explain cookie-without-secure

not analysed:
  shop/old.py:3 - not Python: invalid syntax
  shop/settings.py - SECURE_SSL_REDIRECT is not known

3 findings: 1 high, 1 medium, 1 low - 1 has a safe fix - 2 gaps
not shown: 14 for --audience strict, 3 for --audience audit, 1 claimed
exit status 3: 2 places could not be analysed, and there are 2 findings at or
  above "medium"
""")


def test_nothing_found():
    assert text(CLEAN) == snapshot("""\
leaktight 1.2.3 · reads only · no network

  project "shop" · production settings: config/settings/production.py
  210 python files · 31,415 lines · 41 views · 23 models · 31 sensitive fields ·
    118 templates
  left out on purpose: 60 migration files, 84 test files

no finding
exit status 0: nothing at or above "medium", and everything was analysed
""")


def test_colours_change_nothing_but_colours():
    coloured = text(colour=True)
    assert "\x1b[1;31m" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == text()


def test_no_colour_unless_asked_for():
    assert "\x1b" not in text()


def test_quiet_is_findings_only():
    assert text(CLEAN, quiet=True) == ""
    assert text(quiet=True).startswith("note[hard-coded-key]")
    assert "exit status" not in text(quiet=True)


def test_the_worst_only():
    told = text(at_most=1)
    assert "[secret-in-log]" in told
    assert "[cookie-without-secure]" not in told
    assert "3 findings" in told


def test_a_claimed_finding_is_counted_not_shown():
    assert "cookie-without-http-only" not in text()
    assert "1 claimed" in text()


def test_two_steps_on_one_line_have_a_row_each():
    flow = (
        Step(Span("accounts/views.py", 20, 33, 20, 54), "email is read from the form"),
        Step(Span("accounts/views.py", 20, 5, 20, 68), "leaves through set_cookie()"),
    )
    assert one(finding(flow=flow)) == snapshot("""\
warning[cookie-without-secure]: cookie "hint" can travel over plain HTTP
   ┌─ accounts/views.py:20:5
   │
20 │     response.set_cookie("hint", request.POST["email"], max_age=30)
   │                                 ---------------------
   │                                 1 email is read from the form
   │     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
   │     2 leaves through set_cookie()
   │
   = label: email · channel: cookie · missing: secure-cookie
   = evidence: traced · severity: medium · confidence: high
   = fix: pass secure=True (safe)
   = more: leaktight explain cookie-without-secure

""")


def test_steps_at_one_place_share_an_underline():
    place = Span("accounts/views.py", 20, 33, 20, 54)
    told = one(finding(span=place, flow=(Step(place, "is read"), Step(place, "leaves here"))))
    assert told.splitlines()[3:6] == [
        '20 │     response.set_cookie("hint", request.POST["email"], max_age=30)',
        "   │                                 ^^^^^^^^^^^^^^^^^^^^^ 1 is read",
        "   │                                                       2 leaves here",
    ]


def test_data_without_a_label_is_not_given_one():
    assert "= channel: page · missing: https\n" in one(finding(label=None, channel="page", missing=("https",)))


LONG = tuple(Step(Span("accounts/views.py", line, 5, line, 9), f"step at line {line}") for line in (1, 3, 5, 7, 12, 13, 14, 15))


def test_a_long_flow_is_folded_in_the_middle():
    told = one(finding(flow=LONG, span=LONG[-1].span))
    assert "3 more steps in between: -v shows them" in told
    assert "1 step at line 1" in told
    assert "8 step at line 15" in told
    assert "4 step at line 7" not in told
    assert len(told.splitlines()) <= 24


def test_verbose_unfolds():
    told = one(finding(flow=LONG, span=LONG[-1].span), verbose=True)
    assert all(f"{number} step at line" in told for number in range(1, 9))
    assert "more steps" not in told


def test_verbose_shows_the_lines_of_other_files():
    assert 'return f"https://shop.example/reset/{user.pk}/{token}"' in one(TRACED, verbose=True)
    assert "https://shop.example" not in one(TRACED)


def test_a_file_that_cannot_be_read_again_is_named_by_place():
    told = one(TRACED, sources=lambda path: None)
    assert "accounts/views.py:15:34" in told
    assert "4 leaves through info()" in told


def test_a_line_that_is_gone_is_named_by_place():
    assert "accounts/views.py:99:1" in one(finding(span=Span("accounts/views.py", 99, 1, 99, 5)))


def test_a_very_long_line_is_not_shown():
    told = one(finding(), sources=lambda path: ["x" * 5000] * 20)
    assert "xxx" not in told


def test_a_long_line_is_cut_around_the_mark():
    line = f"{'a' * 100} = danger({'b' * 100})"
    told = one(finding(span=Span("v.py", 1, 104, 1, 110)), sources=lambda path: [line])
    rows = told.splitlines()
    column = rows[4].index("^^^^^^")
    assert rows[3][column : column + 6] == "danger"


def test_a_span_over_several_lines_is_marked_to_the_end_of_the_first():
    told = one(finding(span=Span("v.py", 1, 1, 3, 2)), sources=lambda path: ["call(", "  1,", ")"])
    assert "│ ^^^^^\n" in told


def test_carets_stand_below_wide_characters_and_tabs():
    told = one(finding(span=Span("v.py", 1, 7, 1, 10)), sources=lambda path: ["\t名前 = abc"])
    line, carets = told.splitlines()[3:5]
    before = line[: line.index("abc")].partition("│ ")[2]
    assert carets.partition("│ ")[2].index("^") == cells(before)


@pytest.mark.parametrize("hostile", ["\x1b[2J", "\x07", "\r", "\u202e", "\x9b31m"])
def test_scanned_text_cannot_steer_the_terminal(hostile: str):
    odd = finding(
        message=f"message{hostile}",
        span=Span(f"a{hostile}.py", 1, 1, 1, 2),
        flow=(Step(Span(f"b{hostile}.py", 1, 1, 1, 2), f"note{hostile}"), Step(Span(f"a{hostile}.py", 1, 1, 1, 2), "end")),
    )
    result = Result(PROJECT, (odd,), (Gap(f"c{hostile}.py", 1, f"reason{hostile}"),), ())
    told = text(result, sources=lambda path: [f"x{hostile} = 1"])
    assert hostile[0] not in told


def test_the_command_and_the_status_are_told():
    last = text().splitlines()[-2:]
    assert " ".join(last).startswith("exit status 3: 2 places could not be analysed")
    assert "leaktight explain secret-in-log" in text()


@given(width=st.integers(40, 120), unicode=st.booleans(), verbose=st.booleans())
def test_the_width_is_kept(*, width: int, unicode: bool, verbose: bool):
    told = text(width=width, unicode=unicode, verbose=verbose)
    too_long = [line for line in told.splitlines() if cells(line) > width]
    # A place is one word and stays whole, so that it can be clicked.
    assert all(re.search(r"\S{30,}", line) for line in too_long)


@given(
    st.text(max_size=60),
    st.integers(0, 70),
    st.integers(0, 70),
    st.integers(40, 90),
)
def test_any_line_and_any_span_can_be_drawn(line: str, start: int, length: int, width: int):
    span = Span("v.py", 1, start, 1, start + length)
    flow = (Step(span, "a note that is long enough to be wrapped at some widths"), Step(span, "end"))
    one(finding(span=span, flow=flow), sources=lambda path: [line], width=width)
