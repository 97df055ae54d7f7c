"""
## What it finds
A file or folder that everybody on the machine may read or change: `os.chmod(path, 0o777)`, `Path.chmod(stat.S_IRWXO)`, an `os.umask(0)` that
lets others write to all that is made later, a mode for all given to `os.open()` or `mkdir()`, uploads with such rights by `FILE_UPLOAD_PERMISSIONS`.

## Why it matters
Other programs and people on the machine read what is in the file: keys, exports, uploads, databases. What they may write, they can replace,
and what a site loads from there then runs in its name.

## How to fix it
Give the rights to the owner, `0o600`, or to the owner and a group, `0o640`; to folders `0o700` or `0o750`.

## When it is fine
Nothing in the file is anybody's secret. That is why only files whose name says that they hold a key or password are shown to everybody, what
others may write to the strict, and the rest to auditors: what others may read or run, and a `chmod` that is started as
a program. The usual `0o644` and `0o755` are not reported for other files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from leaktight.flow.events import Call
from leaktight.flow.value import Value, flag_names
from leaktight.model import Audience, Certainty, Confidence, Finding, Severity
from leaktight.policy import Channel, Safeguard
from leaktight.project.settings import Settings, SettingValue
from leaktight.rules.api import Example, NotPossible, Rule
from leaktight.rules.commands import STARTED, commands
from leaktight.rules.judging import is_grave
from leaktight.rules.sessions import place
from leaktight.rules.transport.enforcement import is_public

rule = Rule(
    __name__,
    severity=Severity.LOW,
    cwe=(732,),
    step="S5",
    channel=Channel.FILE,
    missing=(Safeguard.AUTHENTICATED,),
    message="everybody on the machine may {may} {what}",
    remedy="Give the rights to the owner only (`0o600`, a folder `0o700`), or to the owner and a group.",
    asvs=("14.2.6",),
    unfixable=NotPossible("who besides the owner reads the file is decided outside the code"),
    examples=(
        Example(
            "A key that everybody may read",
            bad={
                "shop/keys.py": """\
import os


def store(path):
    os.chmod("/var/lib/shop/signing-key.pem", 0o644)  # finds: file-open-to-others
"""
            },
            good={
                "shop/keys.py": """\
import os


def store(path):
    os.chmod("/var/lib/shop/signing-key.pem", 0o600)
