"""What a name tells about the value that bears it, added to what is known already."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from leaktight.flow.value import MISSING, Evidence, Fact, Value, merge_facts, step
from leaktight.model import Certainty
from leaktight.policy import Match, State, Strength
from leaktight.project.settings import SettingValue
from leaktight.project.symbols import External
from leaktight.source.code import Code, Op

if TYPE_CHECKING:
    from leaktight.flow.frame import Frame

PROSE = "prose"
"""Origin of a constant that is written for people to read: a sentence that is translated."""
MESSAGES = "messages"
"""Type of what says, field by field, why something was refused."""

_TEXT_TYPES = frozenset({None, "str", "bytes"})
_PLACE = re.compile(r"^(/|\./|~/|[A-Za-z]:\\)")
_NOT_A_SECRET = re.compile(
    r"""^\s*$                       # nothing
    | ^[a-z_-]+(\.[a-z_-]+)*$       # an identifier or dotted name: a key, a field, a template
    | ^[a-z_][a-z0-9_]*(\.[A-Za-z_]\w*)+$  # a class in a module
    | ^[A-Z][A-Z0-9_]*$             # a constant's name
    | ^[A-Z][A-Za-z]*(-[A-Z][A-Za-z]*)+$  # the name of a header
    | ://|^/|\.(html|txt|py|json)$  # a place
    | ^(\$\w+\$|\[.*\]|\(.*\))$    # what stands for a value
    | ^(None|null|true|false|x{3,}|\*+|\.{3}|<.*>|\{.*\}|%\w+%?|change.?me|example.*|your.*|test.*|dummy.*)$
    """,
    re.VERBOSE,
)


_NO_RESULT = re.compile(r"^\s*$|^[a-z_]+(\.[a-z_]+)*$|^[A-Z][A-Z0-9_]*$|://|^/|\.(html|txt|py|json)$")
"""What a function with a speaking name gives when it is a key or a place. A text that stands for a value stands for what others make it give."""

_SENTENCE = re.compile(r"\S\s+\S+\s+\S")
"""A password or key has no three words; what is only called a secret may be told in a sentence."""


def is_place(text: str) -> bool:
    """Tell the path of a file, which is not the secret in the file."""
    return _PLACE.match(text) is not None


def may_be_secret(text: str) -> bool:
    """Tell a text that could be a secret from a name, a place, a sentence or something that stands for a value."""
    return _NOT_A_SECRET.search(text) is None


def name_value(frame: Frame, name: str, value: Value, span: int, *, what: str = "named") -> Value:
    """The value once it is stored under a name: labelled by it, or with one more piece of evidence."""
    if value.facts and _PUBLIC.search(name):
        value = _made_public(value)
    if value.facts and _OF_A_FILE.search(name):
        value = _without_chance(value)
    match = frame.machine.recognise(name)
    if match is None or not may_hold(value):
        return value
    evidence = Evidence.NAME
    read = value.origin if isinstance(value.origin, Value) else value  # what comes in, or a default beside it
    if read is value and value.const is not MISSING:
        if value.text is None or value.origin == PROSE or _NOT_A_SECRET.search(value.text):
            return value
        if match.label != "secret" and _SENTENCE.search(value.text):
            return value
        evidence |= Evidence.LITERAL
    if _is_plain_setting(read):
        return value
    if value.facts:
        return _doubted(value) if match.label in _TOLD_TO_OTHERS else agree(frame, value, match, name)
    source = _origin(read)
    if frame.machine.project.is_declared(name):
        evidence |= Evidence.DECLARED
    if source:
        evidence |= Evidence.SOURCE
    elif frame.machine.project.declares(name):
        evidence |= Evidence.AGREED
    named = add_fact(frame, value, match, name, span, evidence=evidence, note=f"{what} `{name}`", source=source)
    if source and frame.machine.is_watched(f"read:{source}"):
        from leaktight.flow.outside import note_call

        note_call(frame, f"read:{source}", value, {"key": Value(const=name), "value": named}, {"key": span}, span)
    return named


_PUBLIC = re.compile(r"(?:^|_)pub(?:lic)?(?:_|key|$)", re.IGNORECASE)


def _made_public(value: Value) -> Value:
    """The public key, worked out from the private one."""
    if all(fact.label != "private-key" for fact in value.facts):
        return value
    public = value.copy()
    public.facts = tuple(fact for fact in value.facts if fact.label != "private-key")
    return public


_OF_A_FILE = re.compile(
    r"(?:^|_)(?:file_?name|(?:file|blob|object|folder|bucket|archive|image)_(?:name|key|path)|path|dir|directory)$"
)


def _without_chance(value: Value) -> Value:
    """The name of a file without what only makes it unlike others."""
    kept = tuple(fact for fact in value.facts if fact.strong or fact.source or not fact.evidence & Evidence.TYPE)
    if len(kept) == len(value.facts):
        return value
    plain = value.copy()
    plain.facts = kept
    return plain


def _origin(value: Value) -> str:
    """Where an unlabelled value was read from: a request, the environment, a setting."""
    if isinstance(value.origin, SettingValue):
        return "settings"
    return value.origin if isinstance(value.origin, str) and value.origin in _SOURCES else ""


def _is_plain_setting(value: Value) -> bool:
    """Tell a setting that is known, and a name or a place: `"token": settings.TOKEN_HEADER`."""
    setting = value.origin
    if not isinstance(setting, SettingValue) or setting.certainty is not Certainty.KNOWN or not isinstance(setting.value, str):
        return False
    return _NOT_A_SECRET.search(setting.value) is not None


_SOURCES = frozenset(
    {"request-body", "request-url", "url-path", "request-header", "cookie", "environment", "settings", "session", "command-line"}
)


_KEPT_AS = frozenset({"password", "secret-key", "one-time-code"})


def of_owner(frame: Frame, value: Value, code: Code) -> Value:
    """What an attribute gives, with what the name it is read from tells about it."""
    if code[2][0] != Op.NAME:
        return value
    if code[3].isupper() and _SETTINGS.search(code[2][2]):
        return _configured(frame, value, code)
    return of_addresses(frame, value, code[2][2], code[3])


_SETTINGS = re.compile(r"(?:^|_)(?:settings|conf|config)$")


def _configured(frame: Frame, value: Value, code: Code) -> Value:
    """`live_settings.BOT_TOKEN`: a setting, wherever the site keeps it."""
    name = code[3]
    if isinstance(value.ref, External):
        named = name_value(frame, name, Value(), code[1], what="read from")
        value = named if named.facts else value
    if all(fact.source or fact.word != name or fact.evidence != Evidence.NAME for fact in value.facts):
        return value
    known = value.copy()
    known.facts = tuple(
        replace(fact, evidence=fact.evidence | Evidence.SOURCE, source="settings")
        if fact.word == name and fact.evidence == Evidence.NAME and not fact.source
        else fact
        for fact in value.facts
    )
    return known


def of_addresses(frame: Frame, value: Value, owner: str, name: str) -> Value:
    """An attribute, known for a key of addresses: with routes that take `environment_api_key`, `environment.api_key` is that."""
    keys = frame.machine.project.keys_in_addresses
    if not keys or (full := f"{_HUMP.sub('_', owner).lower()}_{name}") not in keys:
        return value
    known = value.copy()
    known.facts = tuple(
        replace(fact, word=full, strong=False) if fact.label == "secret-key" and fact.source not in _GIVEN else fact
        for fact in value.facts
    )
    return known


_GIVEN = frozenset({"settings", "environment"})
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def agree(frame: Frame, value: Value, match: Match, name: str) -> Value:
    """Add the evidence of a second name to the facts it confirms; a key of addresses stays one, whatever it is called."""
    if not any(_confirms(fact, match, name) for fact in value.facts):
        return value
    if not frame.machine.project.keys_in_addresses.isdisjoint(fact.word for fact in value.facts):
        return value
    agreed = value.copy()
    agreed.facts = tuple(
        replace(
            fact,
            label=match.label if _is_vague(fact) or _is_random(fact, match) else fact.label,
            evidence=fact.evidence | Evidence.AGREED,
            strong=fact.strong or match.strength is Strength.STRONG,
            word=name if fact.evidence & Evidence.TYPE and not fact.source else fact.word,
        )
        if _confirms(fact, match, name)
        else fact
        for fact in value.facts
    )
    return agreed


def _confirms(fact: Fact, match: Match, name: str) -> bool:
    same = fact.label == match.label or _is_vague(fact) or _is_random(fact, match)
    return same and fact.word.lower() != name.lower() and not fact.evidence & Evidence.AGREED


def _is_random(fact: Fact, match: Match) -> bool:
    """Something random becomes what it is kept as: `password = secrets.token_urlsafe()`."""
    return fact.label == "token" and not fact.strong and bool(fact.evidence & Evidence.TYPE) and match.label in _KEPT_AS


_TOLD_TO_OTHERS = frozenset({"email", "phone", "location"})
"""Labels of what a person or place is reached by: what is called that is not kept secret."""
_SURE = Evidence.SOURCE | Evidence.TYPE | Evidence.LITERAL | Evidence.DECLARED


def _doubted(value: Value) -> Value:
    """`email = generate_password() + "@example.org"`: two names contradict each other, so that only one of them is evidence left."""
    if all(fact.evidence & _SURE for fact in value.facts):
        return value
    doubted = value.copy()
    doubted.facts = tuple(
        fact if fact.evidence & _SURE else replace(fact, evidence=fact.evidence & ~Evidence.AGREED) for fact in value.facts
    )
    return doubted


def _is_vague(fact: Fact) -> bool:
    return fact.label == "secret"


def add_fact(
    frame: Frame, value: Value, match: Match, name: str, span: int, *, evidence: int, note: str, source: str = "", path: str = ""
) -> Value:
    """The value with a fact that begins here."""
    fact = Fact(
        label=match.label,
        state=match.state,
        evidence=evidence,
        strong=match.strength is Strength.STRONG,
        word=name,
        trace=step(None, path or frame.path, span, note),
        source=source,
    )
    labelled = value.copy()
    labelled.facts = merge_facts(value.facts, (fact,))
    return labelled


def made_fact(
    frame: Frame, label: str, span: int, *, note: str, evidence: int, word: str = "", source: str = "", strong: bool = True
) -> Fact:
    """A fact that begins here for another reason than a name."""
    return Fact(label, State.PLAIN, evidence, strong, word or label, step(None, frame.path, span, note), source)


def consumed(frame: Frame, label: str, value: Value, function: str, span: int) -> Value:
    """What the value is once a function took it that takes nothing else: the names it is stored under learn it too."""
    if value.const is not MISSING or not may_hold(value):
        return value
    known = value.copy()
    if value.facts:
        known.facts = tuple(
            replace(fact, evidence=fact.evidence | Evidence.TYPE, strong=True) if fact.label == label else fact
            for fact in value.facts
        )
    else:
        note = f"taken as a {label} by `{function}()`"
        known.facts = (made_fact(frame, label, span, note=note, evidence=Evidence.TYPE, word=label),)
    for name, held in frame.env.items():
        if held is value:
            frame.env[name] = known
    return known


def result_fact(frame: Frame, function: str, value: Value, span: int) -> Value:
    """The result of a function whose name says what it yields (`get_password`)."""
    match = frame.machine.recognise_result(function)
    if match is None or not may_hold(value):
        return value
    if value.const is not MISSING and (value.text is None or _NO_RESULT.search(value.text) is not None):
        return value
    if value.facts:
        return agree(frame, value, match, function)
    return add_fact(frame, value, match, function, span, evidence=Evidence.NAME, note=f"result of `{function}()`")


def may_hold(value: Value) -> bool:
    """Tell whether a value can be a text at all: not a truth, a function, a class or a known object."""
    kind: Any = value.type
    return value.ref is None and kind in _TEXT_TYPES and not value.fields
