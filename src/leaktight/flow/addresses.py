"""Addresses put together as texts: what their beginning says about the data in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leaktight.flow.naming import made_fact
from leaktight.flow.value import MISSING, UNKNOWN, Evidence, Value, merge_facts

if TYPE_CHECKING:
    from leaktight.flow.frame import Frame

MADE = "make:address"
"""Name of the call that an address with labelled data in it is recorded as."""

_PROVISIONING = "otpauth:"
"""How the address begins that an authenticator app is set up by: it holds the seed of all its codes."""


def made(frame: Frame, value: Value, span: int) -> Value:
    """The text, known for what it is when it begins like an address of another site or of an authenticator app."""
    start = value.prefix
    if not start.startswith(("http", _PROVISIONING)) or value.const is not MISSING:
        return value
    if start.startswith(_PROVISIONING):
        fact = made_fact(
            frame, "secret-key", span, note="the address sets an authenticator app up", evidence=Evidence.TYPE, word="otpauth"
        )
        known = value.copy()
        known.facts = merge_facts(value.facts, (fact,))
        return known
    if value.facts and frame.machine.is_watched(MADE):
        from leaktight.flow.outside import note_call

        note_call(frame, MADE, UNKNOWN, {"address": value}, {"address": span}, span)
    return value
