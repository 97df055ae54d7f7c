"""Whether error reports, with what was posted in them, leave the site at all, and whether anybody gets them."""

from __future__ import annotations

import re

from leaktight.model import Certainty
from leaktight.project import Project
from leaktight.project.settings import UNKNOWN, Settings
from leaktight.rules.transport.enforcement import is_site, of_production
from leaktight.source.roles import is_in_tests

_MAILS = "AdminEmailHandler"
_TOLD = frozenset({"django", "django.request", ""})
"""The loggers that hear of a request that failed."""
_TRACKERS = frozenset(
    """
    sentry_sdk raven rollbar bugsnag newrelic elasticapm honeybadger airbrake pybrake scout_apm ddtrace opbeat appsignal raygun4py
    opentelemetry exceptionless
    """.split()
)
"""Packages that send what went wrong somewhere else."""
_MASKED = {
    "sentry_sdk": re.compile(
        r".*(?:password|passwd|secret|api_?key|auth|credentials|mysql_pwd|private_?key|token|bearer).*|session|sessionid"
        r"|aiohttp_session|connect\.sid|csrf|_csrf|phpsessid|_session|symfony|user_session"
    ),
    "raven": re.compile(r".*(?:password|secret|passwd|authorization|api_?key|access_token|sentry_dsn).*"),
}
"""What trackers mask by themselves, before it is kept, by the whole name of a parameter.

Sources: `sentry_sdk.scrubber.DEFAULT_DENYLIST`, and what Sentry's servers do unless they are told otherwise ("Server-Side Data Scrubbing"); `raven.processors.SanitizePasswordsProcessor.KEYS`, which may stand anywhere in a name.
"""
_KEPT = re.compile(r"^(?:logging|django)\.|File|Stream|Console|Null|Rich|Syslog|Loguru")
"""In the name of a handler that writes to the log of the site alone."""


def are_reports_mailed(project: Project) -> bool:
    """Tell whether Django mails error reports: it does unless `LOGGING` takes its handler away and attaches none like it.

    Source: Django's `DEFAULT_LOGGING`, whose logger `django` has the handler `mail_admins`; `dictConfig` replaces the handlers of a
    logger it names, and switches loggers off that it does not name unless `disable_existing_loggers` is false.
    """
    logging = project.setting("LOGGING")
    if logging is None or logging.certainty is Certainty.ABSENT or not isinstance(logging.value, dict):
        return True
    handlers, loggers = logging.value.get("handlers", {}), logging.value.get("loggers", {})
    if not isinstance(handlers, dict) or not isinstance(loggers, dict):
        return True
    told = [logger for name, logger in loggers.items() if name in _TOLD] + [logging.value.get("root")]
    if any(_may_mail(logger, handlers) for logger in told):
        return True
    return "django" not in loggers and logging.value.get("disable_existing_loggers", True) is False


def has_readers(project: Project) -> bool:
    """Tell whether somebody may get error reports: `ADMINS`, a tracker, whom a handler tells, or who runs a package.

    Without `ADMINS` the handler that Django attaches mails to nobody; a site that attaches it itself means to name some. Settings that could not
    be read whole, or are no site's, may name them elsewhere.
    """
    sites = list(of_production(project))
    if not sites or any(not _TRACKERS.isdisjoint(module.packages) for module in project.program.modules.values()):
        return True
    return any(not is_site(settings) or bool(settings.incomplete) or _names_readers(settings) for settings in sites)


def is_masked_by_tracker(project: Project, name: str) -> bool:
    """Tell whether reports go to a tracker alone, whose client masks a parameter with this name by itself."""
    used = {package for path, module in project.program.modules.items() if not is_in_tests(path) for package in module.packages}
    trackers = used & _TRACKERS
    if not trackers or not trackers <= _MASKED.keys() or any(map(_names_admins, of_production(project))):
        return False
    return all(_MASKED[tracker].fullmatch(name.lower()) for tracker in trackers)


def are_readers_named(project: Project) -> bool:
    """Tell a site whose settings say who gets error reports."""
    return any(_names_readers(settings) for settings in of_production(project))


def _names_readers(settings: Settings) -> bool:
    if _names_admins(settings):
        return True
    apps = settings.get("INSTALLED_APPS").value
    if any(
        isinstance(app, str) and app.partition(".")[0] in _TRACKERS for app in (apps if isinstance(apps, list | tuple) else ())
    ):
        return True
    logging = settings.get("LOGGING").value
    handlers = logging.get("handlers") if isinstance(logging, dict) else None
    kinds = (
        [handler.get("class") for handler in handlers.values() if isinstance(handler, dict)] if isinstance(handlers, dict) else []
    )
    admins = settings.get("ADMINS")
    is_nobody = admins.certainty is Certainty.KNOWN and not _names_admins(settings)  # written, not left to the environment
    told = [kind for kind in kinds if isinstance(kind, str) and not (is_nobody and kind.endswith(_MAILS))]
    return any(kind.endswith(_MAILS) or not _KEPT.search(kind) for kind in told)


def _names_admins(settings: Settings) -> bool:
    admins = settings.get("ADMINS")
    if admins.certainty is Certainty.ABSENT:
        return False
    if not isinstance(admins.value, list | tuple):
        return admins.value is UNKNOWN or bool(admins.value)
    return any(not _PLACEHOLDER.search(str(admin)) for admin in admins.value)


_PLACEHOLDER = re.compile(r"@(?:[\w-]+\.)*example\.(?:com|org|net)\b|\byour[_.-]?\w*@", re.IGNORECASE)
"""An address that stands for one, which nobody gets mail at (RFC 2606)."""


def _may_mail(logger: object, handlers: dict[object, object]) -> bool:
    """Whether a handler attached to a logger mails, or does what nobody here knows."""
    attached = logger.get("handlers", ()) if isinstance(logger, dict) else ()
    if attached is UNKNOWN or not isinstance(attached, list | tuple):
        return True
    kinds = []
    for name in attached:
        handler = handlers.get(name) if isinstance(name, str) else UNKNOWN
        kinds.append(handler.get("class") if isinstance(handler, dict) else UNKNOWN)
    return any(not isinstance(kind, str) or kind.endswith(_MAILS) or not _KEPT.search(kind) for kind in kinds)
