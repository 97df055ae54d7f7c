"""Claims in comments bind to the statement or tag they touch, and those that do nothing are told."""

import datetime
import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaktight.model import Audience, Confidence, Finding, Severity, Span, Step
from leaktight.source.claims import Applied, Claims, apply_claims, parse_claims

RULES = {"secret-in-log", "weak-hsts", "form-without-csrf-token"}
TODAY = datetime.date(2027, 1, 15)


def claims(text: str, path: str = "app/views.py") -> Claims:
    return parse_claims(path, textwrap.dedent(text), rules=RULES)


def lines(text: str, path: str = "app/views.py") -> list[tuple[int, int]]:
    found = claims(text, path)
    assert not found.findings
    return [(claim.first_line, claim.last_line) for claim in found.claims]


def problems(text: str, path: str = "app/views.py") -> list[str]:
    return [finding.message for finding in claims(text, path).findings]


def finding(line: int, rule: str = "secret-in-log", *, path: str = "app/views.py", flow: tuple[int, ...] = ()) -> Finding:
    def at(number: int) -> Span:
        return Span(path, number, 5, number, 9)

    return Finding(
        rule=rule,
        severity=Severity.HIGH,
        confidence=Confidence.HIGH,
        audience=Audience.DEFAULT,
        label="token",
        channel="log",
        missing=("masked",),
        message="token is written to the log",
        span=at(line),
        symbol="view",
        flow=tuple(Step(at(number), "step") for number in flow),
    )


def applied(text: str, *findings: Finding, judged: set[str] | None = None) -> Applied:
    return apply_claims(findings, claims(text).claims, today=TODAY, judged=judged)


# -- reading -----------------------------------------------------------------------------------


def test_the_words_of_a_claim():
    [claim] = claims("x = 1  # leaktight: allow[secret-in-log, weak-hsts] set for staging only (until 2027-03-01)\n").claims
    assert claim.rules == ("secret-in-log", "weak-hsts")
    assert claim.reason == "set for staging only"
    assert claim.until == datetime.date(2027, 3, 1)
    assert claim.span == Span("app/views.py", 1, 8, 1, 92)


def test_a_claim_after_another_comment():
    assert len(claims("x = 1  # noqa: F401  # leaktight: allow[weak-hsts] staging\n").claims) == 1


@pytest.mark.parametrize(
    "text",
    [
        'x = "# leaktight: allow[weak-hsts] in a string"\n',
        'x = """\n# leaktight: allow[weak-hsts] in a string\n"""\n',
        "x = f'''\n# leaktight: allow[weak-hsts] in a string\n'''\n",
        "# we use leaktight: it finds leaks\n",
        "# see the docs of leaktight: allow[weak-hsts] needs a reason\n",
        "x = 1\n",
        "",
    ],
)
def test_what_is_not_a_claim(text: str):
    assert claims(text) == Claims((), ())


@pytest.mark.parametrize(
    ("comment", "problem"),
    [
        ("allow[weak-hsts]", "the claim gives no reason, so it allows nothing"),
        ("allow[weak-hsts] ---", "the claim gives no reason, so it allows nothing"),
        ("allow[weak-hsts] (until 2027-03-01)", "the claim gives no reason, so it allows nothing"),
        ("allow[weak-hsst] staging", 'there is no rule "weak-hsst"; did you mean "weak-hsts"?'),
        ("allow[] staging", "the claim names no rule: write allow[rule-name]"),
        ("allow staging", "this is not a claim: write allow[rule-name] and the reason"),
        ("allow[weak-hsts] staging (until spring)", '"spring" is not a date: write (until 2030-12-31)'),
        ("allow[weak-hsts] staging (until 2027-02-30)", '"2027-02-30" is not a date: write (until 2030-12-31)'),
    ],
)
def test_malformed_claims_are_findings(comment: str, problem: str):
    assert problems(f"x = 1  # leaktight: {comment}\n") == [problem]
    assert problems(f"{{# leaktight: {comment} #}}\n", "a.html") == [problem]
    assert claims(f"x = 1  # leaktight: {comment}\n").claims == ()


def test_an_unknown_name_does_not_take_the_known_ones_along():
    found = claims("x = 1  # leaktight: allow[weak-hsts, no-such-thing] staging\n")
    assert [claim.rules for claim in found.claims] == [("weak-hsts",)]
    assert [item.message for item in found.findings] == ['there is no rule "no-such-thing"']


# -- binding in Python -------------------------------------------------------------------------


def test_binds_to_the_whole_statement_it_touches():
    text = """\
        log.info(
            "%s",
            token,  # leaktight: allow[secret-in-log] test system
        )
        """
    assert lines(text) == [(1, 4)]


def test_binds_after_the_last_line_of_a_long_string():
    assert lines('x = """\na\nb\n"""  # leaktight: allow[secret-in-log] test system\n') == [(1, 4)]


def test_on_its_own_line_binds_to_the_next_statement_over_further_comments():
    text = """\
        a = 1
        # leaktight: allow[secret-in-log] test system
        # the ticket explains more

        log.info(
            token)
        b = 2
        """
    assert lines(text) == [(5, 6)]


def test_on_its_own_line_inside_a_statement_binds_to_that_statement():
    assert lines("log.info(\n    # leaktight: allow[secret-in-log] test system\n    token)\n") == [(1, 3)]


