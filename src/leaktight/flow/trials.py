"""Code that tries something out because somebody asked whether it works: what went wrong is the answer."""

from __future__ import annotations

from leaktight.project.environment import words_of
from leaktight.source.code import Code, Op, last_name, walk

_TRIALS = frozenset(
    {"test", "tests", "testing", "tester", "ping", "probe", "connectivity", "connective", "diagnose", "diagnostics"}
)
"""Words that, at the end of a name, say that something is tried out."""
_TRY = frozenset({"test", "testing", "try", "probe", "ping"})
_LOOK = frozenset({"check", "verify", "validate"})
_CONNECTED = frozenset({"connection", "connections", "connect", "connectivity", "credential", "credentials"})
"""What is tried out when it is only looked at: `check_connection`, but not `check_login`."""
_TRIED = frozenset(
    """
    connection connect connectivity connective connections smtp imap mail email mailer ldap webhook webhooks hook hooks notification
    notifications sms server credential credentials login backend endpoint proxy message channel setting settings config configuration
    integration
    """.split()
)
"""What is tried out: `test_smtp`."""
_CASING = frozenset(
    {"api", "view", "viewset", "mixin", "action", "handler", "async", "task", "msg", "message", "failure", "result", "form"}
)
"""Words behind which a name goes on in the style of a framework: `SMSTestingAPI`."""

_KEEPING = frozenset({"save", "bulk_create", "get_or_create", "update_or_create"})
_ON_ROWS = frozenset({"create", "delete", "update"})
"""Calls that write to the database: what fails then is not what was tried out."""


def is_trial(name: str) -> bool:
    """Tell by its name a function or class that tries something out: `test_smtp`, `LoggingTest`, `StorageConnectivityView`."""
    words = [word.lower() for word in words_of(name)]
    while len(words) > 1 and words[-1] in _CASING:
        words.pop()
    if words and words[-1] in _TRIALS:
        return True
    return any(
        (first in _TRY and not _TRIED.isdisjoint(words[at + 1 :]))
        or (first in _LOOK and not _CONNECTED.isdisjoint(words[at + 1 :]))
        for at, first in enumerate(words[:2])
    )


def tries(body: list[Code], *names: str) -> bool:
    """Tell a body that only tries something out, by the names it stands under or by what it calls: `backend.test(sender)`."""
    calls = [code[2] for code in walk(body) if code[0] == Op.CALL and code[2][0] in {Op.NAME, Op.ATTR}]
    return not any(map(_keeps, calls)) and any(map(is_trial, (*names, *map(last_name, calls))))


def _keeps(called: Code) -> bool:
    """`form.save()`, `Order.objects.create(…)`: what writes to the database may fail there."""
    if called[0] != Op.ATTR:
        return False
    return called[3] in _KEEPING or (called[3] in _ON_ROWS and last_name(called[2]) == "objects")
