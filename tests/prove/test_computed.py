"""A text computed from a canary is told; one that changes by itself is not, however much the change looks like the value's."""

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest

from leaktight.policy import Channel
from leaktight.prove.canary import Kind, Mint
from leaktight.prove.project.asking import Answer
from leaktight.prove.project.computed import compare
from leaktight.prove.project.draft import Draft
from leaktight.prove.project.fields import Filled
from leaktight.prove.project.objects import Role
from leaktight.prove.project.watch import Arrival

TIMES = (
    "2026-11-26T23:59:58.123456Z",
    "2026-11-26T23:59:58.123956Z",
    "2026-11-26T23:59:58.124056Z",
    "2026-11-26T23:59:58.124156Z",
    "2026-11-26T23:59:58.223456Z",
    "2027-12-17T00:00:00.987612Z",
)
"""As a clock may run: what differs from the first in one place, in another, and in nearly all."""


@dataclass
class Asked:
    """Stands for the project: what comes out is made of what goes in, and of how many requests there were."""

    made: Any
    count: int = 0
    mint: Mint = Mint(seed=3)  # noqa: RUF009  # one for all

    def ask(self, draft: Draft, role: Role, *, renew: bool = True) -> Answer:
        text = self.made(draft.form["national_id"].value, self.count)
        self.count += 1
        response = SimpleNamespace(status_code=200, headers={}, cookies={})
        arrivals = [Arrival(Channel.THIRD_PARTY, f'{{"at": "{text}"}}', "an event", None)]
        return Answer(draft, draft.canaries, role, True, response, b"", arrivals, Any, None)


def seen(made: Any) -> tuple[list[str], int]:
    """Return what a comparison tells of an answer, and how many requests it took in all."""
    told: list[str] = []
    judge = SimpleNamespace(code=None, see=lambda answer, arrival, sighting: told.append(sighting.line) or 1)
    asked = Asked(made)
    canary = asked.mint.canary(Kind.DIGITS, label="government-id", name="national_id", planted="form field national_id", most=11)
    draft = Draft(SimpleNamespace(arguments=()), "post", form={"national_id": Filled(canary.text, canary)})
    assert compare(asked, judge, asked.ask(draft, Role.ANONYMOUS)) == len(told)
    return told, asked.count


def shifted(text: str, count: int) -> str:
    return "".join(chr(ord(letter) + 50) for letter in text)


def test_what_is_computed_from_the_value_is_told():
    told, count = seen(shifted)
    assert len(told) == 1
    assert count == 6


@pytest.mark.parametrize("skipped", range(5))
def test_a_time_is_not_told(skipped):
    times = [TIMES[0], *TIMES[1 + skipped :], *TIMES[1:]]
    told, _ = seen(lambda text, count: times[min(count, len(times) - 1)])
    assert told == []


def test_a_time_that_looks_in_each_answer_as_if_computed_is_not_told():
    by_request = [TIMES[0], TIMES[1], TIMES[2], TIMES[1], TIMES[4], TIMES[5]]
    told, count = seen(lambda text, count: by_request[count])
    assert told == []
    assert count == 4


def test_the_same_text_is_told_when_it_stays_for_the_same_value():
    """As above, but for the time that the value sent once more brings: that is what the verdict rests on."""
    by_request = [TIMES[0], TIMES[1], TIMES[0], TIMES[1], TIMES[4], TIMES[5]]
    told, _ = seen(lambda text, count: by_request[count])
    assert len(told) == 1
