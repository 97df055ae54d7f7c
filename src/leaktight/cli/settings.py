"""`leaktight config`: the configuration that applies, and the origin of each value."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

import msgspec

from leaktight.cli.console import write
from leaktight.cli.scan import Request, effective, existing
from leaktight.config import Effective
from leaktight.report import Status
from leaktight.report.ink import visible


def show(path: str) -> Status:
    """Print it as TOML that could stand in a configuration file."""
    found = effective(existing([path]), Request())
    write("".join(f"{line}\n" for line in _told(found)))
    return Status.TIGHT


def _told(found: Effective) -> Iterator[str]:
    yield f"# {'no configuration file: everything is at its default' if found.file is None else _read_from(found)}"
    rows = list(_rows(found.config, "", found))
    width = max(len(value) for _, value, origin in rows if origin)
    for key, value, origin in rows:
        if key:
            yield f"{value:<{width}}  # {origin}" if origin else value
        else:
            yield f"\n[{value}]"


def _read_from(found: Effective) -> str:
    return f"read from {visible(str(found.file))}"


def _rows(section: msgspec.Struct, prefix: str, found: Effective) -> Iterator[tuple[str, str, str]]:
    """Key, `key = value` and origin; a table is announced by a row without key,
    a value that is not set has no origin. Plain values come first.
    """
    tables: list[tuple[str, msgspec.Struct]] = []
    for field in msgspec.structs.fields(section):
        value = getattr(section, field.name)
        key = f"{prefix}{field.encode_name}"
        if isinstance(value, msgspec.Struct):
            tables.append((key, value))
        elif isinstance(value, dict):
            tables += [(f"{key}.{name}", item) for name, item in value.items()]
        elif value is None:
            yield key, f"# {field.encode_name} is not set", ""
        else:
            yield key, f"{field.encode_name} = {_toml(value)}", found.origins.get(key, "default")
    for key, table in tables:
        yield "", key, ""
        yield from _rows(table, f"{key}.", found)


def _toml(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case StrEnum() | str():
            return msgspec.json.encode(str(value)).decode()
        case tuple():
            return f"[{', '.join(_toml(item) for item in value)}]"
        case _:
            return str(value)
