"""Columns of a model that keeps how a command was run: `pwd` beside `cmd` is the folder it ran in."""

from __future__ import annotations

from leaktight.source.code import Code, Op

_BESIDE = frozenset({"cmd", "command", "argv", "cwd", "pid", "exit_code", "returncode"})


def is_folder(name: str, body: list[Code]) -> bool:
    """Tell a column that is called like a password and holds a folder."""
    names = {target[2] for code in body if code[0] == Op.ASSIGN for target in code[2] if target[0] == Op.NAME}
    return name == "pwd" and not _BESIDE.isdisjoint(names)