def test_binds_to_the_header_of_a_block_not_to_its_body():
    text = """\
        # leaktight: allow[secret-in-log] test system
        @decorated(
            1)
        @again
        def view(
            request):
            return 1
        """
    assert lines(text) == [(2, 6)]
    assert lines("@decorated  # leaktight: allow[secret-in-log] x\ndef view():\n    return 1\n") == [(1, 2)]
    assert lines("class A:  # leaktight: allow[secret-in-log] x\n    b = 1\n") == [(1, 1)]


def test_before_else_binds_to_the_first_statement_of_the_branch():
    text = """\
        if a:
            b()
        # leaktight: allow[secret-in-log] test system
        else:
            log(token)
            c()
        """
    assert lines(text) == [(4, 5)]


def test_at_the_end_of_a_block_does_not_bind_to_what_is_outside():
    text = """\
        def a():
            b()
            # leaktight: allow[secret-in-log] test system
        def c(): pass
        """
    assert lines(text) == [(3, 3)]


def test_two_claims_for_one_statement():
    text = "# leaktight: allow[secret-in-log] x\n# leaktight: allow[weak-hsts] y\nlog(token)\n"
    assert lines(text) == [(3, 3), (3, 3)]


@pytest.mark.parametrize("rest", ["x = (\n", "    y\n  z\n", "'''", "x = 1 +\n", "\x00\n"])
def test_text_that_is_no_python_is_read_as_far_as_it_goes(rest: str):
    claims("x = 1  # leaktight: allow[secret-in-log] test system\n" + rest)


# -- binding in templates ----------------------------------------------------------------------


def test_in_a_template_binds_to_the_tag_on_its_line():
    assert lines("<b></b>\n<form method=get> {# leaktight: allow[form-without-csrf-token] search #}\n", "a.html") == [(2, 2)]


def test_in_a_template_binds_to_the_whole_tag_it_touches():
    text = '<form method="get" {# leaktight: allow[form-without-csrf-token] search #}\n  action="{% url "a>b" %}"\n>\n<p>'
    assert lines(text, "a.html") == [(1, 3)]


def test_in_a_template_on_its_own_line_binds_to_the_next_tag():
    text = "{# leaktight: allow[form-without-csrf-token] search #}\nsome text\n<form\n method=get>\n"
    assert lines(text, "a.html") == [(3, 4)]


@pytest.mark.parametrize("block", ["verbatim", "comment"])
def test_in_a_template_not_inside(block: str):
    text = f"{{% {block} %}}{{# leaktight: allow[form-without-csrf-token] search #}}{{% end{block} %}}"
    assert claims(text, "a.html") == Claims((), ())


# -- applying ----------------------------------------------------------------------------------


def test_a_claim_marks_the_finding_of_its_rule():
    text = "log(token)  # leaktight: allow[secret-in-log] test system\n"
    result = applied(text, finding(1), finding(1, "weak-hsts"), finding(2))
    assert [item.claimed for item in result.findings] == [True, False, False]
    assert [claim.used for claim in result.claims] == [True]
    assert result.own == ()


def test_a_claim_holds_at_any_step_of_the_flow():
    text = "\n\nb = a  # leaktight: allow[secret-in-log] test system\n"
    assert applied(text, finding(9, flow=(1, 3, 9))).findings[0].claimed
    assert not applied(text, finding(9, flow=(1, 4, 9))).findings[0].claimed


def test_a_claim_does_not_reach_into_another_file():
    text = "log(token)  # leaktight: allow[secret-in-log] test system\n"
    assert not applied(text, finding(1, path="app/models.py")).findings[0].claimed


def test_an_unused_claim_is_a_finding():
    [own] = applied("x = 1  # leaktight: allow[secret-in-log, weak-hsts] test system\n", finding(1)).own
    assert (own.rule, own.span.line, own.severity) == ("unused-claim", 1, Severity.LOW)
    assert own.message == "the claim allows weak-hsts, which is not found here"


def test_a_claim_for_a_rule_that_was_not_asked_for_is_not_unused():
    text = "x = 1  # leaktight: allow[secret-in-log] test system\n"
    assert applied(text, judged={"weak-hsts"}).own == ()


def test_an_expired_claim_is_a_finding_and_allows_nothing():
    result = applied("log(token)  # leaktight: allow[secret-in-log] test system (until 2027-01-14)\n", finding(1))
    assert not result.findings[0].claimed
    assert [item.rule for item in result.own] == ["expired-claim"]


def test_a_claim_holds_through_its_last_day():
    result = applied("log(token)  # leaktight: allow[secret-in-log] test system (until 2027-01-15)\n", finding(1))
    assert result.findings[0].claimed
    assert result.own == ()


@given(st.text("#leaktigh:o[]w \"'\\\n()-{}%<>=ab", max_size=80))
def test_reading_never_fails(text: str):
    for path in ("a.py", "a.html"):
        for claim in parse_claims(path, text + "# leaktight: ", rules=RULES).claims:
            assert 1 <= claim.first_line <= claim.last_line


@given(st.text("abc #'\n", max_size=40))
def test_a_claim_inside_a_string_does_nothing(text: str):
    source = "x = " + repr(f"{text}\n# leaktight: allow[weak-hsts] reason\n{text}") + "\n"
    assert claims(source) == Claims((), ())
