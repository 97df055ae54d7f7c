"""Where sessions and flash messages are kept: on the server, or with the browser."""

from __future__ import annotations

import re

from leaktight.model import Span, Step
from leaktight.project import Project
from leaktight.project.settings import Settings, SettingValue

COOKIE_ENGINE = "django.contrib.sessions.backends.signed_cookies"
_SERVER_STORAGE = "session.SessionStorage"


def cookie_engine(project: Project) -> SettingValue | None:
    """The setting that keeps sessions in a cookie; None when they are kept on the server."""
    setting = project.setting("SESSION_ENGINE")
    return setting if setting is not None and setting.value == COOKIE_ENGINE else None


def are_messages_in_cookies(project: Project) -> bool:
    """Tell whether flash messages travel in a cookie, as they do unless the settings say otherwise."""
    setting = project.setting("MESSAGE_STORAGE")
    return (
        setting is not None
        and isinstance(setting.value, str)
        and setting.value.endswith(("cookie.CookieStorage", "fallback.FallbackStorage"))
    )


def has_sessions(settings: Settings) -> bool:
    """Tell whether the site keeps sessions at all."""
    listed = settings.get("MIDDLEWARE").value
    return isinstance(listed, list | tuple) and any(
        isinstance(item, str) and item.endswith("SessionMiddleware") for item in listed
    )


_FLAG = re.compile(r"\w+_COOKIE_(SECURE|HTTPONLY|SAMESITE)")
_NEIGHBOURS = ("MIDDLEWARE", "MIDDLEWARE_CLASSES", "INSTALLED_APPS", "ROOT_URLCONF")
"""Next to what a setting is shown that is not given at all: the middleware acts on most of them."""


def place(setting: SettingValue, settings: Settings) -> Span:
    """Where a setting is given, or where it is missing."""
    return setting.span or missing_place(setting.name, settings)


def missing_place(name: str, settings: Settings) -> Span:
    """Where a setting is missing: at the flags of other cookies in the file production loads, or where the middleware is listed."""
    near = [other for other in settings.names() if _FLAG.fullmatch(other)] if _FLAG.fullmatch(name) else []
    for other in (*near, *_NEIGHBOURS):
        setting = settings.get(other)
        span = setting.chain[0].span if setting.chain else setting.span
        if span is not None and span.path == settings.path:
            return Span(span.path, span.line, span.column, span.line, span.column)
    return Span(settings.path, 1, 1, 1, 1)


def as_step(setting: SettingValue, note: str) -> tuple[Step, ...]:
    """The setting as evidence, when it is written somewhere."""
    return (Step(setting.span, note),) if setting.span is not None else ()
