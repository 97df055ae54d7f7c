"""Whether production writes a line of the log: its level, against the one the settings give its logger."""

from __future__ import annotations

import logging

from leaktight.flow.events import Arrival
from leaktight.model import Certainty
from leaktight.project import Project
from leaktight.project.settings import SettingValue
from leaktight.rules.reach import module_statements
from leaktight.source.code import Code, Op, last_name, walk

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO}
"""Methods whose lines a site leaves out as a rule; what warns is written everywhere."""


def is_left_out(arrival: Arrival) -> bool:
    """Tell a line below the level that `LOGGING` of production gives its logger, by its name or for all.

    Where nothing gives it a level, only what warns is written, and what serves the site sets `info` at most: no `debug`.
    """
    name = arrival.call.name
    level = _LEVELS.get(name.rpartition(".")[2])
    if level is None:
        return False
    if not name.startswith("logging."):
        return level is logging.DEBUG  # `structlog`, `loguru`: what level they have is told in code
    least = _least_in(arrival.project, "" if name.startswith(("logging.debug", "logging.info")) else arrival.call.path)
    return level < (logging.INFO if least is None else least)


def _least_in(project: Project, path: str) -> int | None:
    """The lowest level of the loggers of a file, that of the logger of all for no file; worked out once for all its lines."""
    memo, key = project.program.memo, ("least level", path)
    if key not in memo:
        levels = [_least(project, name) for name in (_names_in(project, path) if path else [""])]
        known = [level for level in levels if level is not None]
        memo[key] = min(known) if known and len(known) == len(levels) else None
    least: int | None = memo[key]
    return least


def _least(project: Project, name: str | None) -> int | None:
    """The level of a logger, of the nearest one above it that has one, or of all; None when that is not known."""
    setting = project.setting("LOGGING")
    if setting is None or name is None or setting.certainty in {Certainty.UNKNOWN, Certainty.ABSENT}:
        return None
    if not isinstance(setting.value, dict):
        return None
    loggers = setting.value.get("loggers", {})
    if not isinstance(loggers, dict):
        return None
    places = [key for key in loggers if isinstance(key, str) and key and f".{name}.".find(f".{key}.") >= 0]
    for key in sorted(places, key=len, reverse=True):
        logger = loggers[key]
        if not isinstance(logger, dict):
            return None
        if "level" in logger:
            level = _number(logger["level"]) if _is_fixed(setting, "loggers", key, "level") else None
            return _let_through(setting, logger, level)
    for keys, root in ((("root",), setting.value.get("root")), (("loggers", ""), loggers.get(""))):
        if isinstance(root, dict) and "level" in root:
            level = _number(root["level"]) if _is_fixed(setting, *keys, "level") else None
            return _let_through(setting, root, level)
    return None


def _let_through(setting: SettingValue, logger: dict[object, object], level: int | None) -> int | None:
    """The level of a logger, or a higher one that all its handlers have; what is worked out for them lets no `debug` through."""
    handlers = setting.value.get("handlers") if isinstance(setting.value, dict) else None
    names = logger.get("handlers", [])
    if level is None or not isinstance(handlers, dict) or names in ([], ()):
        return level
    if not isinstance(names, list | tuple):
        return max(level, logging.INFO)
    attached = [handlers.get(name) for name in names]
    levels = [_level_of(handler) if isinstance(handler, dict) else 0 for handler in attached]
    return max(level, min(levels))


def _level_of(handler: dict[object, object]) -> int:
    level = _number(handler.get("level", 0))
    return logging.INFO if level is None else level


def _is_fixed(setting: SettingValue, *keys: str) -> bool:
    """Tell a level for which no variable of the environment is asked: such a variable is there to be changed when something is looked for."""
    return setting.at(*keys).certainty is Certainty.KNOWN


def _number(level: object) -> int | None:
    if isinstance(level, str):
        level = logging.getLevelNamesMapping().get(level.rpartition(".")[2])
    return level if isinstance(level, int) else None


def _names_in(project: Project, path: str) -> list[str | None]:
    """The names of the loggers a file makes: its own dotted name for `__name__`; None for one that is not known."""
    if path not in project.program.modules:
        return []
    return [
        _name_of(code[3], path)
        for code in walk(module_statements(project.program, path))
        if code[0] == Op.CALL and last_name(code[2]) == "getLogger"
    ]


def _name_of(given: list[Code], path: str) -> str | None:
    if len(given) != 1:
        return None
    if given[0][0] == Op.CONST and isinstance(given[0][2], str):
        return given[0][2]
    is_own = given[0][0] == Op.NAME and given[0][2] == "__name__"
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".") if is_own else None
