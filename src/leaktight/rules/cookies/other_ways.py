"""Cookies that are set otherwise than by a response's `set_cookie`: raw headers, helpers for logins, switches of other frameworks."""

from __future__ import annotations

import re
from collections.abc import Iterator

from leaktight.flow.events import Call
from leaktight.model import Audience, Confidence, Finding, Severity, Span
from leaktight.project import Project
from leaktight.rules.api import Rule
from leaktight.rules.cookies.flags import signs_in
from leaktight.rules.outgoing.protections import argument
from leaktight.rules.written import headers, is_off, switches
from leaktight.source.code import Code, Op

_ADDING = frozenset({"starlette.applications.Starlette.add_middleware", "starlette.middleware.Middleware"})
_STARLETTE = "starlette.middleware.sessions.SessionMiddleware"
LOGIN_COOKIES = (
    "pyramid.authentication.AuthTktCookieHelper", "pyramid.authentication.AuthTktAuthenticationPolicy",
    "pyramid.session.SignedCookieSessionFactory", "pyramid.session.BaseCookieSessionFactory",
    "pyramid.session.UnencryptedCookieSessionFactoryConfig", _STARLETTE, *sorted(_ADDING),
)  # fmt: skip
"""Makers of cookies that sign somebody in, or say whose session it is."""
_SPELLINGS = {
    "secure": ("secure", "cookie_secure", "https_only"),
    "httponly": ("httponly", "http_only", "cookie_httponly"),
    "samesite": ("samesite", "cookie_samesite", "same_site"),
}
"""Flag → the parameters such makers have for it."""
RAW_COOKIES = ("twisted.web.server.Cookies.append", "twisted.web.server.Cookies.extend")
"""Ways to hand over a cookie as the text of its header."""
_FLASK = frozenset({"flask", "quart", "flask_login"})
_TAKEN_BACK = re.compile(r"max-age=0|expires=thu, 01[ -]jan[ -]1970", re.IGNORECASE)
_UNKNOWN = "\0"
"""In the place of what a text is filled with."""


def judge_headers(rule: Rule, project: Project, flag: str) -> Iterator[Finding]:
    """Report a cookie that is written as a header, in full sight, without a flag."""
    for path in sorted(project.program.modules):
        if "set-cookie" not in project.program.modules[path].telling:
            continue
        for header in headers(project, path, "set-cookie"):
            for text in _texts(header.value):
                yield from _judge_text(rule, project, flag, text, header.span, header.symbol)


def judge_raw(rule: Rule, call: Call, flag: str) -> Iterator[Finding]:
    """Report a cookie that is handed over as the text of its header."""
    value = call.argument("cookie")
    text = value.text if value is not None else None
    if text is not None:
        yield from _judge_text(rule, call.project, flag, text, call.span, call.symbol)


def _judge_text(rule: Rule, project: Project, flag: str, text: str, span: Span, symbol: str) -> Iterator[Finding]:
    name, _, rest = text.partition("=")
    # What is filled in may bring flags, unless it is the cookie's value.
    if not name or _UNKNOWN in name or _UNKNOWN in rest.partition(";")[2] or _TAKEN_BACK.search(rest):
        return
    flags = {part.partition("=")[0].strip().lower() for part in rest.split(";")[1:]}
    identifies = signs_in(project, name.strip())
    if flag in flags or (flag == "samesite" and not identifies):
        return  # browsers take a cookie without it as `Lax`
    yield rule.finding(
        span,
        severity=Severity.LOW,
        confidence=Confidence.MEDIUM if identifies else Confidence.LOW,
        audience=Audience.STRICT if identifies else Audience.AUDIT,
        symbol=symbol,
        what=f"the cookie `{name.strip()}`",
        why=f"the header does not say `{flag}`",
    )


def _texts(code: Code) -> list[str]:
    """The texts a header is given: one, or those of a list."""
    return [_text(item) for item in code[3]] if code[0] == Op.LIST else [_text(code)]


def _text(code: Code) -> str:
    """The text a piece of code spells, with what is not known marked; empty when nothing is."""
    match code:
        case [Op.CONST, int(), str(text)]:
            return text
        case [Op.TEXT, int(), [*parts]]:
            return "".join(part[2] if part[0] == Op.CONST and isinstance(part[2], str) else _UNKNOWN for part in parts)
        case [Op.BINARY, int(), "+", left, right]:
            return (_text(left) or _UNKNOWN) + (_text(right) or _UNKNOWN)
        case _:
            return ""


def judge_login_cookie(rule: Rule, call: Call, flag: str, *, by_default: bool) -> Iterator[Finding]:
    """Report a helper that signs people in by a cookie without a flag."""
    if call.name in _ADDING or call.name == _STARLETTE:
        added = call.argument("middleware_class")
        if flag == "httponly" or (call.name in _ADDING and (added is None or added.qualified != _STARLETTE)):
            return  # such a session's cookie always has it
    value = next((given for name in _SPELLINGS[flag] if (given := argument(call, name)) is not None), None)
    is_given = value is not None
    if (is_given and not (value is not None and value.const in {False, None})) or (not is_given and (by_default or call.is_open)):
        return
    yield rule.finding(
        call.span,
        confidence=Confidence.MEDIUM,
        audience=Audience.DEFAULT if is_given else Audience.STRICT,
        symbol=call.symbol,
        flow=call.steps(),
        what="the cookie that signs somebody in" if "AuthTkt" in call.name else "the session cookie",
        why=f"`{flag}` is off" if is_given else f"`{flag}` is not given",
    )


def judge_switches(rule: Rule, project: Project, *names: str) -> Iterator[Finding]:
    """Report switches of Flask's configuration that take a flag from the cookies of sessions: it is false, or called `None`."""
    for path in sorted(project.program.modules):
        if _FLASK.isdisjoint(project.program.modules[path].packages):
            continue
        for switch in switches(project, path, names):
            if is_off(switch.value) or (switch.value[0] == Op.CONST and switch.value[2] == "None"):
                yield rule.finding(
                    switch.span,
                    confidence=Confidence.MEDIUM,
                    audience=Audience.STRICT,
                    symbol=switch.symbol,
                    what="the session cookie",
                    why=f"`{switch.name}` is off",
                )
