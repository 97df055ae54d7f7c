"""What a call sends: labelled data, and logins that are known by where they stand."""

from __future__ import annotations

from collections.abc import Collection

from leaktight.flow.events import Arrival, Call
from leaktight.flow.outside import sink_of
from leaktight.flow.value import all_facts
from leaktight.policy import LABELS, LabelKind, Strength, recognise
from leaktight.rules.judging import harm, kind_of
from leaktight.rules.outgoing.protections import argument, is_on


def gravest(call: Call) -> Arrival | None:
    """The labelled data that matters most of what the call sends: what everyone should see, then what harms most."""
    found = [
        Arrival(call, parameter, sink, fact, value)
        for parameter, value in call.arguments.items()
        if call.spec is not None and (sink := sink_of(call.spec, parameter)) is not None
        for fact in all_facts(value)
        if fact.state.is_readable and kind_of(fact.label) is not LabelKind.INTERNAL
    ]
    return max(
        found, key=lambda item: (-item.audience.rank, harm(item.label).rank, item.confidence.rank, item.label), default=None
    )


def sends_login(call: Call, parameters: Collection[str]) -> bool:
    """Tell whether a login goes along: always (`self`), in a parameter for it, or in a header with an unmistakable name."""
    if "self" in parameters or any(is_on(argument(call, name)) for name in parameters):
        return True
    headers = argument(call, "headers")
    for name, value in (headers.fields or {}).items() if headers is not None else ():
        match = recognise(name) if isinstance(name, str) else None
        if match is not None and match.strength is Strength.STRONG and is_on(value):
            return True
    return False


def title(label: str) -> str:
    """What a label is called in a sentence."""
    return LABELS[label].title if label in LABELS else label.replace("-", " ")
