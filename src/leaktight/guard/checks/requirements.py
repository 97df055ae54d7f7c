"""The settings whose faults Django's own check does not see, judged by the policy's table of requirements."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage
from django.utils.module_loading import import_string
from django.views.debug import SafeExceptionReporterFilter

from leaktight.guard.conf import configuration
from leaktight.policy import Requirement, requirements

_HINTS: Mapping[str, tuple[int, str]] = MappingProxyType(
    {
        "SECURE_HSTS_SECONDS": (11, "Browsers forget it soon: 31536000 is a year, 63072000 what preload lists like."),
        "SECURE_REFERRER_POLICY": (12, "Use same-origin, or no-referrer where addresses hold tokens."),
        "SECURE_PROXY_SSL_HEADER": (
            13,
            "Its second part must be what the proxy sends for HTTPS: ('HTTP_X_FORWARDED_PROTO', 'https').",
        ),
        "SESSION_ENGINE": (14, "The browser can read such a session and keeps it after logout; use leaktight.guard.sessions.db."),
        "SESSION_COOKIE_SAMESITE": (15, "Use Lax or Strict, so that other sites cannot make requests with it."),
        "SESSION_COOKIE_DOMAIN": (16, "Leave it out: every other host of the domain is sent the cookie and can replace it."),
        "CSRF_COOKIE_SAMESITE": (17, "Use Lax or Strict."),
        "CSRF_COOKIE_DOMAIN": (18, "Leave it out."),
        "CSRF_TRUSTED_ORIGINS": (19, "Name origins that begin with https://."),
        "LANGUAGE_COOKIE_SECURE": (20, "Set it to True: every cookie of an HTTPS site is secure."),
        "MESSAGE_STORAGE": (21, "Messages lie readable in a cookie; use django.contrib.messages.storage.session.SessionStorage."),
        "ALLOWED_HOSTS": (22, "Name the hosts: links in mails are built from the host of the request."),
        "USE_X_FORWARDED_HOST": (23, "Leave it out unless the proxy always sets the header."),
        "SESSION_COOKIE_NAME": (24, "Call it __Host-sessionid, and browsers keep it to this host and to HTTPS."),
        "CSRF_COOKIE_NAME": (25, "Call it __Host-csrftoken."),
        "DEBUG_PROPAGATE_EXCEPTIONS": (26, "Leave it out: errors are to be answered by Django, without their text."),
    }
)
"""Setting → the number of its check, which is never used for another, and what to do."""

_PATHS = ("accounts/login/", "api/v1/tokens", "x", "")


def check_requirements() -> Iterator[CheckMessage]:
    """Check each setting of the table, and those whose fault is more than a wrong value."""
    for name, (number, hint) in _HINTS.items():
        value = getattr(settings, name, None)
        for requirement in requirements().get(name, ()):
            if _matters(requirement) and not requirement.is_met(value):
                yield _warning(number, f"{name} does not give {requirement.safeguard}.", hint)
    if any(all(re.search(pattern, path) for path in _PATHS) for pattern in settings.SECURE_REDIRECT_EXEMPT):
        yield _warning(
            31,
            "SECURE_REDIRECT_EXEMPT exempts every address from HTTPS.",
            "Name the one address that must be asked in clear: ^health$.",
        )
    for name in ("STATIC_URL", "MEDIA_URL"):
        if str(getattr(settings, name, None) or "").startswith("http://"):
            yield _warning(
                32,
                f"{name} is cleartext: whoever stands between can change the scripts of every page.",
                "Begin it with https:// or /.",
            )
    yield from _logging(settings.LOGGING or {})
    yield from _reporter()


def _warning(number: int, text: str, hint: str) -> CheckMessage:
    return checks.Warning(text, hint=hint, id=f"leaktight.W{number:03}")


def _matters(requirement: Requirement) -> bool:
    """Tell whether the site uses what a setting is about."""
    match requirement.name:
        case "MESSAGE_STORAGE":
            return bool(apps.is_installed("django.contrib.messages"))
        case "LANGUAGE_COOKIE_SECURE":
            return (
                bool(settings.is_overridden(requirement.name))
                or "django.middleware.locale.LocaleMiddleware" in settings.MIDDLEWARE
            )
        case "SESSION_COOKIE_NAME" | "CSRF_COOKIE_NAME":
            return configuration().host_prefix
        case "SECURE_PROXY_SSL_HEADER" | "SECURE_REFERRER_POLICY":
            return bool(getattr(settings, requirement.name, None))
        case _:
            return True


def _logging(config: Mapping[str, Any]) -> Iterator[CheckMessage]:
    for name, handler in (config.get("handlers") or {}).items():
        if handler.get("include_html"):
            yield _warning(
                33,
                f"The log handler {name!r} mails whole error pages, with the variables of every frame.",
                "Leave include_html out.",
            )
    for name, logger in (config.get("loggers") or {}).items():
        if name.startswith("django.db") and _level(logger.get("level")) <= logging.DEBUG:
            yield _warning(34, f"The logger {name!r} writes every SQL statement with its values.", "Raise its level to INFO.")


def _level(given: Any) -> int:
    if isinstance(given, int):
        return given or logging.WARNING
    return logging.getLevelNamesMapping().get(str(given).upper(), logging.WARNING)


def _reporter() -> Iterator[CheckMessage]:
    path = settings.DEFAULT_EXCEPTION_REPORTER_FILTER
    chosen = import_string(path) if isinstance(path, str) else path
    if not issubclass(chosen, SafeExceptionReporterFilter):
        yield _warning(
            35,
            "DEFAULT_EXCEPTION_REPORTER_FILTER does not derive from Django's filter, and its settings and parameters are shown.",
            "Derive it from django.views.debug.SafeExceptionReporterFilter.",
        )