"""
            },
        ),
    ),
)

_CHMOD = ("os.chmod", "os.fchmod", "os.lchmod", "pathlib.Path.chmod", "pathlib.Path.lchmod")
_READ, _WRITE, _RUN, _OTHERS, _ALL = 0o4, 0o2, 0o1, 0o7, 0o777
_ADDS_WRITE = re.compile(r"\b[ug]*[oa][ugoa]*[+=][rxXst]*w")
"""`a+w`, `go=rw`: writing is allowed to more than owner and group."""
_USUAL = frozenset({0o644, 0o444, 0o755, 0o555, 0o711})
"""What files and programs have anyway."""
_LARGEST = 0o177777
_SECRET_FILE = re.compile(
    r"\.(pem|key|p12|pfx|jks|kdbx|env)$|secret|passw|credential|private|_key\b|-key\b|token|htpasswd", re.IGNORECASE
)
_FLAGS = {
    f"S_I{right}{whose}": bit << shift
    for whose, shift in (("USR", 6), ("GRP", 3), ("OTH", 0))
    for right, bit in (("R", _READ), ("W", _WRITE), ("X", 0o1))
} | {"S_IRWXU": 0o700, "S_IRWXG": 0o070, "S_IRWXO": _OTHERS}


@rule.call(*_CHMOD)
def rights_given(call: Call) -> Iterator[Finding]:
    mode, path = call.argument("mode"), call.argument("path")
    rights = _rights(mode) if mode is not None else None
    if rights is None:
        return
    if not rights & (_READ | _WRITE):
        yield from _for_running(call, rights)
        return
    is_secret = path is not None and (
        any(is_grave(fact.label) for fact in path.facts) or (path.text is not None and _SECRET_FILE.search(path.text) is not None)
    )
    if not is_secret and rights in _USUAL:
        return
    yield rule.finding(
        call.place("mode"),
        severity=Severity.MEDIUM if is_secret else Severity.LOW,
        confidence=Confidence.HIGH if is_secret else Confidence.MEDIUM,
        audience=Audience.DEFAULT if is_secret else Audience.STRICT if rights & _WRITE else Audience.AUDIT,
        symbol=call.symbol,
        flow=call.steps(),
        may=_may(rights),
        what="a file that holds a secret" if is_secret else "this file",
    )


def _for_running(call: Call, rights: int) -> Iterator[Finding]:
    """What others may run, but not read, is for auditors."""
    if rights & _RUN and rights not in _USUAL:
        yield rule.finding(
            call.place("mode"),
            confidence=Confidence.LOW,
            audience=Audience.AUDIT,
            symbol=call.symbol,
            flow=call.steps(),
            message="everybody on the machine may run this file",
        )


@rule.call(*STARTED)
def rights_given_by_a_command(call: Call) -> Iterator[Finding]:
    """`chmod 777 …` started as a program of its own."""
    for program, *words in commands(call):
        mode = next((word for word in words if not word.startswith("-")), "") if program == "chmod" else ""
        rights = int(mode, 8) & _ALL if re.fullmatch(r"[0-7]{3,4}", mode) else _WRITE if _ADDS_WRITE.search(mode) else 0
        if rights & _WRITE:
            yield rule.finding(
                call.place("args"),
                confidence=Confidence.MEDIUM,
                audience=Audience.AUDIT,
                symbol=call.symbol,
                flow=call.steps(),
                may=_may(rights),
                what="this file",
            )


_MAKERS = ("os.open", "os.mkdir", "os.makedirs", "os.mkfifo", "os.mknod", "pathlib.Path.mkdir", "pathlib.Path.touch")


@rule.call(*_MAKERS)
def rights_asked_for(call: Call) -> Iterator[Finding]:
    """What the mask of the process leaves of them is seldom all, but then it is the mask alone that protects."""
    mode = call.argument("mode")
    rights = _rights(mode) if mode is not None else None
    if rights is not None and rights & (_READ | _WRITE) and rights not in _USUAL:
        yield rule.finding(
            call.place("mode"),
            confidence=Confidence.LOW,
            audience=Audience.AUDIT,
            symbol=call.symbol,
            flow=call.steps(),
            may=_may(rights),
            what="what is made here, unless the mask of the process forbids it,",
        )


@rule.call("os.umask")
def rights_left(call: Call) -> Iterator[Finding]:
    """What a mask leaves out is given to others by all that is made later."""
    mask = call.constant("mask", default=None)
    if type(mask) is int and 0 <= mask <= _LARGEST and not mask & _WRITE:
        yield rule.finding(
            call.span,
            confidence=Confidence.MEDIUM,
            audience=Audience.STRICT,
            symbol=call.symbol,
            may="change",
            what="what is written from here on",
        )


@rule.setting("FILE_UPLOAD_PERMISSIONS", "FILE_UPLOAD_DIRECTORY_PERMISSIONS")
def uploads(settings: Settings, value: SettingValue) -> Iterator[Finding]:
    if type(value.value) is int and value.certainty is not Certainty.ABSENT and value.value & _WRITE and is_public(settings):
        yield rule.finding(
            place(value, settings),
            symbol=settings.module,
            related=value.chain,
            may="change",
            what="what visitors upload",
        )


def _rights(mode: Value) -> int | None:
    """The rights a mode gives, in a number; of flags those that are named."""
    if type(mode.const) is int:
        return mode.const & _ALL if 0 <= mode.const <= _LARGEST else None
    names = {name.rpartition(".")[2] for name in flag_names(mode)}
    rights = 0
    for name in names:
        rights |= _FLAGS.get(name, 0)
    return rights if names else None


def _may(rights: int) -> str:
    parts = [word for bit, word in ((_READ, "read"), (_WRITE, "change")) if rights & bit]
    return " and ".join(parts)
