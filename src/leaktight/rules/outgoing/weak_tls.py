"""
## What it finds
Connections that ask for an old version of TLS or SSL, or allow one: protocol constants such as `PROTOCOL_TLSv1`, a `minimum_version` below
TLS 1.2, and `ssl.wrap_socket()`, which takes whatever version the two sides know; also search domains, gateways and distributions of a cloud
that are described with an old policy. Lists of ciphers are shown to auditors, and so are contexts without a `minimum_version`, those whose old
versions are forbidden one by one but not all too, where nothing the project asks for (`requires-python`, an image, a version of Django) rules
out Pythons before 3.10: there they allow TLS 1.0 and 1.1.

## Why it matters
SSL 2 and 3, TLS 1.0 and 1.1 have known weaknesses; browsers and libraries have given them up. Who sits between the two sides can push
them down to the oldest version both allow, and read what was sent.

## How to fix it
Use `ssl.create_default_context()`, which since Python 3.10 allows TLS 1.2 and newer; for an older Python, set
`minimum_version = ssl.TLSVersion.TLSv1_2` or higher as well.

## When it is fine
A device that knows nothing newer has to be reached over a network of its own; allow it there, with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from leaktight.flow.events import Call
from leaktight.flow.knowledge import load
from leaktight.model import Audience, Confidence, Finding, Severity
from leaktight.policy import Channel, Safeguard
from leaktight.project import Project
from leaktight.rules.api import Example, NotPossible, Rule
from leaktight.rules.outgoing.handed_on import handed_on
from leaktight.rules.outgoing.protections import given_up, giving_up
from leaktight.rules.reach import module_statements, statements
from leaktight.source.code import Op, walk

rule = Rule(
    __name__,
    severity=Severity.MEDIUM,
    cwe=(326, 327),
    step="S7",
    channel=Channel.CONNECTION,
    missing=(Safeguard.MODERN_TLS,),
    message="the connection may use a version of TLS that is broken: {shown}",
    remedy="Use `ssl.create_default_context()`, or allow TLS 1.2 and newer only.",
    asvs=("12.1.1",),
    unfixable=NotPossible("the other side has to speak the newer version"),
    examples=(
        Example(
            "A context for an old protocol",
            bad={
                "shop/partner.py": """\
import ssl


def context():
    made = ssl.create_default_context()
    made.minimum_version = ssl.TLSVersion.TLSv1  # finds: weak-tls
    return made
"""
            },
            good={
                "shop/partner.py": """\
import ssl


def context():
    made = ssl.create_default_context()
    made.minimum_version = ssl.TLSVersion.TLSv1_3
    return made
"""
            },
        ),
    ),
)


def _constants(*audiences: str) -> frozenset[str]:
    """Names of the versions some function is known to be handed, and should not be."""
    return frozenset(
        value[1:]
        for spec in load().functions.values()
        for unsafe in spec.unsafe
        if unsafe.gives_up == "modern-tls" and unsafe.audience in audiences
        for value in unsafe.values
        if isinstance(value, str) and value.startswith("@")
    )


_BROKEN = re.compile(
    r"(?:ALL|COMPLEMENTOFALL|LOW|EXP\w*|e?NULL|aNULL|RC4|RC2|3?DES|MD5|IDEA|SEED|ADH|AECDH|@SECLEVEL=0)\b", re.IGNORECASE
)
"""What a list of ciphers allows that nobody should; with `!` or `-` in front it is forbidden."""
_OLD = _constants("default")
_EITHER = frozenset(name for name in _constants("audit") if "SSLv23" in name)
"""They name an old version and mean whatever both sides know."""


@rule.call(*giving_up("modern-tls"))
def old_version(call: Call) -> Iterator[Finding]:
    for given in given_up(call, "modern-tls"):
        if given.spec.before_python and _is_dropped(call):
            continue
        yield rule.finding(
            given.span,
            confidence=given.confidence,
            audience=given.audience,
            symbol=call.symbol,
            flow=call.steps(),
            related=given.related,
            shown=given.shown,
        )


def _is_dropped(call: Call) -> bool:
    """Tell a context nobody keeps: no connection is made with it."""
    program = call.project.program
    body = module_statements(program, call.path) if call.function is None else statements(program, call.function)
    return any(code[0] == Op.EXPRESSION and code[2][1] == call.packed for code in walk(body))


@rule.call("ssl.SSLContext.set_ciphers", "ssl.wrap_socket", "urllib3.util.create_urllib3_context", "urllib3.util.ssl_wrap_socket")
def ciphers_by_hand(call: Call) -> Iterator[Finding]:
    """A list of ciphers grows old; one that names a broken cipher is old already."""
    if call.argument("ciphers") is None:
        return
    named = call.constant("ciphers", default="")
    weak = (
        next((word for word in re.split(r"[:, +]|(?=@)", named) if _BROKEN.match(word)), None) if isinstance(named, str) else None
    )
    yield rule.finding(
        call.place("ciphers"),
        confidence=Confidence.MEDIUM if weak else Confidence.LOW,
        audience=Audience.STRICT if weak else Audience.AUDIT,
        symbol=call.symbol,
        flow=call.steps(),
        message=f"the connection may use a cipher that is broken: `{weak}`"
        if weak
        else "the ciphers of the connection are chosen by hand",
    )


@rule.project
def handed_on_to_something(project: Project) -> Iterator[Finding]:
    """An old version goes into a call nothing is known about, or is what a parameter is when it is left out."""
    for constants, audience in ((_OLD, Audience.STRICT), (_EITHER, Audience.AUDIT)):
        for place in handed_on(project, constants):
            yield rule.finding(
                place.span,
                confidence=Confidence.MEDIUM,
                audience=audience,
                symbol=place.symbol,
                shown=f"`{place.name}` is handed on",
            )
