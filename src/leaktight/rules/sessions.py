"""Where sessions and flash messages are kept: on the server, or with the browser."""

from __future__ import annotations

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


def place(setting: SettingValue, path: str) -> Span:
    """Where a setting is given; the beginning of the settings file when it is not given at all."""
    return setting.span or Span(path, 1, 1, 1, 1)


def as_step(setting: SettingValue, note: str) -> tuple[Step, ...]:
    """The setting as evidence, when it is written somewhere."""
    return (Step(setting.span, note),) if setting.span is not None else ()
