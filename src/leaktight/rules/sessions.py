"""Where sessions and flash messages are kept: on the server, or with the browser."""

from __future__ import annotations

import re

from leaktight.model import Certainty, Span, Step
from leaktight.project import Project
from leaktight.project.environment import SHARED, Environment, words_of
from leaktight.project.settings import UNKNOWN, Settings, SettingValue
from leaktight.project.settings_reads import is_settings
from leaktight.project.symbols import ClassRef, External, FunctionRef
from leaktight.rules.reach import reach
from leaktight.rules.transport.enforcement import is_public
from leaktight.source.code import Op
from leaktight.source.roles import is_in_tests

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


_SIGNING_IN = re.compile(
    r"django\.contrib\.(?:admin|auth)|django\.contrib\.auth\.(?:login|views(?:\..*)?|middleware\.\w*RemoteUser\w*)"
    r"|rest_framework\.authentication\.SessionAuthentication|(?:.*\.)?(?:auth|rest_framework)\.urls"
    r"|(?!django\.|(?:rest_framework|channels)\b).*(?:auth|account|login|social|saml|oidc|sso|\bcas\b|admin|cms|wagtail).*",
    re.IGNORECASE,
)
"""Imported or installed, what signs people in by a session, or may."""
_BY_COOKIE = re.compile(r"session|cookie", re.IGNORECASE)


def knows_by_tokens(project: Project, settings: Settings) -> bool:
    """Tell an API of the REST framework whose settings list who signs in, and none of them by the session."""
    given = settings.get("REST_FRAMEWORK").value
    listed = given.get("DEFAULT_AUTHENTICATION_CLASSES") if isinstance(given, dict) else None
    if not isinstance(listed, list | tuple) or not listed:
        return False
    found = [(name, project.program.resolve_qualified(name, settings.path)) for name in listed if isinstance(name, str)]
    names = {name for name, _ in found}
    names |= {name for _, ref in found if isinstance(ref, ClassRef) for name in project.program.ancestors(ref)}
    return len(found) == len(listed) and not any(_BY_COOKIE.search(name.rpartition(".")[2]) for name in names)


def are_begun(project: Project, settings: Settings) -> bool:
    """Tell whether sessions may hold anything: somebody is signed in by them, or code of the site uses them.

    The middleware is listed as well where an API knows its callers by tokens alone; then there is no cookie.
    """
    program = project.program
    apps = settings.get("INSTALLED_APPS").value
    if not knows_by_tokens(project, settings) or not isinstance(apps, list | tuple) or UNKNOWN in apps:
        return True
    ours = [ref for ref in program.functions() if not is_in_tests(ref.path)]
    if any("session" in names and "request" in names for names in (program.function(ref).names for ref in ours)):
        return True
    named = {(str(name), settings.path) for name in apps if name != "django.contrib.auth"}
    named |= {
        (name, path) for path, module in program.modules.items() if not is_in_tests(path) for name in module.imports.values()
    }
    return any(
        _SIGNING_IN.fullmatch(name) and isinstance(program.resolve_qualified(name, path), External | None) for name, path in named
    )


_OWN_SERVERS = frozenset({"cheroot", "waitress", "cherrypy"})
"""Packages whose servers a program starts from its own code, in clear: what is installed on a machine serves that machine or its network."""


def serves_itself(project: Project) -> bool:
    """Tell a program that is its own web server, so that there is no HTTPS for its cookies to wait for."""
    modules = project.program.modules.items()
    return any(not _OWN_SERVERS.isdisjoint(module.packages) for path, module in modules if not is_in_tests(path))


def stays_at_home(project: Project) -> bool:
    """Tell whether no request that another site began brings the session cookie: `SameSite=Strict` wherever the site runs."""
    flags = [settings.get("SESSION_COOKIE_SAMESITE") for settings in project.settings if is_public(settings)]
    values = [value for flag in flags for value in (flag.value, *(other.value for other in flag.alternatives))]
    return bool(values) and all(isinstance(value, str) and value.lower() == "strict" for value in values)


def crosses_sites(project: Project) -> bool:
    """Tell whether settings of the site let other sites' requests bring the session cookie: `SameSite` is off in them."""
    flags = [settings.get("SESSION_COOKIE_SAMESITE") for settings in project.settings if is_public(settings)]
    values = [value for flag in flags for value in (flag.value, *(other.value for other in flag.alternatives))]
    return any(value in (None, False) or (isinstance(value, str) and value.lower() == "none") for value in values)


def sets_session_cookie(settings: Settings, project: Project) -> bool:
    """Tell whether a middleware of the project sets the session cookie in place of Django's, with flags of its own."""
    listed = settings.get("MIDDLEWARE").value
    for item in listed if isinstance(listed, list | tuple) else ():
        if isinstance(item, str) and item.endswith("SessionMiddleware") and not item.startswith("django."):
            symbol = project.program.resolve_qualified(item, settings.path)
            method = project.program.method(symbol, "process_response") if isinstance(symbol, ClassRef) else None
            if isinstance(method, FunctionRef):
                done = reach(project.program, method, depth=1)
                return any("set_cookie" in name for name in done.called) and "SESSION_COOKIE_SECURE" not in done.used
    return False


def is_assigned(project: Project, name: str) -> bool:
    """Tell whether a function of the site assigns the setting: `settings.SESSION_COOKIE_SECURE = …`."""
    program = project.program
    return any(
        target[0] == Op.ATTR and target[3] == name and is_settings(program, target[2], ref.path)
        for ref in program.functions()
        if name in program.function(ref).names and not is_in_tests(ref.path)
        for code in program.pieces(ref)
        if code[0] == Op.ASSIGN
        for target in code[2]
    )


def is_to_be_built_on(settings: Settings, value: SettingValue) -> bool:
    """Tell a setting that is left out by what is called the base of other settings, where none of production are in sight."""
    if value.certainty is not Certainty.ABSENT or settings.environment is not Environment.UNKNOWN:
        return False
    _, _, configuration = settings.module.partition(":")
    return not SHARED.isdisjoint(words_of(configuration or settings.path.rpartition("/")[2]))


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
