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
    covered: list[tuple[logging.Handler, Any]] = []

    def cover(handler: logging.Handler) -> None:
        before = vars(handler).get("emit")
        if (before is not None and not isinstance(before, _Emit)) or isinstance(handler, AdminEmailHandler | logging.NullHandler):
            return
        if isinstance(before, _Emit) and before.watch is watch:
            return
        # On the instance, so that whoever looks at the class, as the guard does, sees the same as in production.
        emit = _StandIn(handler, watch) if _is_of_pytest(handler) else _Emit(handler, watch)
        handler.emit = emit  # type: ignore[method-assign]
        covered.append((handler, before))

    for reference in list(logging._handlerList):  # type: ignore[attr-defined]  # noqa: SLF001 - the only list of all handlers there is
        if (handler := reference()) is not None:
            cover(handler)
    add = logging.Logger.addHandler

    def add_handler(self: logging.Logger, hdlr: logging.Handler) -> None:
        cover(hdlr)
        add(self, hdlr)

    with replaced(logging.Logger, addHandler=add_handler), replaced(sys, stdout=_Printed(watch), stderr=_Printed(watch)):
        yield
    for handler, before in reversed(covered):
        if before is None:
            vars(handler).pop("emit", None)
        else:
            handler.emit = before


def _is_of_pytest(handler: logging.Handler) -> bool:
    return type(handler).__module__.startswith("_pytest")


class _Emit:
    """Stands in for a handler: tells what it would have written."""

    def __init__(self, handler: logging.Handler, watch: Watch) -> None:
        self.handler = handler
        self.watch = watch

    def __call__(self, record: logging.LogRecord) -> None:
        if not self.watch.is_open:
            return
        try:
            text = self.handler.format(record)
        except Exception as error:  # noqa: BLE001 - as the handler would: a line that cannot be formatted is lost
            text = f"not formatted: {type(error).__name__}"
        self.watch.saw(Channel.LOG, str(text), f"logger {record.name}, {type(self.handler).__name__}")


class _StandIn(_Emit):
    """Where only pytest listens: tells what Python itself would print in production, lines of the last resort."""

    def __init__(self, handler: logging.Handler, watch: Watch) -> None:
        super().__init__(handler, watch)
        self.heard = handler.emit

    def __call__(self, record: logging.LogRecord) -> None:
        self.heard(record)
        last = logging.lastResort
        if (
            self.watch.is_open
            and last is not None
            and record.levelno >= last.level
            and not _has_others(logging.getLogger(record.name))
        ):
            self.watch.saw(Channel.LOG, last.format(record), "the server's output")


def _has_others(logger: logging.Logger | None) -> bool:
    """Tell whether a logger has a handler that is not pytest's."""
    while logger is not None:
        if not all(map(_is_of_pytest, logger.handlers)):
            return True
        logger = logger.parent if logger.propagate else None
    return False


class _Printed(io.StringIO):
    """What is printed goes where the logs go: into the output of the server."""

    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self._watch = watch

    def write(self, text: str, /) -> int:
        if text.strip():
            self._watch.saw(Channel.LOG, text, "the server's output")
        return len(text)
