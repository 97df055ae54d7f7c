"""Writing about a value never writes the value."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaktight.policy import LABELS, redact


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("", "••• (token, empty)"),
        ("1234", "••• (token, 1-7 characters)"),
        ("12345678", "••• (token, 8-19 characters)"),
        ("x" * 20, "••• (token, 20-39 characters)"),
        ("x" * 39, "••• (token, 20-39 characters)"),
        ("x" * 40, "••• (token, 40-99 characters)"),
        ("x" * 4000, "••• (token, 100 or more characters)"),
    ],
)
def test_only_label_and_length_class_are_told(value: str, shown: str) -> None:
    assert redact(value, "token") == shown


@given(st.text(min_size=2, max_size=150), st.sampled_from(sorted(LABELS)))
def test_no_run_of_the_value_is_shown(value: str, label: str) -> None:
    """What is shown depends on nothing but the label and the length, so any run they share is chance."""
    shown = redact(value, label)
    assert shown == redact("\0" * len(value), label)
    template = redact("\0" * len(value), label)
    assert all(run in template for run in (value[at : at + 2] for at in range(len(value) - 1)) if run in shown)
