"""
## What it finds
Answers that scripts of every other site may read: `CORS_ALLOW_ALL_ORIGINS`, `Access-Control-Allow-Origin: *`, and the same by `flask_cors` or the
CORS middleware of Starlette and FastAPI, and `cors_allowed_origins` of Socket.IO. With `CORS_ALLOW_CREDENTIALS` beside it, they may read them in the name of whoever is signed in.

## Why it matters
A browser keeps what a site answers from the scripts of other sites, unless the site itself lifts that. With credentials allowed, any page a
member visits can read that member's orders, messages and tokens, and send what the CSRF check lets through.

## How to fix it
Name the sites that need it in `CORS_ALLOWED_ORIGINS`, with `https://`, and leave `CORS_ALLOW_CREDENTIALS` off where no session is needed.

## When it is fine
The answers are public, and the same for everybody. Without credentials it is for auditors only. With them it is for the strict where nobody
is signed in by a cookie, and where the same settings switch `DEBUG` on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from leaktight.model import Audience, Certainty, Confidence, Finding, Severity
from leaktight.policy import Channel, Safeguard
from leaktight.project import Project
from leaktight.project.settings import Settings, SettingValue
from leaktight.project.symbols import External
from leaktight.rules.api import Example, NotPossible, Rule
from leaktight.rules.sessions import are_begun, place
from leaktight.rules.transport.enforcement import of_production
from leaktight.rules.transport.sample import site
from leaktight.rules.written import headers, places
from leaktight.source.code import Code, Op, last_name, walk

rule = Rule(
    __name__,
    severity=Severity.MEDIUM,
    doubted=True,
    cwe=(942, 346, 201),
    step="S7",
    channel=Channel.RESPONSE_HEADER,
    missing=(Safeguard.TRUSTED_ORIGIN,),
    message="scripts of every other site may read the answers{how}: {why}",
    remedy="Name the origins that need it, and allow credentials to those only.",
    asvs=("3.4.2",),
    unfixable=NotPossible("which other sites may read the answers is for the project to say"),
    examples=(
        Example(
            "Every origin, with credentials",
            bad=site(
                "DEBUG = False",
                "DEBUG = False\nCORS_ALLOW_CREDENTIALS = True\nCORS_ALLOW_ALL_ORIGINS = True  # finds: open-cross-origin-access",
            ),
            good=site(
                "DEBUG = False",
                'DEBUG = False\nCORS_ALLOW_CREDENTIALS = True\nCORS_ALLOWED_ORIGINS = ["https://app.harbour-goods.com"]',
            ),
        ),
    ),
)

_HEADER = "access-control-allow-origin"
_ALL = re.compile(r"^\^?(?:\*|\.[*+]|https\?://\.[*+]|\(\.\*\))\$?$")
"""An origin, or a pattern of origins, that stands for all of them."""
_SOCKETS = frozenset({"SocketIO", "AsyncServer", "Server"})
_BY_CALL = _SOCKETS | {"CORS", "cross_origin", "CORSMiddleware", "add_middleware"}
_WITH = " in the name of whoever is signed in"


_SWITCHES = ("CORS_ALLOW_ALL_ORIGINS", "CORS_ORIGIN_ALLOW_ALL")
_LISTS = ("CORS_ALLOWED_ORIGIN_REGEXES", "CORS_ORIGIN_REGEX_WHITELIST", "CORS_ALLOWED_ORIGINS", "CORS_ORIGIN_WHITELIST")


@rule.project
def every_origin(project: Project) -> Iterator[Finding]:
    for settings in of_production(project):
        signed_in = are_begun(project, settings)
        for value in map(settings.get, _SWITCHES):
            if value.value is True and value.certainty is not Certainty.ABSENT:
                yield _by_setting(settings, value, f"`{value.name}` is on", signed_in=signed_in)
        for value in map(settings.get, _LISTS):
            for index, item in enumerate(value.value if isinstance(value.value, list | tuple) else ()):
                if isinstance(item, str) and _ALL.match(item):
                    yield _by_setting(settings, value.at(index), f"`{value.name}` holds `{item}`", signed_in=signed_in)


def _by_setting(settings: Settings, value: SettingValue, why: str, *, signed_in: bool) -> Finding:
    """Credentials open nothing of an API whose callers send a token: no browser sends one by itself."""
    with_credentials = settings.get("CORS_ALLOW_CREDENTIALS").value is True
    # Settings that switch `DEBUG` on as well are, for all they say, those of a developer's machine.
    sure = (
        signed_in
        and value.certainty is Certainty.KNOWN
        and not settings.is_open(value)
        and settings.get("DEBUG").value is not True
    )
    return rule.finding(
        place(value, settings),
        severity=Severity.HIGH if with_credentials else Severity.LOW,
        confidence=Confidence.HIGH if with_credentials and sure else Confidence.MEDIUM,
        audience=(Audience.DEFAULT if sure else Audience.STRICT) if with_credentials else Audience.AUDIT,
        symbol=settings.module,
        related=value.chain,
        how=_WITH if with_credentials else "",
        why=why,
    )


@rule.project
def in_a_header(project: Project) -> Iterator[Finding]:
    """The header, written out."""
    for path in sorted(project.program.modules):
        if _HEADER not in project.program.modules[path].telling:
            continue
        for header in headers(project, path, _HEADER):
            if _means_all(header.value):  # together with credentials browsers refuse it
                yield _written(project, path, header.value, header.symbol, "the header that allows it is `*`", credentials=False)


@rule.project
def by_a_library(project: Project) -> Iterator[Finding]:
    """`CORS(app)`, `@cross_origin`, `add_middleware(CORSMiddleware, …)`."""
    for path in sorted(project.program.modules):
        module = project.program.modules[path]
        if {"flask_cors", "starlette", "fastapi", "flask", "flask_socketio", "socketio"}.isdisjoint(module.packages):
            continue
        for symbol, codes in places(project, path):
            called: set[int] = set()
            for code in walk(codes):
                if code[0] == Op.CALL and last_name(code[2]) in _BY_CALL:
                    called.add(code[2][1])
                    why, credentials = _of_call(project, path, code)
                    if why:
                        yield _written(project, path, code, symbol, why, credentials=credentials)
                elif code[1] not in called and _is_decorator(project, path, code, codes):
                    yield _written(project, path, code, symbol, "`cross_origin` is given no origins", credentials=False)


def _is_decorator(project: Project, path: str, code: Code, codes: list[Code]) -> bool:
    """Tell `@cross_origin` without a call."""
    if code[0] not in {Op.NAME, Op.ATTR} or last_name(code) != "cross_origin" or not any(code is one for one in codes):
        return False
    return _is_from(project, path, code, "flask_cors")


def _of_call(project: Project, path: str, code: Code) -> tuple[str, bool]:
    """Why a call opens the answers to every origin, if it does, and whether with credentials."""
    name, keywords = last_name(code[2]), dict(code[4])
    if None in keywords:
        return "", False
    if name in {"CORS", "cross_origin"}:
        if not _is_from(project, path, code[2], "flask_cors"):
            return "", False
        credentials = _is_true(keywords.get("supports_credentials"))
        if "origins" in keywords:
            return (f"`origins` of `{name}` stand for all" if _means_all(keywords["origins"]) else ""), credentials
        resources = keywords.get("resources")
        if resources is not None and resources[0] == Op.DICT:
            inner = [value for _, one in resources[2] if one[0] == Op.DICT for key, value in one[2] if _says(key, "origins")]
            return ("`origins` of a resource stand for all" if any(map(_means_all, inner)) else ""), credentials
        if resources is not None and not (resources[0] == Op.CONST and isinstance(resources[2], str)):
            return "", False
        return f"`{name}` is given no origins", credentials
    if name in _SOCKETS:
        origins = keywords.get("cors_allowed_origins")
        return ("`cors_allowed_origins` stands for all" if origins is not None and _means_all(origins) else ""), False
    is_middleware = name == "CORSMiddleware" or any(last_name(argument) == "CORSMiddleware" for argument in code[3])
    allowed = [keywords[key] for key in ("allow_origins", "allow_origin_regex") if key in keywords]
    if is_middleware and any(map(_means_all, allowed)):
        return "`allow_origins` stand for all", _is_true(keywords.get("allow_credentials"))
    return "", False


def _is_from(project: Project, path: str, code: Code, package: str) -> bool:
    found = project.program.resolve_code(code, path)
    if found is None and code[0] == Op.NAME:  # two functions import it from two places
        return package in project.program.modules[path].packages
    return isinstance(found, External) and found.name.partition(".")[0] == package


def _means_all(code: Code) -> bool:
    if code[0] == Op.LIST:
        return any(map(_means_all, code[3]))
    return code[0] == Op.CONST and isinstance(code[2], str) and _ALL.match(code[2]) is not None


def _is_true(code: Code | None) -> bool:
    return code is not None and code[0] == Op.CONST and (code[2] is True or str(code[2]).lower() == "true")


def _says(key: Code | None, name: str) -> bool:
    return key is not None and key[0] == Op.CONST and key[2] == name


def _written(project: Project, path: str, code: Code, symbol: str, why: str, *, credentials: bool) -> Finding:
    return rule.finding(
        project.span(path, code[1]),
        severity=Severity.HIGH if credentials else Severity.LOW,
        confidence=Confidence.MEDIUM if credentials else Confidence.LOW,
        audience=Audience.STRICT if credentials else Audience.AUDIT,
        symbol=symbol,
        how=_WITH if credentials else "",
        why=why,
    )
