"""Where code reads settings by name: `settings.NAME`, `getattr(settings, "NAME")`, `get_shop_setting("name")`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from leaktight.project.symbols import External, FunctionRef, GlobalRef, Program
from leaktight.source.code import Code, Op, last_name, walk

_SETTINGS = "django.conf.settings"


class SettingRead(NamedTuple):
    """One place that reads a setting."""

    name: str
    """Upper case, as a settings module has it."""
    path: str
    span: int
    function: FunctionRef | None
    by_attribute: bool
    """Read as `settings.NAME`, and not by a text."""


def settings_reads(program: Program) -> Iterator[SettingRead]:
    """Give every read of a setting whose name is written out, in the order of files."""
    for ref in program.functions():
        for code in program.pieces(ref):
            found = _read(program, code, ref.path, ref)
            if found is not None:
                yield found
    for path in sorted(program.modules):
        body = program.modules[path].body
        for code in walk(msgspec.msgpack.decode(body)) if body else ():
            found = _read(program, code, path, None)
            if found is not None:
                yield found


def _read(program: Program, code: Code, path: str, function: FunctionRef | None) -> SettingRead | None:
    if code[0] == Op.ATTR and code[3].isupper() and is_settings(program, code[2], path):
        return SettingRead(code[3], path, code[1], function, by_attribute=True)
    if code[0] != Op.CALL or not code[3]:
        return None
    called, first = last_name(code[2]), code[3][0]
    if called == "getattr" and len(code[3]) > 1 and is_settings(program, first, path):
        return _named(code[3][1], path, code[1], function)
    if "setting" in called.lower().removesuffix("settings"):
        return _named(first, path, code[1], function)
    return None


def _named(code: Code, path: str, span: int, function: FunctionRef | None) -> SettingRead | None:
    if code[0] != Op.CONST or not isinstance(code[2], str) or not code[2].isidentifier():
        return None
    return SettingRead(code[2].upper(), path, span, function, by_attribute=False)


def is_settings(program: Program, code: Code, path: str) -> bool:
    """Tell the name that stands for Django's settings."""
    if code[0] not in {Op.NAME, Op.ATTR}:
        return False
    symbol = program.resolve_code(code, path)
    return isinstance(symbol, External | GlobalRef) and symbol.name in {_SETTINGS, "settings"}
