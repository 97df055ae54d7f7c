"""Help in two columns of plain text, made without loading anything a scan or a pretty printer needs."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cyclopts import App
    from cyclopts.argument import Argument

_COLUMN = 26
_EXAMPLE = ("leaktight ", "manage.py ")


def help_text(app: App, command: str | None, *, width: int) -> str:
    """The help of the program, or of one of its commands."""
    return "\n".join(_program(app, width) if command is None else _command(app[command], width)) + "\n"


def commands(app: App) -> list[str]:
    """The names of the commands."""
    return sorted(name for name in app if not name.startswith("-"))


def _program(app: App, width: int) -> Iterator[str]:
    yield from (app.usage or "", "")
    yield from _paragraphs(app.help, width)
    yield "Commands:"
    for name in commands(app):
        yield from _row(name, app[name].help.partition("\n")[0], width)
    yield from ("", "Options:")
    yield from _row("-h, --help", "Show this, or after a command the help of the command.", width)
    yield from _row("--version", "Show the version.", width)


def _command(app: App, width: int) -> Iterator[str]:
    yield from (app.usage or "", "")
    yield from _paragraphs(app.help, width)
    arguments = [argument for argument in app.assemble_argument_collection() if argument.parameter.help]
    if arguments:
        yield "Options:"
    for argument in arguments:
        # Short names first, as they are typed.
        yield from _row(", ".join(sorted(argument.names, key=len)), _said(argument), width)


def _said(argument: Argument) -> str:
    choices = argument.get_choices() or ()
    default = argument.field_info.default
    said = argument.parameter.help or ""
    if choices:
        said += f" One of: {', '.join(choices)}."
    return f"{said} Default: {default}." if choices and default is not None else said


def _row(head: str, said: str, width: int) -> Iterator[str]:
    rows = textwrap.wrap(said, width - _COLUMN, break_on_hyphens=False)
    head = f"  {head}"
    if len(head) < _COLUMN - 1:
        head += " " * (_COLUMN - len(head)) + rows.pop(0)
    yield head
    yield from (" " * _COLUMN + row for row in rows)


def _paragraphs(text: str, width: int) -> Iterator[str]:
    for paragraph in text.split("\n\n"):
        if paragraph.strip().startswith(_EXAMPLE):
            yield from (f"  {line.strip()}" for line in paragraph.strip().splitlines())  # to be copied: never wrapped
            yield ""
            continue
        yield from textwrap.wrap(" ".join(paragraph.split()), width, break_on_hyphens=False)
        yield ""
