"""A mistake of our own in one rule or one function leaves a gap there, and everything else is judged."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import leaktight
from leaktight.engine.judge import Judge
from leaktight.flow.frame import Frame
from leaktight.model import Audience, Result
from leaktight.model.slips import DEBUG

TEXTS = {
    "shop/views.py": """import logging
import requests

logger = logging.getLogger(__name__)


def pay(request):
    logger.info("paying with %s", request.POST["card_number"])


def fetch(request):
    return requests.get("https://bank.example.org/", verify=False)
"""
}


def _rules(result: Result) -> set[str]:
    return {finding.rule for finding in result.findings}


def _fail(*_: Any) -> Any:
    raise TypeError("hunter2")


@pytest.fixture
def for_users(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.delenv(DEBUG)
    return monkeypatch


def test_a_rule_that_fails_leaves_a_gap(project: Callable[[dict[str, str]], Path], for_users: pytest.MonkeyPatch) -> None:
    root = project(TEXTS)
    sound = leaktight.scan(root, audience=Audience.AUDIT)
    assert {"secret-in-log", "unverified-tls"} <= _rules(sound)
    assert not sound.gaps

    def failing(judge: Judge, rules: Any) -> None:
        made(judge, rules)
        judge.calls["requests.get"] = [_fail]

    made = Judge.__init__
    for_users.setattr(Judge, "__init__", failing)
    result = leaktight.scan(root, audience=Audience.AUDIT)
    assert "secret-in-log" in _rules(result)
    assert "unverified-tls" not in _rules(result)
    (gap,) = result.gaps
    assert (gap.path, gap.line) == ("shop/views.py", 12)
    assert gap.reason.startswith("internal error, a bug of ours: TypeError judging")
    assert "hunter2" not in gap.reason


def test_a_function_that_cannot_be_followed_leaves_a_gap(
    project: Callable[[dict[str, str]], Path], for_users: pytest.MonkeyPatch
) -> None:
    made = Frame.summarise

    def failing(frame: Frame) -> Any:
        return _fail() if frame.machine.symbol(frame.path, frame.function) == "shop.views.pay" else made(frame)

    for_users.setattr(Frame, "summarise", failing)
    result = leaktight.scan(project(TEXTS), audience=Audience.AUDIT)
    assert "unverified-tls" in _rules(result)
    assert "secret-in-log" not in _rules(result)
    assert [(gap.path, gap.line) for gap in result.gaps] == [("shop/views.py", 7)]


def test_our_own_tests_see_the_mistake(project: Callable[[dict[str, str]], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Frame, "summarise", _fail)
    with pytest.raises(TypeError):
        leaktight.scan(project(TEXTS))
