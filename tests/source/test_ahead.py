"""Work done in another process: its result, its errors, and what happens when that process ends early."""

from __future__ import annotations

import os
import signal
import time

import pytest

from leaktight.source.ahead import METHOD, Ahead

pytestmark = pytest.mark.skipif(METHOD != "fork", reason="processes cannot be copied here")


def test_with_two_jobs_another_process_does_it() -> None:
    with Ahead(2, os.getpid) as ahead:
        assert ahead.result() != os.getpid()


def test_with_one_job_nothing_happens_before_it_is_asked_for() -> None:
    done: list[int] = []
    with Ahead(1, lambda: done.append(os.getpid())) as ahead:
        assert not done
        ahead.result()
    assert done == [os.getpid()]


def test_the_work_sees_what_there_is_and_changes_nothing_here() -> None:
    names = ["password"]

    def work() -> list[str]:
        names.append("card")
        return names

    with Ahead(2, work) as ahead:
        assert ahead.result() == ["password", "card"]
    assert names == ["password"]


def test_what_the_work_raises_is_raised_here() -> None:
    def work() -> None:
        raise LookupError("no such rule")

    with Ahead(2, work) as ahead, pytest.raises(LookupError, match="no such rule"):
        ahead.result()


def test_a_process_that_is_killed_leaves_the_work_to_us() -> None:
    here = os.getpid()

    def work() -> int:
        if os.getpid() != here:
            os.kill(os.getpid(), signal.SIGKILL)
        return os.getpid()

    with Ahead(2, work) as ahead:
        assert ahead.result() == here


def test_work_nobody_wants_any_more_is_not_waited_for() -> None:
    start = time.monotonic()
    with Ahead(2, lambda: time.sleep(600)):
        pass
    assert time.monotonic() - start < 300
