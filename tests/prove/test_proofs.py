"""What is said of a whole proof, and the exit status it ends with."""

import json

import pytest
from prove.samples import LEAK, OPEN, TIGHT

from leaktight.model import Proof, Tightness, Verdict
from leaktight.report import decide_proof, render_proof_json, render_proof_text


@pytest.mark.parametrize(
    ("verdicts", "outcome", "status"),
    [
        ([TIGHT], Tightness.TIGHT, 0),
        ([TIGHT, LEAK], Tightness.LEAKING, 1),
        ([TIGHT, OPEN], Tightness.INCONCLUSIVE, 3),
        ([OPEN], Tightness.INCONCLUSIVE, 3),
        ([], Tightness.INCONCLUSIVE, 3),
        ([TIGHT, LEAK, OPEN], Tightness.LEAKING, 3),
    ],
)
def test_one_leak_is_leaking_and_what_was_not_seen_is_never_tight(verdicts, outcome, status):
    proof = Proof("shop", tuple(verdicts))
    assert proof.outcome is outcome
    assert decide_proof(proof).status == status


@pytest.mark.parametrize(("verdicts", "status"), [([TIGHT, OPEN], 0), ([OPEN], 3), ([LEAK, OPEN], 1), ([], 3)])
def test_gaps_can_be_allowed_but_nothing_at_all_is_never_enough(verdicts, status):
    assert decide_proof(Proof("shop", tuple(verdicts)), allow_gaps=True).status == status


def test_json_says_all_of_a_verdict():
    proof = Proof("shop", (LEAK, OPEN), counts={"requests": 12})
    told = json.loads(render_proof_json(proof, decide_proof(proof), version="1"))
    assert told["schema"] == 1
    assert told["outcome"] == "leaking"
    assert told["counts"] == {"requests": 12}
    assert told["summary"]["exit_status"] == 3
    leak, open_ = told["verdicts"]
    assert (leak["path"], leak["line"], leak["symbol"]) == ("shop/views.py", 12, "login")
    assert leak["request"] == {"method": "POST", "path": "/login/", "planted": "form field password", "role": "anonymous"}
    assert leak["missing"] == ["masked"]
    assert open_["channel"] is None


def test_the_text_begins_with_the_verdict_and_ends_with_the_status():
    proof = Proof("shop", (LEAK, OPEN, TIGHT))
    lines = render_proof_text(proof, decide_proof(proof), version="1", width=100).splitlines()
    assert lines[0].startswith("shop: leaking")
    assert lines[-1].startswith("exit status 3: 1 check came to no conclusion, and there is 1 leak")
    text = "\n".join(lines)
    assert "code: shop/views.py:12 in login" in text
    assert text.index("leaking[secret-in-log]") < text.index("every role is refused")


def test_leaks_come_first_and_by_channel():
    other = Verdict(Tightness.LEAKING, "x", channel="cookie")
    assert sorted([OPEN, LEAK, TIGHT, other], key=lambda verdict: verdict.key) == [other, LEAK, OPEN, TIGHT]
