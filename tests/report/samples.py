"""Hand-made results: what the renderers are tested with."""

from __future__ import annotations

import datetime
from dataclasses import replace

from leaktight.model import (
    Audience,
    Claim,
    Confidence,
    Finding,
    FixOffer,
    Gap,
    ProjectInfo,
    Result,
    Safety,
    Severity,
    Span,
    Step,
)
from leaktight.report import RuleText

VIEWS = '''\
"""Views of accounts."""

import logging

from accounts.links import build_reset_url

logger = logging.getLogger(__name__)
API_KEY = "hunter2-not-so-secret"


def forgotten(request, user):
    token = default_token_generator.make_token(user)
    url = build_reset_url(user, token)
    send(user, url)
    logger.info("reset link %s", url)


def login(request):
    response = render(request, "login.html")
    response.set_cookie("hint", request.POST["email"], max_age=30)
    return response
'''
LINKS = '''\
"""Links in mails."""


def build_reset_url(user, token):
    return f"https://shop.example/reset/{user.pk}/{token}"
'''
FILES = {"accounts/views.py": VIEWS.splitlines(), "accounts/links.py": LINKS.splitlines()}


def span(path: str, line: int, text: str) -> Span:
    """The place of a text on a line."""
    column = FILES[path][line - 1].index(text) + 1
    return Span(path, line, column, line, column + len(text))


def finding(**changes: object) -> Finding:
    """A plain finding, changed."""
    plain = Finding(
        rule="cookie-without-secure",
        severity=Severity.MEDIUM,
        confidence=Confidence.HIGH,
        audience=Audience.DEFAULT,
        label="email",
        channel="cookie",
        missing=("secure-cookie",),
        message='cookie "hint" can travel over plain HTTP',
        span=span("accounts/views.py", 20, 'response.set_cookie("hint", request.POST["email"], max_age=30)'),
        symbol="accounts.views.login",
        fingerprint="0123456789abcdef",
        fix=FixOffer(Safety.SAFE, "pass secure=True"),
    )
    return replace(plain, **changes)


TRACED = Finding(
    rule="secret-in-log",
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    audience=Audience.DEFAULT,
    label="token",
    channel="log",
    missing=("masked",),
    message="password reset token is written to the log",
    span=span("accounts/views.py", 15, "url)").__class__("accounts/views.py", 15, 34, 15, 37),
    symbol="accounts.views.forgotten",
    flow=(
        Step(span("accounts/views.py", 12, "default_token_generator.make_token(user)"), "token is made here"),
        Step(span("accounts/links.py", 5, "{token}"), "token goes into the URL"),
        Step(span("accounts/views.py", 13, "build_reset_url(user, token)"), "URL comes back"),
        Step(Span("accounts/views.py", 15, 34, 15, 37), "leaves through info()"),
    ),
    related=(Step(span("accounts/views.py", 7, "logging.getLogger(__name__)"), "the logger has no masking filter"),),
    fingerprint="fedcba9876543210",
)
KEY = finding(
    rule="hard-coded-key",
    severity=Severity.LOW,
    label="secret-key",
    channel="file",
    missing=(),
    message="key is written in the source",
    span=span("accounts/views.py", 8, "API_KEY"),
    fix=None,
    fingerprint="00ff00ff00ff00ff",
)
CLAIMED = finding(claimed=True, rule="cookie-without-http-only", message="scripts can read the cookie", fingerprint="1111")
CLAIM = Claim(
    rules=("cookie-without-http-only",),
    reason="the page shows it",
    span=Span("accounts/views.py", 20, 70, 20, 99),
    until=datetime.date(2030, 12, 31),
    first_line=20,
    last_line=20,
    used=True,
)
PROJECT = ProjectInfo(
    root="shop",
    settings=("config/settings/production.py",),
    counts={"python files": 210, "lines": 31_415, "views": 41, "models": 23, "sensitive fields": 31, "templates": 118},
    left_out={"test": 84, "migration": 60},
)
RESULT = Result(
    project=PROJECT,
    findings=(KEY, TRACED, finding(), CLAIMED),
    gaps=(Gap("shop/old.py", 3, "not Python: invalid syntax"), Gap("shop/settings.py", 0, "SECURE_SSL_REDIRECT is not known")),
    claims=(CLAIM,),
    hidden={"audit": 3, "claimed": 1, "strict": 14},
)
ODD = Result(
    PROJECT,
    (finding(message='a "quoted" <b>message</b> | `x` @you, 100%: ::error::\nline', span=Span("a,b:c/ü d|`.py", 1, 2, 3, 4)),),
    (Gap("x y.py", 0, "]]> & odd \x00\x1b"), Gap("half\udcff.py", 1, "no UTF-8 name")),
    (),
)
"""Texts that every format reads as something of its own."""
CLEAN = Result(project=PROJECT, findings=(), gaps=(), claims=(), hidden={})

RULES = {
    name: RuleText(
        name=name,
        family=family,
        severity=severity,
        message="",
        remedy=remedy,
        cwe=(532, 319),
        asvs=("v5.0.0-16.2.5",),
        traced=name == "secret-in-log",
        page={
            "What it finds": f"A case of {name}. And more.",
            "Why it matters": "Others can read it.",
            "How to fix it": remedy,
            "When it is fine": "Never.",
        },
    )
    for name, family, severity, remedy in (
        ("secret-in-log", "logs", Severity.HIGH, "Log the user's id instead of the token."),
        ("cookie-without-secure", "cookies", Severity.MEDIUM, "Pass secure=True."),
        ("cookie-without-http-only", "cookies", Severity.MEDIUM, "Pass httponly=True."),
        ("hard-coded-key", "storage", Severity.LOW, "Read it from the environment."),
    )
}


def sources(path: str) -> list[str] | None:
    """The lines of a sample file."""
    return FILES.get(path)
