"""Whether production writes a line of the log: its level, against the one the settings give its logger."""

from __future__ import annotations

import logging

from leaktight.flow.events import Arrival
from leaktight.model import Certainty
from leaktight.project import Project
from leaktight.project.settings import SettingValue
from leaktight.rules.reach import module_statements
from leaktight.source.code import Op, last_name, walk

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO}
"""Methods whose lines a site leaves out as a rule; what warns is written everywhere."""


def is_left_out(arrival: Arrival) -> bool:
    """Tell a line below the level that `LOGGING` of production gives its logger, by its name or for all."""
    name = arrival.call.name
    level = _LEVELS.get(name.rpartition(".")[2]) if name.startswith("logging.") else None
    if level is None:
        return False
    least = _least_in(arrival.project, "" if name.startswith(("logging.debug", "logging.info")) else arrival.call.path)
    return least is not None and level < least


def _least_in(project: Project, path: str) -> int | None:
    """The level of the logger of a file, of the logger of all for no file; worked out once for all its lines."""
    memo, key = project.program.memo, ("least level", path)
    if key not in memo:
        memo[key] = _least(project, _name_of(project, path) if path else "")
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
            return _number(logger["level"]) if _is_fixed(setting, "loggers", key, "level") else None
    for keys, root in ((("root",), setting.value.get("root")), (("loggers", ""), loggers.get(""))):
        if isinstance(root, dict) and "level" in root:
            return _number(root["level"]) if _is_fixed(setting, *keys, "level") else None
    return None


def _is_fixed(setting: SettingValue, *keys: str) -> bool:
    """Tell a level for which no variable of the environment is asked: such a variable is there to be changed when something is looked for."""
    return setting.at(*keys).certainty is Certainty.KNOWN


def _number(level: object) -> int | None:
    if isinstance(level, str):
        level = logging.getLevelNamesMapping().get(level.rpartition(".")[2])
    return level if isinstance(level, int) else None


def _name_of(project: Project, path: str) -> str | None:
    """The name of the one logger a file makes: its own dotted name for `__name__`; None when that is not known."""
    if path not in project.program.modules:
        return None
    made = [
        code[3]
        for code in walk(module_statements(project.program, path))
        if code[0] == Op.CALL and last_name(code[2]) == "getLogger"
    ]
    if len(made) != 1 or len(made[0]) != 1:
        return None
    given = made[0][0]
    if given[0] == Op.CONST and isinstance(given[2], str):
        return given[2]
    return (
        path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        if given[:1] == [Op.NAME] and given[2] == "__name__"
        else None
    )
