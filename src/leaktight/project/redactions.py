"""The lists by which a project redacts: names of what is to be masked before it is logged or reported."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from leaktight.policy import LabelKind, Recogniser
from leaktight.policy.labels import LABELS
from leaktight.project.symbols import Program
from leaktight.source.code import Code, Op, walk

_WORDS = (
    "secret sensitive hidden hide mask redact scrub obfuscat black_?list blocklist block_list denylist deny_list "
    "cleans censor sanitiz strip private protected"
).split()
_CALLED = re.compile("|".join(_WORDS), re.IGNORECASE)
_TRACE = re.compile("|".join(_WORDS).encode())
_decode = msgspec.msgpack.Decoder().decode
_encode = msgspec.msgpack.Encoder().encode
_LEAST = 2
"""Names of secrets that make a list one of them."""


@dataclass(frozen=True, slots=True)
class Redaction:
    """One list of names to mask, written out."""

    name: str
    names: tuple[str, ...]
    path: str
    span: int


def redactions(program: Program, recogniser: Recogniser) -> tuple[Redaction, ...]:
    """Give every list that is called after redaction and holds names of secrets, in the order of files."""
    key = ("redactions", recogniser)
    known: tuple[Redaction, ...] | None = program.memo.get(key)
    if known is None:
        known = program.memo[key] = tuple(_redactions(program, recogniser))
    return known


def _redactions(program: Program, recogniser: Recogniser) -> Iterator[Redaction]:
    for path in sorted(program.modules):
        module = program.modules[path]
        for body in (module.body, _encode([cls.body for cls in module.classes])):
            for code in walk(_decode(body)) if _may_name(body) else ():
                for name, value in _named(code):
                    names = _texts(value)
                    if names and _CALLED.search(name) and _is_about_secrets(names, recogniser):
                        yield Redaction(name, names, path, code[1] if code[0] == Op.ASSIGN else value[1])


def _may_name(body: bytes) -> bool:
    """Tell whether packed code may call something after redaction: its bytes are searched much faster than it is walked."""
    return _TRACE.search(body.lower()) is not None


def _named(code: Code) -> Iterator[tuple[str, Code]]:
    """What an assignment or an entry of a dictionary calls a value."""
    if code[0] == Op.ASSIGN and code[3] is not None:
        for target in code[2]:
            if target[0] == Op.NAME:
                yield target[2], code[3]
    elif code[0] == Op.DICT:
        for key, value in code[2]:
            if key is not None and key[0] == Op.CONST and isinstance(key[2], str):
                yield key[2], value


def _texts(code: Code) -> tuple[str, ...]:
    """The texts of a list, tuple or set, also inside `frozenset(…)`; nothing when one is not written out."""
    if code[0] == Op.CALL and len(code[3]) == 1 and code[2][0] == Op.NAME and code[2][2] in {"frozenset", "set", "tuple", "list"}:
        code = code[3][0]
    if code[0] != Op.LIST or any(item[0] != Op.CONST or not isinstance(item[2], str) for item in code[3]):
        return ()
    return tuple(item[2] for item in code[3])


def _is_about_secrets(names: tuple[str, ...], recogniser: Recogniser) -> bool:
    known = [name for name in names if is_credential(name, recogniser)]
    return len(known) >= _LEAST and 2 * len(known) >= len(names)


def is_credential(name: str, recogniser: Recogniser) -> bool:
    """Tell a name that says it is a credential."""
    match = recogniser.recognise(name)
    return match is not None and match.label in LABELS and LABELS[match.label].kind is LabelKind.CREDENTIAL
