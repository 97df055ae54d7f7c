"""Log calls that are added to a file: by the logger it has, or by one it gets."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from leaktight.edit.decorators import last_part
from leaktight.edit.python import PythonDocument
from leaktight.model import Edit

_MAKERS = frozenset({"getLogger", "get_logger", "get_task_logger"})
_NAMES = ("logger", "log", "LOGGER", "LOG", "_logger")
LEVELS = frozenset("debug info warning warn error exception critical fatal log".split())
_OF_TROUBLE = frozenset({"error", "warning", "warn", "critical", "fatal"})
_TELLERS = frozenset({"capture_exception", "report_error", "mail_admins", "report_exception", "log_exception", "print_exc"})


def is_log_call(node: ast.AST) -> bool:
    """Tell a call that writes a log or tells a service for errors."""
    if not isinstance(node, ast.Call):
        return False
    function = node.func
    if last_part(function) in _TELLERS:
        return True
    if isinstance(function, ast.Call):
        return is_log_call(function)
    if not isinstance(function, ast.Attribute) or (function.attr not in LEVELS and not function.attr.startswith("log_")):
        return False
    base = function.value
    name = last_part(base.func if isinstance(base, ast.Call) else base)
    return name.lower().endswith(("log", "logger", "logging")) or name in _MAKERS or function.attr.startswith("log_")


def logger_of(document: PythonDocument) -> str | None:
    """Return the name of the logger a file has at module level."""
    for node in document.tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and last_part(node.value.func) in _MAKERS:
            target = node.targets[0]
            if isinstance(target, ast.Name):
                return target.id
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if (alias.asname or alias.name) in _NAMES:
                    return alias.asname or alias.name
    return None


def need_logger(document: PythonDocument) -> tuple[str, list[Edit]]:
    """Return what the logger is called, and the edits that make it when the file has none."""
    known = logger_of(document)
    if known is not None:
        return known, []
    name, imported = document.imports.need_module("logging")
    line = document.imports.end_line() + 1
    blank = [""] if line > 1 else []
    after = [] if document.lines < line or not document.line(line).strip() else ["", ""]
    return "logger", [*imported, document.insert_lines(line, [*blank, f"logger = {name}.getLogger(__name__)", *after])]


def log_exception_there(document: PythonDocument, handler: ast.ExceptHandler) -> Edit | None:
    """Let the line that a handler logs anyway tell what was caught; None when there is none, or it stands under a condition."""
    for statement in handler.body:
        call = statement.value if isinstance(statement, ast.Expr) else None
        if (
            isinstance(call, ast.Call)
            and isinstance(call.func, ast.Attribute)
            and is_log_call(call)
            and call.func.attr in _OF_TROUBLE
        ):
            if call.func.attr == "error":
                end = document.place(call.func)[1]
                return document.edit(end - len("error"), end, "exception")
            return document.keyword(call, "exc_info", "True")
    return None


def log_exception(document: PythonDocument, handler: ast.ExceptHandler, message: str) -> Iterator[Edit]:
    """Log what a handler has caught, before anything else it does."""
    name, made = need_logger(document)
    yield from made
    header = handler.type.end_lineno if handler.type is not None else handler.lineno
    indent = document.indent_of(handler.body[0])
    yield document.insert_lines((header or handler.lineno) + 1, [f"{name}.exception({document.quoted(message)})"], indent)


def is_logged(handler: ast.ExceptHandler) -> bool:
    """Tell a handler that logs what it has caught, with its text or its traceback."""
    for node in (inner for statement in handler.body for inner in ast.walk(statement)):
        if is_log_call(node) and isinstance(node, ast.Call):
            shown = {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
            keywords = {keyword.arg for keyword in node.keywords}
            if last_part(node.func) in {"exception", *_TELLERS} or handler.name in shown or "exc_info" in keywords:
                return True
    return False
