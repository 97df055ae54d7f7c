"""What all rules that follow data judge alike: how much a label matters, and who should see a finding about it."""

from __future__ import annotations

import re

from leaktight.flow.events import Arrival, Call
from leaktight.flow.value import Evidence, Fact
from leaktight.model import Audience, Confidence, Severity, Span
from leaktight.policy import LABELS, Channel, LabelKind, Safeguard, demands
from leaktight.project import Project

GRAVE = frozenset({LabelKind.CREDENTIAL, LabelKind.PAYMENT, LabelKind.SPECIAL})
"""Kinds of data that harm somebody wherever strangers read them."""

_HARM = {
    LabelKind.CREDENTIAL: Severity.HIGH,
    LabelKind.PAYMENT: Severity.HIGH,
    LabelKind.SPECIAL: Severity.HIGH,
    LabelKind.PERSONAL: Severity.LOW,
    LabelKind.INTERNAL: Severity.LOW,
}
IN_LINKS = frozenset({"token", "one-time-code", "secret"})
"""Labels of what links and pages tell on purpose: it is used once, or opens one thing for whoever has it."""
EXPIRING = IN_LINKS | {"session-id"}
"""Labels of data that runs out by itself and is replaced."""
LOOSELY_NAMED = frozenset({"token", "secret", "session-id"})
"""Labels whose plain words name identifiers, nonces, keys and sessions of all sorts: weak evidence wherever nothing else is said."""
_LESS_HARM = IN_LINKS | {"bank-account"}
"""Labels of a grave kind whose data is replaced, runs out, or is known to others anyway."""

_LETS_IN = re.compile(r"(?<![a-z])(?:access|auth(?!or(?!iz))|api|bearer|session|login|private|personal)|^jwt")
"""A token of an account, or one with no other word than the format: the JWT of a discount says what is signed in it."""
TOOL_FOLDERS = frozenset({"scripts", "bin", "tools", "cli", "hack", "devtools"})
TOOL_FILES = frozenset({"manage.py", "setup.py", "fabfile.py", "cli.py", "__main__.py", "noxfile.py"})
"""Folders and files of what people run by hand."""


def kind_of(label: str) -> LabelKind:
    """The kind of a label; one that a project adds is as grave as a credential."""
    known = LABELS.get(label)
    return LabelKind.CREDENTIAL if known is None else known.kind


def is_grave(label: str) -> bool:
    """Tell whether data with the label harms somebody wherever strangers read it."""
    return kind_of(label) in GRAVE


def harm(label: str) -> Severity:
    """How much harm it does when data with this label is read by strangers."""
    return Severity.MEDIUM if label in _LESS_HARM else _HARM[kind_of(label)]


def milder(severity: Severity) -> Severity:
    """One step less."""
    return Severity.LOW if severity is not Severity.HIGH else Severity.MEDIUM


def audience_of(arrival: Arrival) -> Audience:
    """Who should see it.

    Personal data goes to so many places on purpose that only the strict want to know.
    """
    return arrival.audience if is_grave(arrival.label) else at_least(arrival.audience, Audience.STRICT)


def lets_in(fact: Fact) -> bool:
    """Tell a token that opens an account for its holder from one that a link is made of."""
    return fact.label == "token" and opens_account(fact.word)


def opens_account(word: str) -> bool:
    """Tell by its name a token that opens an account."""
    return _LETS_IN.search(word.lower()) is not None


def is_only_random(fact: Fact) -> bool:
    """Something random or signed that no name calls a secret: as often a nonce, a state or a parameter."""
    return is_vague(fact) and not fact.evidence & (Evidence.NAME | Evidence.AGREED)


def is_vague(fact: Fact) -> bool:
    """Something random or signed that at most a word with many uses calls a secret."""
    return bool(fact.evidence & Evidence.TYPE) and not fact.strong and not fact.source


def at_least(audience: Audience, least: Audience) -> Audience:
    """The audience, or the smaller one."""
    return audience if audience.at_least(least) else least


def at_most_medium(confidence: Confidence) -> Confidence:
    """The confidence of a kind of finding about which readers disagree however sure it is what the data is: it may be meant."""
    return min(confidence, Confidence.MEDIUM, key=lambda item: item.rank)


def missing(arrival: Arrival, channel: Channel | None = None) -> tuple[Safeguard, ...]:
    """The safeguards the policy demands for this data on its way out, in a fixed order."""
    demanded = demands(arrival.label, channel or arrival.channel) if arrival.label in LABELS else frozenset({Safeguard.MASKED})
    return tuple(safeguard for safeguard in Safeguard if safeguard in demanded)


def put_in(arrival: Arrival) -> Span:
    """Where data leaves; for a result a base class takes, where the data is put into it, if that is in the same file."""
    if not arrival.call.name.startswith("result of "):
        return arrival.span
    first = next((step.span for step in arrival.flow), arrival.span)
    return first if first.path == arrival.span.path else arrival.span


def is_command(call: Call) -> bool:
    """Tell a call whose output goes to the operator: in a command, or while a script runs from top to bottom."""
    return call.function is None or is_run_by_hand(call.path)


def is_run_by_hand(path: str) -> bool:
    """Tell a file that an operator runs by hand, so that what it prints and writes goes to that person."""
    folders = path.split("/")[:-1]
    return "commands" in folders or not TOOL_FOLDERS.isdisjoint(folders) or path.rpartition("/")[2] in TOOL_FILES


def heading(project: Project, path: str, packed: int, name: str) -> Span:
    """The place of a definition: its first line, from the keyword to the end of the name."""
    whole = project.span(path, packed)
    return Span(path, whole.line, whole.column, whole.line, whole.column + len("class ") + len(name))
