"""Settings that are set where production reads them, in a way that leaves local development over plain HTTP alone."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from leaktight.edit.desk import Desk
from leaktight.edit.python import PythonDocument
from leaktight.edit.reasons import NotPossible
from leaktight.model import Certainty, Edit
from leaktight.project.environment import Environment

if TYPE_CHECKING:
    from leaktight.project.settings import Settings, SettingValue


def settings_at(desk: Desk, path: str, module: str = "") -> Settings:
    """Return the settings a finding is about: those of a module, or else those a file takes part in."""
    for settings in desk.project.settings:
        if settings.module == module or settings.path == path:
            return settings
    for settings in desk.project.settings:
        if settings.environment is not Environment.DEVELOPMENT:
            return settings
    raise NotPossible("the settings module of production was not found")


def set_to(desk: Desk, settings: Settings, name: str, value: str, *, only_secure: bool = False) -> list[Edit]:
    """Give a setting a value: in place of the one it has, or beside its like.

    `only_secure` says that the value would keep the site from working over plain HTTP. A module that development reads as well then gets
    `not DEBUG` for `True`; where it has no DEBUG of its own the fix is not possible.
    """
    current = settings.get(name)
    wanted = _for_everybody(desk, settings, value) if only_secure else value
    if current.span is not None:
        return [_replaced(desk, current, wanted)]
    return [_added(desk.python(settings.path), name, wanted)]


def _for_everybody(desk: Desk, settings: Settings, value: str) -> str:
    document = desk.python(settings.path)
    debug = next((node for node in _assignments(document) if _name(node) == "DEBUG"), None)
    if (
        value != "True"
        or (debug is None and settings.environment is Environment.PRODUCTION)
        or (debug is not None and _is_false(debug))
    ):
        return value
    if debug is None:
        raise NotPossible(f"{settings.path} serves development too and does not set DEBUG, which would tell the two apart")
    return "not DEBUG"


def _is_false(node: ast.Assign | ast.AnnAssign) -> bool:
    return isinstance(node.value, ast.Constant) and node.value.value is False


def _replaced(desk: Desk, current: SettingValue, value: str) -> Edit:
    assert current.span is not None  # asked for by the caller
    if current.certainty is Certainty.DEFAULTED and current.env:
        raise NotPossible(f"its value comes from {current.env}, which has to be set where the site runs")
    document = desk.python(current.span.path)
    statement = document.at(current.span, ast.stmt)
    name = current.name
    if not isinstance(statement, ast.Assign | ast.AnnAssign) or _name(statement) != name or statement.value is None:
        raise NotPossible(f"{name} is not set by a plain assignment")
    return document.replace(statement.value, value)


def _added(document: PythonDocument, name: str, value: str) -> Edit:
    """Add behind the last assignment of the settings it belongs to, or at the end of the file."""
    prefix = name.partition("_")[0]
    kin = [node for node in _assignments(document) if _name(node).startswith(prefix + "_")]
    if value == "not DEBUG":
        debug = [node for node in _assignments(document) if _name(node) == "DEBUG"]
        kin = [node for node in kin if node.lineno > debug[-1].lineno]
    if kin:
        return document.insert_after(kin[-1], f"{name} = {value}")
    if not document.text.strip():
        return document.insert(len(document.text), f"{name} = {value}\n")
    end = document.text
    lead = "" if end.endswith(("\n", "\r")) else "\n"
    gap = "" if _ends_in_setting(document) else "\n"
    return document.insert(len(end), f"{lead}{gap}{name} = {value}" + ("" if lead else "\n"))


def _ends_in_setting(document: PythonDocument) -> bool:
    last = document.tree.body[-1] if document.tree.body else None
    return isinstance(last, ast.Assign) and _name(last).isupper()


def _assignments(document: PythonDocument) -> Iterator[ast.Assign | ast.AnnAssign]:
    for node in document.tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and _name(node):
            yield node


def _name(node: ast.Assign | ast.AnnAssign) -> str:
    target = node.targets[0] if isinstance(node, ast.Assign) else node.target
    return target.id if isinstance(target, ast.Name) else ""
