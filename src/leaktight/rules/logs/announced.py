"""Finds what the text of a log line announces as a secret, when nothing else tells what is written there: `password: %s`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from leaktight.flow.events import Call
from leaktight.flow.knowledge import load
from leaktight.flow.value import MISSING, UNKNOWN, Value
from leaktight.policy import Channel, Strength
from leaktight.rules.judging import is_grave

LOGGERS = load().names(lambda spec: any(sink.channel == Channel.LOG for sink in spec.sinks.values()))

_PLACE = re.compile(r"%(?:\(\w+\))?[-+ #0]*\d*(?:\.\d+)?[sr]|\{[^{}]*\}")
_ANNOUNCED = re.compile(r"([A-Za-z][\w-]*(?: [A-Za-z][\w-]*)?)(?:\s+(?:is|was))?\s*[:=]?\s*['\"<(\[]?$")
"""The one or two words right before a place, with nothing in between but what introduces a value."""
_PLAIN = re.compile(r"tokens?|secrets?|credentials?", re.IGNORECASE)
"""Plain words that say enough right before a place: `token: %s`."""
_NO_SECRET = frozenset("csrf xsrf page next cursor sync continuation device registration".split())
"""In front of them, they are something else."""
_ABOUT = frozenset({"of", "for", "by", "to", "from", "in", "on", "at"})
"""What comes after these is something about the secret, or who has it."""


def announced(call: Call) -> Iterator[tuple[str, str]]:
    """The labels a line announces, each with its word, for values nothing is known about."""
    message = next((call.arguments[name] for name in ("msg", "message", "event", "args0") if name in call.arguments), None)
    if message is None or message.facts:
        return
    if message.text is None:
        yield from _named(call, message.prefix)
        return
    given = [call.arguments[name] for name in sorted(call.arguments) if name.startswith("args") and name != "args0"]
    begin = 0
    for index, place in enumerate(_PLACE.finditer(message.text)):
        if index < len(given) and _tells_nothing(given[index]):
            yield from _named(call, message.text[begin : place.start()])
        begin = place.end()


def _named(call: Call, before: str) -> Iterator[tuple[str, str]]:
    found = _ANNOUNCED.search(before)
    words = found[1].split() if found is not None else []
    if words and (words[-1].lower() in _ABOUT or words[0].lower() in _NO_SECRET):
        return
    for name in dict.fromkeys(["_".join(words), *words[-1:]]):
        match = call.project.recogniser.recognise(name) if name else None
        sure = match is not None and (match.strength is Strength.STRONG or _PLAIN.fullmatch(name.rpartition("_")[2]) is not None)
        if match is not None and sure and match.state.is_readable and is_grave(match.label):
            yield match.label, name.replace("_", " ")
            return


def _tells_nothing(value: Value) -> bool:
    return value is UNKNOWN or (value.const is MISSING and value.type in {None, "str"} and not value.facts)
