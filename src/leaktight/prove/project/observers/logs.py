"""Logs: the text every handler would write, and what is printed; nothing is written."""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.utils.log import AdminEmailHandler

from leaktight.policy import Channel
from leaktight.prove.project.observers.patching import replaced
from leaktight.prove.project.watch import Watch


@contextmanager
def observe(watch: Watch) -> Iterator[None]:
    """Listen to every handler there is and every one that is added."""
    covered: list[logging.Handler] = []

    def cover(handler: logging.Handler) -> None:
        if "emit" in vars(handler) or isinstance(handler, AdminEmailHandler | logging.NullHandler):
            return
        if type(handler).__module__.startswith("_pytest"):
            return
        # On the instance, so that whoever looks at the class, as the guard does, sees the same as in production.
        handler.emit = _recorder(handler, watch)  # type: ignore[method-assign]
        covered.append(handler)

    for reference in list(logging._handlerList):  # type: ignore[attr-defined]  # noqa: SLF001 - the only list of all handlers there is
        if (handler := reference()) is not None:
            cover(handler)
    add = logging.Logger.addHandler

    def add_handler(self: logging.Logger, hdlr: logging.Handler) -> None:
        cover(hdlr)
        add(self, hdlr)

    with replaced(logging.Logger, addHandler=add_handler), replaced(sys, stdout=_Printed(watch), stderr=_Printed(watch)):
        yield
    for handler in covered:
        vars(handler).pop("emit", None)


def _recorder(handler: logging.Handler, watch: Watch) -> Any:
    def emit(record: logging.LogRecord) -> None:
        if not watch.is_open:
            return
        try:
            text = handler.format(record)
        except Exception as error:  # noqa: BLE001 - as the handler would: a line that cannot be formatted is lost
            text = f"not formatted: {type(error).__name__}"
        watch.saw(Channel.LOG, str(text), f"logger {record.name}, {type(handler).__name__}")

    return emit


class _Printed(io.StringIO):
    """What is printed goes where the logs go: into the output of the server."""

    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self._watch = watch

    def write(self, text: str, /) -> int:
        if text.strip():
            self._watch.saw(Channel.LOG, text, "the server's output")
        return len(text)
