"""What makes a site speak HTTPS only: the settings, the middleware that acts on them, and who else may do it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from leaktight.model import Certainty
from leaktight.project import Project
from leaktight.project.environment import Environment, environment_of
from leaktight.project.settings import UNKNOWN, Settings, SettingValue
from leaktight.project.symbols import ClassRef
from leaktight.rules.reach import module_statements
from leaktight.source.code import Code, Op, walk

YEAR = 31_536_000
"""Seconds that `Strict-Transport-Security` should last at least (OWASP ASVS 3.4.1)."""
SECURITY = "django.middleware.security.SecurityMiddleware"

_ANSWERS_FIRST = frozenset({"django.middleware.cache.FetchFromCacheMiddleware", "django.middleware.cache.CacheMiddleware"})
"""Middleware that answers by itself, with pages that may be for one person."""
_REDIRECTS = re.compile(r"ssl|https|secure_?redirect|force_?secure", re.IGNORECASE)
"""In the name of a middleware that redirects to HTTPS itself."""
_SPEAKS_OF_HTTPS = ("SECURE_PROXY_SSL_HEADER", "SECURE_HSTS_SECONDS", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE")


def of_production(project: Project) -> Iterator[Settings]:
    """The settings a public site may run with; those of tests and of a developer's machine are left out."""
    return (settings for settings in project.settings if is_public(settings))


def is_public(settings: Settings) -> bool:
    """Tell the settings of a public site by what they are for, and by the folders they lie in; without a URLconf there is no site."""
    apart = {Environment.DEVELOPMENT, Environment.TEST}
    return (
        settings.environment not in apart
        and apart.isdisjoint(map(environment_of, settings.path.split("/")[:-1]))
        and settings.get("ROOT_URLCONF").value != ""
    )


def is_for_this_machine(settings: Settings) -> bool:
    """Tell settings as `startproject` makes them: with `DEBUG` on and no `ALLOWED_HOSTS`, Django answers to the names of this machine only."""
    debug, hosts = settings.get("DEBUG"), settings.get("ALLOWED_HOSTS")
    return debug.certainty is Certainty.KNOWN and debug.value is True and hosts.value in ([], ())


def is_base(settings: Settings) -> bool:
    """Tell settings that only others build on, so that what they leave out may be set there."""
    return settings.environment is Environment.UNKNOWN


OFF = frozenset({"0", "false", "no", "off", "n", "f", ""})
ON = frozenset({"1", "true", "yes", "on", "t", "y"})


def is_given(project: Project, variable: str | None, values: frozenset[str]) -> bool:
    """Tell whether a file of the repository gives a variable one of these values, for a site or as the sample of one."""
    given = (told for file in project.deployment_files for told in file.variables if told.name == variable)
    return any(told.value is not None and told.value.strip().lower() in values for told in given)


def middleware(settings: Settings) -> SettingValue:
    """The list of middleware, under its old name when it is set under that only."""
    old = settings.get("MIDDLEWARE_CLASSES")
    new = settings.get("MIDDLEWARE")
    return old if new.certainty is Certainty.ABSENT and old.certainty is not Certainty.ABSENT else new


def listed(settings: Settings) -> tuple[list[str], bool]:
    """The names of the middleware in order, and whether there are surely no others."""
    value = middleware(settings).value
    if not isinstance(value, list | tuple):
        return [], False
    return [item for item in value if isinstance(item, str)], all(isinstance(item, str) for item in value)


def security_position(names: list[str], settings: Settings, project: Project) -> int | None:
    """Where the security middleware, or a class of the project made of it, stands in the list."""
    return next((index for index, name in enumerate(names) if name == SECURITY or _is_made_of_it(name, settings, project)), None)


def keeps_to_https(settings: Settings, project: Project) -> bool:
    """Tell settings that redirect to HTTPS and have browsers ask for nothing else for a year: no cookie of a visit goes over plain HTTP."""
    seconds, redirect = settings.get("SECURE_HSTS_SECONDS").value, settings.get("SECURE_SSL_REDIRECT").value
    long_enough = isinstance(seconds, int) and seconds >= YEAR
    return long_enough and redirect is True and security_position(listed(settings)[0], settings, project) is not None


def _is_made_of_it(name: str, settings: Settings, project: Project) -> bool:
    symbol = project.program.resolve_qualified(name, settings.path)
    return isinstance(symbol, ClassRef) and SECURITY in project.program.ancestors(symbol)


def answers_first(names: list[str], position: int) -> str | None:
    """A middleware in front of the security middleware that may answer in its place."""
    return next((name for name in names[:position] if name in _ANSWERS_FIRST), None)


def redirects_itself(names: list[str]) -> bool:
    """Tell whether a middleware other than Django's own redirects to HTTPS, as its name says."""
    return any(_REDIRECTS.search(name) for name in names if not name.startswith("django."))


def speaks_of_https(settings: Settings) -> SettingValue | None:
    """A setting that only makes sense on a site with HTTPS, so that somebody else may redirect to it."""
    for name in _SPEAKS_OF_HTTPS:
        setting = settings.get(name)
        if setting.certainty is not Certainty.ABSENT and (setting.value is UNKNOWN or setting.value):
            return setting
    return None


def is_refused_in_production(settings: Settings, project: Project, switch: str) -> bool:
    """Tell settings that know of a site where a switch is off, and say what else has to hold there.

    `if not DEBUG and SECRET_KEY == …: raise …` is such a thing, and so is `assert not DEBUG`.
    """
    spans = (settings.get(name).span for name in settings.names())
    paths = {settings.path, *(span.path for span in spans if span is not None)} & project.program.modules.keys()
    return any(
        (code[0] == Op.EXPRESSION and code[2][0] == Op.TEST and _asks_for_none(code[2], switch))
        or (code[0] == Op.IF and _asks_for_none(code[2], switch) and any(inner[0] == Op.RAISE for inner in walk(code[3])))
        for path in sorted(paths)
        for code in walk(module_statements(project.program, path))
    )


def _asks_for_none(test: Code, switch: str) -> bool:
    return any(code[0] == Op.NOT and code[2][0] == Op.NAME and code[2][2] == switch for code in walk(test))


def is_site(settings: Settings) -> bool:
    """Tell the settings of a whole site from a few lines of them."""
    return any(
        settings.get(name).certainty is not Certainty.ABSENT for name in ("MIDDLEWARE", "MIDDLEWARE_CLASSES", "ROOT_URLCONF")
    )
