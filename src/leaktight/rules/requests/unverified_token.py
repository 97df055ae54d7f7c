"""
## What it finds
A JSON web token that is read without a look at its signature: `verify_signature` or `verify` switched off, or the functions that read a header or
claims as they are, in a function that does not verify the token as well.

## Why it matters
Anybody can write such a token. Who believes what it says gives away whatever the named user may see.

## How to fix it
Decode it with the key and the algorithms that are expected. Where the key depends on the token, read `kid` or `iss`, choose among known keys, and
then verify.

## When it is fine
The same function verifies the token, or somebody else did before or does after: a gateway that strips foreign tokens, the view for which a helper
only tells whose key to take. So everybody is shown the tokens alone that are seen to come in by a request, the strict also what a function is given.
Headers and claims that are only read are shown to auditors.
"""

from __future__ import annotations

from collections.abc import Iterator

from leaktight.flow.events import Call
from leaktight.flow.knowledge import load
from leaktight.model import Audience, Confidence, Finding, Severity
from leaktight.policy import Channel, Safeguard
from leaktight.rules.api import Example, NotPossible, Rule
from leaktight.rules.judging import at_least
from leaktight.rules.outgoing.protections import given_up, giving_up
from leaktight.rules.reach import module_statements, statements
from leaktight.source.code import Code, Op, last_name, walk

rule = Rule(
    __name__,
    severity=Severity.MEDIUM,
    doubted=True,
    cwe=(347,),
    step="S7",
    channel=Channel.REQUEST_BODY,
    missing=(Safeguard.AUTHENTICATED,),
    message="the token is believed without a look at its signature: {shown}",
    remedy="Decode it with the key, and name the algorithms that are expected.",
    asvs=("9.1.1",),
    unfixable=NotPossible("which key and algorithm the token is signed with is agreed with who makes it"),
    examples=(
        Example(
            "A customer who says who he is",
            bad={
                "shop/access.py": """\
import jwt


def customer(request):
    claims = jwt.decode(request.headers["X-Customer"], options={"verify_signature": False})  # finds: unverified-token
    return claims["sub"]
"""
            },
            good={
                "shop/access.py": """\
import jwt
from django.conf import settings


def customer(request):
    claims = jwt.decode(request.headers["X-Customer"], settings.CUSTOMER_PUBLIC, algorithms=["RS256"])
    return claims["sub"]
"""
            },
        ),
    ),
)

_CHOOSING = frozenset({"kid", "alg", "x5t", "x5t#S256", "x5u", "jku", "typ"})
"""What a header says about how to verify the token."""
_REQUEST = frozenset({"request-header", "request-body", "request-url", "cookie"})
"""Ways by which a visitor's token comes in."""
_READERS = ("decode", "decode_complete", "verify_jwt")


@rule.call(*giving_up("signature"))
def read_as_it_is(call: Call) -> Iterator[Finding]:
    for given in given_up(call, "signature"):
        if not _is_verified_as_well(call) and not (given.audience is Audience.AUDIT and _only_chooses(call)):
            yield rule.finding(
                given.span,
                confidence=Confidence.MEDIUM,
                audience=given.audience if _is_of_a_request(call) else at_least(given.audience, Audience.STRICT),
                symbol=call.symbol,
                flow=call.steps(),
                related=given.related,
                shown=given.shown,
            )


def _is_of_a_request(call: Call) -> bool:
    """Tell a token that is seen to come in by a request; what a helper is given may have been verified, or be verified later."""
    return any(
        (isinstance(value.origin, str) and value.origin in _REQUEST) or any(fact.source in _REQUEST for fact in value.facts)
        for value in call.arguments.values()
    )


def _is_verified_as_well(call: Call) -> bool:
    """Tell whether the function around the call decodes the same token with the signature, too, and uses what it read without.

    What nobody uses chooses no key.
    """
    body = _body(call)
    if any(code[0] == Op.EXPRESSION and code[2][1] == call.packed for code in walk(body)):
        return False
    token = next((_token(code) for code in walk(body) if code[0] == Op.CALL and code[1] == call.packed), None)
    calls = [code for code in walk(body) if code[0] == Op.CALL and last_name(code[2]) in _READERS and code[1] != call.packed]
    return any(_verifies(call, code) for code in calls if None in {token, _token(code)} or token == _token(code))


def _token(code: Code) -> str | None:
    """The variable a call is given as the token, if it is one."""
    return code[3][0][2] if code[3] and code[3][0][0] == Op.NAME else None


def _only_chooses(call: Call) -> bool:
    """Tell a header that is read for what names the key or the algorithm only; an algorithm that is taken as it comes is not chosen."""
    body = _body(call)
    asked = [
        code[3][2] if code[0] == Op.ITEM else code[3][0][2]
        for code in walk(body)
        if (code[0] == Op.ITEM and code[3][0] == Op.CONST)
        or (code[0] == Op.CALL and last_name(code[2]) == "get" and code[3] and code[3][0][0] == Op.CONST)
    ]
    if not asked or any(key not in _CHOOSING for key in asked):
        return False
    return (
        "alg" not in asked
        or any(code[0] == Op.TEST for code in walk(body))
        or not any(_takes_algorithm(code) for code in walk(body))
    )


def _takes_algorithm(code: Code) -> bool:
    """Tell a call that is handed an algorithm which is not written out."""
    given = [value for name, value in code[4] if name == "algorithms"] if code[0] == Op.CALL else []
    return any(inner[0] in {Op.NAME, Op.ITEM, Op.CALL} for inner in walk(given))


def _body(call: Call) -> list[Code]:
    program = call.project.program
    return module_statements(program, call.path) if call.function is None else statements(program, call.function)


def _verifies(call: Call, code: Code) -> bool:
    """Tell a call that checks signatures, and is not one of those that were judged to skip it."""
    name = f"{load().canonical('jwt')}.{last_name(code[2])}"
    others = [
        other
        for other in call.machine.calls.values()
        if other.path == call.path and other.packed == code[1] and other.name.rpartition(".")[2] == name.rpartition(".")[2]
    ]
    return bool(others) and not any(next(given_up(other, "signature"), None) for other in others)
