"""Settings that are set where production reads them, in a way that leaves local development over plain HTTP alone."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from leaktight.edit.desk import Desk
from leaktight.edit.python import PythonDocument
from leaktight.edit.reasons import NotPossible, OtherKind
from leaktight.model import Certainty, Edit
from leaktight.project.environment import Environment

_OFF, _ON = ("False", "false", "0", "no", "off"), ("True", "true", "1", "yes", "on")
_SPELLED = {
    **{(off, "True"): on for off, on in zip(_OFF, _ON, strict=True)},
    **{(on, "False"): off for off, on in zip(_OFF, _ON, strict=True)},
}

_REDIRECT = "SECURE_SSL_REDIRECT"

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
    if only_secure and name != _REDIRECT:
        _refuse_plain_site(desk, settings)
    if current.certainty is Certainty.DEFAULTED and current.env:
        raise NotPossible(f"its value comes from {current.env}, which has to be set where the site runs")
    wanted = _for_everybody(desk, settings, value) if only_secure else value
    if current.span is not None and not _is_shared(settings, current):
        return [_replaced(desk, current, wanted)]
    return [_added(desk.python(settings.path), name, wanted)]


def _is_shared(settings: Settings, current: SettingValue) -> bool:
    """Tell a value that settings of production take from a file that others build on as well."""
    return settings.environment is Environment.PRODUCTION and current.span is not None and current.span.path != settings.path


def _refuse_plain_site(desk: Desk, settings: Settings) -> None:
    """A file that says that its site answers plain HTTP is for people who would be locked out."""
    for node in _assignments(desk.python(settings.path)):
        if _name(node) == _REDIRECT and _is_false(node) and settings.get("SECURE_PROXY_SSL_HEADER").span is None:
            raise NotPossible(f"the settings turn HTTPS off (`{_REDIRECT} = False`): repair that first")


def _for_everybody(desk: Desk, settings: Settings, value: str) -> str:
    document = desk.python(settings.path)
    debug = next((node for node in _assignments(document) if _name(node) == "DEBUG"), None)
    if (
        value != "True"
        or (debug is None and settings.environment is Environment.PRODUCTION)
        or (debug is not None and _is_false(debug) and not _tests(document))
    ):
        return value
    if debug is None:
        raise NotPossible(f"{settings.path} serves development too and does not set DEBUG, which would tell the two apart")
    known = settings.get("DEBUG")
    if known.value is True:
        raise NotPossible("it would follow DEBUG, which is on here: repair debug-enabled first")
    return "not DEBUG"


def set_default(desk: Desk, settings: Settings, name: str, value: str, *, only_secure: bool = False) -> list[Edit]:
    """Change what a setting is when the environment does not say, where the environment decides."""
    current = settings.get(name)
    if current.span is None or current.certainty is not Certainty.DEFAULTED:
        raise OtherKind(f"{name} is not read from the environment with a default")
    document = desk.python(current.span.path)
    statement = document.at(current.span, ast.stmt)
    if _is_shared(settings, current):
        return [_read_anew(desk, settings, statement, current, value)]
    default = _default_in(document, statement, current.env or "")
    if default is None:
        raise NotPossible(f"the default of {name} is not written out where it is read")
    if isinstance(default.value, bool):
        debug = [node for node in _assignments(document) if _name(node) == "DEBUG"]
        is_known = only_secure and value == "True" and debug and debug[0].lineno < default.lineno
        return [document.replace(default, "not DEBUG" if is_known else value)]
    spelled = _SPELLED.get((str(default.value), value))
    if spelled is None:
        raise NotPossible(f"the default of {name} is neither true nor false")
    return [document.replace(default, spelled if isinstance(default.value, int) else document.quoted(spelled))]


def _read_anew(desk: Desk, settings: Settings, statement: ast.AST | None, current: SettingValue, value: str) -> Edit:
    """Read a variable in the settings of production as the file does that they build on, with another default."""
    assert current.span is not None  # asked for by the caller
    shared, own = desk.python(current.span.path), desk.python(settings.path)
    made = statement.value if isinstance(statement, ast.Assign) and _name(statement) == current.name else None
    default = _default_in(shared, made, "")
    reader = next((node.id for node in ast.walk(made) if isinstance(node, ast.Name)), "_") if made is not None else "_"
    stars = any(isinstance(node, ast.ImportFrom) and node.names[0].name == "*" for node in own.tree.body)
    if made is None or default is None or not isinstance(default.value, bool) or reader.startswith("_") or not stars:
        raise NotPossible(f"its value comes from {current.env}, which has to be set where the site runs")
    start, end = shared.place(made)
    first, last = shared.place(default)
    return _added(own, current.name, shared.text[start:first] + value + shared.text[last:end])


def _default_in(document: PythonDocument, statement: ast.AST | None, env: str) -> ast.Constant | None:
    """The default that is given where a variable is read, or for the variable where the reader is made."""
    for node in ast.walk(statement) if statement is not None else ():
        if isinstance(node, ast.Call):
            named = [keyword.value for keyword in node.keywords if keyword.arg in {"default", "fallback"}]
            given = named or node.args[1:]
            if given and isinstance(given[-1], ast.Constant):
                return given[-1]
    for node in document.every(ast.keyword):
        if env and node.arg == env and isinstance(node.value, ast.Tuple):
            last = node.value.elts[-1]
            return last if isinstance(last, ast.Constant) else None
    return None


def add_middleware(desk: Desk, settings: Settings, name: str, *, after: Sequence[str] = ()) -> Edit:
    """List a middleware: behind the last of those it must follow, or first."""
    return list_first(desk, settings, "MIDDLEWARE", name, after=after)


def list_first(desk: Desk, settings: Settings, setting: str, name: str, *, after: Sequence[str] = ()) -> Edit:
    """List a name in a setting: behind the last of those it must follow, or first."""
    current = settings.get(setting)
    if current.span is None:
        raise NotPossible(f"{setting} is not set here")
    document = desk.python(current.span.path)
    statement = document.at(current.span, ast.stmt)
    value = statement.value if isinstance(statement, ast.Assign | ast.AnnAssign) else None
    if not isinstance(value, ast.List | ast.Tuple) or not value.elts:
        raise NotPossible(f"{setting} is not a list that is written out")
    before = [index for index, node in enumerate(value.elts) if isinstance(node, ast.Constant) and node.value in after]
    at = before[-1] + 1 if before else 0
    if at < len(value.elts):
        node = value.elts[at]
        line = document.line(node.lineno)
        indent = line[: len(line) - len(line.lstrip())]
        start = document.place(node)[0]
        alone = document.text[document.line_start(node.lineno) : start].strip() == ""
        return document.insert(start, f"{document.quoted(name)},\n{indent}" if alone else f"{document.quoted(name)}, ")
    end = document.place(value.elts[-1])[1]
    return document.insert(end, f", {document.quoted(name)}")


def _is_false(node: ast.Assign | ast.AnnAssign) -> bool:
    return isinstance(node.value, ast.Constant) and node.value.value is False


def _replaced(desk: Desk, current: SettingValue, value: str) -> Edit:
    assert current.span is not None  # asked for by the caller
    document = desk.python(current.span.path)
    statement = document.at(current.span, ast.stmt)
    name = current.name
    if not isinstance(statement, ast.Assign | ast.AnnAssign) or _name(statement) != name or statement.value is None:
        raise NotPossible(f"{name} is not set by a plain assignment")
    place = _switch(document, statement) or statement
    debug = [node for node in _assignments(document) if _name(node) == "DEBUG"]
    if value == "not DEBUG" and (not debug or debug[-1].lineno >= place.lineno):
        raise NotPossible(f"DEBUG, which tells development apart, is set below {_name(place)}")
    assert place.value is not None  # of both kinds
    return document.replace(place.value, value)


def _switch(document: PythonDocument, statement: ast.Assign | ast.AnnAssign) -> ast.Assign | ast.AnnAssign | None:
    """The one assignment of a constant that a setting follows by its name: `ENABLE_HTTPS = False`, `SECURE_SSL_REDIRECT = ENABLE_HTTPS`."""
    if not isinstance(statement.value, ast.Name):
        return None
    made = [node for node in _assignments(document) if _name(node) == statement.value.id and node.lineno < statement.lineno]
    return made[0] if len(made) == 1 and isinstance(made[0].value, ast.Constant) else None


def _added(document: PythonDocument, name: str, value: str) -> Edit:
    """Add behind the last assignment of the settings it belongs to, or at the end of the file."""
    prefix, _, rest = name.partition("_")
    made = list(_assignments(document))
    kin = [node for node in made if _name(node).startswith(f"{prefix}_")] or [
        node for node in made if _name(node).endswith(f"_{rest}")
    ]
    if value == "not DEBUG":
        debug = [node for node in _assignments(document) if _name(node) == "DEBUG"]
        known = max([debug[-1].lineno, *(node.lineno for node in _tests(document))])
        kin = [node for node in kin if node.lineno > known]
    if kin:
        return document.insert_after(kin[-1], f"{name} = {value}")
    if value != "not DEBUG" and (override := _override(document)) is not None:
        line = override.lineno
        while line > 1 and document.line(line - 1).lstrip().startswith("#"):
            line -= 1
        return document.insert_lines(line, [f"{name} = {value}", ""])
    if not document.text.strip():
        return document.insert(len(document.text), f"{name} = {value}\n")
    end = document.text
    lead = "" if end.endswith(("\n", "\r")) else "\n"
    gap = "" if _ends_in_setting(document) else "\n"
    return document.insert(len(end), f"{lead}{gap}{name} = {value}" + ("" if lead else "\n"))


def _override(document: PythonDocument) -> ast.stmt | None:
    """The star import at the end of a file by which somebody's own settings have the last word."""
    body = list(document.tree.body)
    found = None
    while body and _is_star(body[-1]):
        found = body.pop()
    return found if any(isinstance(node, ast.Assign) for node in body) else None


def _is_star(node: ast.stmt) -> bool:
    if isinstance(node, ast.Try):
        return all(map(_is_star, node.body))
    return isinstance(node, ast.ImportFrom) and node.names[0].name == "*"


def _tests(document: PythonDocument) -> list[ast.If]:
    """Where a file asks for DEBUG: something may have turned it on that far."""
    return [
        node
        for node in document.tree.body
        if isinstance(node, ast.If) and any(isinstance(inner, ast.Name) and inner.id == "DEBUG" for inner in ast.walk(node.test))
    ]


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
