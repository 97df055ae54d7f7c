"""What a cookie carries, and which of its flags are given where it is set."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from leaktight.flow.events import Call, confidence
from leaktight.flow.value import MISSING, Fact, Value, all_facts
from leaktight.model import Audience, Certainty, Confidence, Finding, Severity
from leaktight.policy import State, Strength
from leaktight.project import Project
from leaktight.project.settings import Settings, SettingValue
from leaktight.rules.api import Rule
from leaktight.rules.judging import at_least, is_grave
from leaktight.rules.reach import statements
from leaktight.rules.sessions import place, serves_itself
from leaktight.rules.transport.enforcement import is_for_this_machine, is_public
from leaktight.rules.wording import the
from leaktight.source.code import Op, walk

SETTERS = (
    "django.http.HttpResponse.set_cookie",
    "django.http.HttpResponse.set_signed_cookie",
    "http.cookies.SimpleCookie.__setitem__",
    "twisted.web.server.Request.addCookie",
    "tornado.web.RequestHandler.set_cookie",
    "tornado.web.RequestHandler.set_signed_cookie",
    "bottle.Response.set_cookie",
)
MORSEL = "http.cookies.Morsel.__setitem__"
"""A flag written to a cookie that is set already."""

_SIGNED_IN = frozenset("session sid sess sessid auth authn authorization sso login signin ticket".split())
"""What the vocabulary of data does not know, and a cookie is called after."""
_AT_RANDOM = frozenset({"session-id", "token"})
_CSRF = re.compile(r"[cx]srf", re.IGNORECASE)
_BETWEEN = re.compile(r"request_?token|oauth_?(?:token|state|verifier)|(?:^|_)(?:state|nonce)", re.IGNORECASE)
"""In the name of a cookie that lives from one step of a sign-in at another site to the next, and lets nobody in by itself."""
_REMEMBERED = re.compile(r"(?:^|[_-])remember(?:[_-]?(?:me|user|login|web))?$", re.IGNORECASE)
_SITE_COOKIES = ("SESSION_COOKIE_", "CSRF_COOKIE_", "LANGUAGE_COOKIE_")


_ANY_COOKIE = frozenset({"cookie", "cookies"})
"""What the variable of every cookie may be called: it says nothing of what is in it."""


class Flag(StrEnum):
    """What is known about one flag of a cookie."""

    GIVEN = "given"
    UNKNOWN = "unknown"
    ABSENT = "absent"
    OFF = "off"


class Carried(NamedTuple):
    """What a cookie carries, as far as its name and its value tell."""

    what: str
    audience: Audience
    confidence: Confidence


def carried(call: Call) -> Carried | None:
    """Judge what a cookie carries; None for one that is being taken back."""
    value, key = call.argument("value") or call.argument("v"), call.constant("key", call.constant("k", call.constant("name")))
    name = key if isinstance(key, str) else ""
    if value is None and not call.is_open:
        # An empty cookie, or the cookie jar of a client.
        return Carried(f"the cookie `{name}`", Audience.AUDIT, Confidence.LOW) if name and not _is_over(call) else None
    constant = value is not None and value.const is not MISSING and not value.facts
    if (constant and value is not None and not value.const) or _is_over(call):
        return None
    facts = [fact for fact in all_facts(value) if _tells(fact)] if value is not None and not _CSRF.search(name) else []
    best = max(facts, key=lambda fact: (confidence(fact).rank, fact.strong), default=None)
    if best is not None and (confidence(best) is not Confidence.LOW or best.strong):
        return Carried(
            the(best.label) + _in(name),
            Audience.DEFAULT,
            Confidence.MEDIUM,
        )
    if signs_in(call.project, name) and not constant:
        audience = Audience.STRICT if _BETWEEN.search(name) else Audience.DEFAULT
        return Carried(f"the cookie `{name}`, which tells who somebody is,", audience, Confidence.MEDIUM)
    if best is not None:
        return Carried(the(best.label) + _in(name), Audience.STRICT, Confidence.LOW)
    return Carried(f"the cookie `{name}`" if name else "a cookie", Audience.AUDIT, Confidence.LOW)


def _tells(fact: Fact) -> bool:
    """What was made at random is not found again from its digest; what people chose may be."""
    if fact.word.lower() in _ANY_COOKIE:
        return False
    return is_grave(fact.label) and not (fact.state is State.HASHED and fact.label in _AT_RANDOM)


def _is_over(call: Call) -> bool:
    """Tell a cookie that ends where it is set."""
    return call.constant("max_age") == 0 or (call.argument("value") is None and call.argument("expires") is not None)


def _in(name: str) -> str:
    return f" in the cookie `{name}`" if name else " in a cookie"


def signs_in(project: Project, name: str) -> bool:
    """Tell by its name a cookie that lets its holder act as somebody."""
    words = [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)]
    if not words or _CSRF.search(name):
        return False
    match = project.recogniser.recognise(name)
    if match is not None:
        sure = match.strength is Strength.STRONG or match.label in _AT_RANDOM
        return is_grave(match.label) and match.state.is_readable and sure
    return words[-1] in _SIGNED_IN or _REMEMBERED.search(name) is not None


def state_of(call: Call, flag: str) -> Flag:
    """Whether a flag is given for a cookie, here or by a later line of the same function."""
    value = call.argument(flag)
    state = Flag.ABSENT if value is None else _read(value)
    if state in {Flag.ABSENT, Flag.OFF} and (
        (call.is_open and value is None) or _written_later(call, flag) or (value is not None and _asks_for_setting(call, flag))
    ):
        return Flag.UNKNOWN
    return state


def _read(value: Value) -> Flag:
    if value.const is MISSING:
        return Flag.UNKNOWN
    if getattr(value.origin, "name", "").startswith(_SITE_COOKIES):
        return Flag.UNKNOWN  # the setting itself is judged
    if value.const is None:
        return Flag.ABSENT
    return Flag.GIVEN if value.const and str(value.const).lower() != "none" else Flag.OFF


def _asks_for_setting(call: Call, flag: str) -> bool:
    """`secure=settings.SESSION_COOKIE_SECURE or None`: the setting decides, and is judged where it is set."""
    names = call.project.program.function(call.function).names if call.function is not None else ()
    return any(name.startswith(_SITE_COOKIES) and name.endswith("_" + flag.upper()) for name in names)


def _written_later(call: Call, flag: str) -> bool:
    """`response.cookies["name"]["secure"] = True` in the same function."""
    if call.function is None:
        return False
    name = call.constant("key")
    return any(
        target[0] == Op.ITEM
        and target[2][0] == Op.ITEM
        and target[3][0] == Op.CONST
        and str(target[3][2]).lower() == flag
        and (target[2][3][0] != Op.CONST or name is MISSING or target[2][3][2] == name)
        for code in walk(statements(call.project.program, call.function))
        if code[0] == Op.ASSIGN
        for target in code[2]
    )


def judge_call(rule: Rule, call: Call, flag: str, *, absent: str, off: str) -> Iterator[Finding]:
    """Report a cookie that is set without a flag, for whom it matters by what it carries."""
    state = state_of(call, flag)
    if state not in {Flag.ABSENT, Flag.OFF}:
        return
    cookie = carried(call)
    if cookie is None:
        return
    audience = cookie.audience
    if flag == "samesite" and call.argument(flag) is None and audience is Audience.AUDIT and not _is_else_protected(call):
        return  # browsers take it as `Lax`
    if state is Flag.OFF and audience is Audience.AUDIT:
        audience = Audience.STRICT
    if flag == "samesite" and (state is Flag.ABSENT or _is_for_other_sites(call)):
        audience = at_least(audience, Audience.STRICT)  # most browsers take what is left out as `Lax`
    if flag == "secure" and serves_itself(call.project):
        audience = at_least(audience, Audience.STRICT)
    value = call.argument(flag)
    if value is not None and isinstance(value.origin, SettingValue) and value.origin.certainty is Certainty.DEFAULTED:
        audience = at_least(audience, Audience.STRICT)
    yield rule.finding(
        call.span,
        severity=rule.severity if audience is Audience.DEFAULT else Severity.LOW,
        confidence=cookie.confidence,
        audience=audience,
        symbol=call.symbol,
        flow=call.steps(),
        what=cookie.what,
        why=absent if state is Flag.ABSENT else off,
    )


def _is_else_protected(call: Call) -> bool:
    """Tell a cookie whose other flags are given, both: what is left out was forgotten."""
    return state_of(call, "secure") is Flag.GIVEN and state_of(call, "httponly") is Flag.GIVEN


def _is_for_other_sites(call: Call) -> bool:
    """Tell `samesite="None", secure=True`: browsers take it only together, and nobody writes that by mistake."""
    return str(call.constant("samesite", "")).lower() == "none" and state_of(call, "secure") is Flag.GIVEN


def judge_morsel(rule: Rule, call: Call, flag: str, *, off: str) -> Iterator[Finding]:
    """Report a flag that is taken from a cookie which is set already."""
    value = call.argument("value")
    if str(call.constant("key")).lower() == flag and value is not None and _read(value) is Flag.OFF:
        yield rule.finding(
            call.span,
            severity=Severity.LOW,
            confidence=Confidence.MEDIUM,
            audience=Audience.STRICT,
            symbol=call.symbol,
            what="a cookie",
            why=off,
        )


def judge_setting(
    rule: Rule, settings: Settings, value: SettingValue, *, what: str, why: str, audience: Audience = Audience.DEFAULT
) -> Iterator[Finding]:
    """Report a cookie of the site whose flag is off in production."""
    if not is_public(settings):
        return
    is_open = settings.is_open(value) or is_for_this_machine(settings)
    if is_open or value.certainty is Certainty.DEFAULTED:  # whoever runs the site decides
        audience = at_least(audience, Audience.STRICT)
    sure = Confidence.HIGH if value.certainty is Certainty.KNOWN and not is_open else Confidence.MEDIUM
    yield rule.finding(
        place(value, settings),
        severity=rule.severity if audience is Audience.DEFAULT else Severity.LOW,
        confidence=sure,
        audience=audience,
        symbol=settings.module,
        related=value.chain,
        what=what,
        why=why,
    )
