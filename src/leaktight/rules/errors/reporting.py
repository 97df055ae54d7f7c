"""Whether error reports, with what was posted in them, leave the site at all."""

from __future__ import annotations

from leaktight.model import Certainty
from leaktight.project import Project
from leaktight.project.settings import UNKNOWN

_MAILS = "AdminEmailHandler"
_DJANGO = frozenset({"django", "django.request"})


def are_reports_mailed(project: Project) -> bool:
    """Tell whether Django mails error reports: it does unless `LOGGING` takes its handler away and names none like it.

    Source: Django's `DEFAULT_LOGGING`, whose logger `django` has the handler `mail_admins`; `dictConfig` replaces the handlers of a
    logger it names, and switches loggers off that it does not name unless `disable_existing_loggers` is false.
    """
    logging = project.setting("LOGGING")
    if logging is None or logging.certainty is Certainty.ABSENT or not isinstance(logging.value, dict):
        return True
    handlers, loggers = logging.value.get("handlers"), logging.value.get("loggers", {})
    if not isinstance(handlers, dict) or not isinstance(loggers, dict):
        return True
    kinds = [handler.get("class") if isinstance(handler, dict) else UNKNOWN for handler in handlers.values()]
    if any(not isinstance(kind, str) or kind.endswith(_MAILS) or not kind.startswith(("logging.", "django.")) for kind in kinds):
        return True
    is_off = logging.value.get("disable_existing_loggers", True) is True
    named = [logger for name, logger in loggers.items() if name in _DJANGO]
    return not is_off and not any(isinstance(logger, dict) and logger.get("handlers") for logger in named)
