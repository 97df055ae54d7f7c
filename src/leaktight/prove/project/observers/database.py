"""The database: values that are written into columns so that they can be read there."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from django.apps import apps
from django.db import connections

from leaktight.model import CodePlace
from leaktight.policy import Channel
from leaktight.prove.project.places import OwnCode
from leaktight.prove.project.watch import Watch

_INSERT = re.compile(r'^INSERT\s+(?:OR\s+\w+\s+)?INTO\s+["`]?([\w.]+)["`]?\s*\(([^)]*)\)', re.IGNORECASE)
_UPDATE = re.compile(r'^UPDATE\s+["`]?([\w.]+)["`]?\s+SET\s+(.*?)(?:\sWHERE\s|$)', re.IGNORECASE | re.DOTALL)
_SET = re.compile(r'["`]?(\w+)["`]?\s*=\s*%s')
_WATCHED_ELSEWHERE = ("django_session", "leaktight_")


@contextmanager
def observe(watch: Watch) -> Iterator[None]:
    """Read the parameters of what is written."""

    def written(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:  # noqa: FBT001 - as Django calls it
        if watch.is_open and params and not isinstance(params, dict):
            for row in params if many else [params]:
                for table, column, value in _columns(sql, list(row)):
                    if isinstance(value, str | bytes) and not table.startswith(_WATCHED_ELSEWHERE):
                        place = watch.code.here() or _declared(watch.code, table, column)
                        watch.saw(Channel.DATABASE, value, f"column {column} of table {table}", place=place)
        return execute(sql, params, many, context)

    with ExitStack() as stack:
        for connection in connections.all():
            stack.enter_context(connection.execute_wrapper(written))
        yield


def _declared(code: OwnCode, table: str, column: str) -> CodePlace | None:
    """Return the line that declares a column: what the admin writes is written by no line of the project."""
    for model in apps.get_models():
        if model._meta.db_table == table and (place := code.of(model)) is not None:  # noqa: SLF001
            field = next((field.name for field in model._meta.concrete_fields if field.column == column), column)  # noqa: SLF001
            lines, first = inspect.getsourcelines(model)
            line = next(
                (number for number, text in enumerate(lines, first) if re.match(rf"\s+{field}\b\s*[:=]", text)), place.line
            )
            return CodePlace(place.path, line, place.symbol)
    return None


def _columns(sql: str, values: Sequence[Any]) -> Iterator[tuple[str, str, Any]]:
    """Yield the table, column and value of everything a statement writes."""
    if match := _INSERT.match(sql):
        names = [name.strip(' "`') for name in match[2].split(",")]
        for at, value in enumerate(values):
            yield match[1], names[at % len(names)], value
    elif match := _UPDATE.match(sql):
        for name, value in zip(_SET.findall(match[2]), values, strict=False):
            yield match[1], name, value
