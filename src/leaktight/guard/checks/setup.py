"""Whether the guard itself is set up: it cannot protect a request it does not see, or keep what it has no key for."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage
from django.core.exceptions import ImproperlyConfigured

from leaktight.guard.conf import configuration

_MIDDLEWARE = "leaktight.guard.middleware.GuardMiddleware"
_SHORTEST_KEY = 32


def check_setup() -> Iterator[CheckMessage]:
    """Check `LEAKTIGHT`, the middleware and the key ring."""
    try:
        keys = configuration().keys
    except ImproperlyConfigured as error:
        yield checks.Error(str(error), hint="Correct the setting LEAKTIGHT.", id="leaktight.E001")
        return
    if _MIDDLEWARE not in settings.MIDDLEWARE:
        yield checks.Error(
            "The guard's middleware is not in MIDDLEWARE, so requests and responses are not looked at.",
            hint=f"Put {_MIDDLEWARE!r} first.",
            id="leaktight.E002",
        )
    elif settings.MIDDLEWARE[0] != _MIDDLEWARE:
        yield checks.Warning(
            f"{settings.MIDDLEWARE[0]} stands before the guard's middleware, and answers without it.",
            hint=f"Put {_MIDDLEWARE!r} first.",
            id="leaktight.W003",
        )
    if not keys:
        yield checks.Warning(
            'LEAKTIGHT["KEYS"] is empty: sessions and the vault of the guard cannot keep anything.',
            hint="Make a key with `python -c 'import secrets; print(secrets.token_urlsafe(32))'`, kept where the other secrets are.",
            id="leaktight.W004",
        )
    for number, key in enumerate(keys):
        if len(key) < _SHORTEST_KEY or key == settings.SECRET_KEY:
            yield checks.Error(
                f'LEAKTIGHT["KEYS"][{number}] is shorter than {_SHORTEST_KEY} characters, or SECRET_KEY itself.',
                hint="Make a key of its own, so that either can be changed without the other.",
                id="leaktight.E005",
            )
