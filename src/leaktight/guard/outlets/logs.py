"""Every handler of every logger: what it writes, and what it reads of a record, holds nothing sensitive.

The hook is in `logging.Handler` itself: it covers handlers the site adds later, `lastResort`, queues and their listeners, and handlers
with a format of their own, and needs no change of `LOGGING`.
"""

from __future__ import annotations

import io
import logging
import logging.handlers
import sys
import traceback
import warnings
from collections.abc import Callable, Mapping
from typing import Any

from django.utils.log import AdminEmailHandler

from leaktight.guard.conf import Mode
from leaktight.guard.outlets.masking import WITHHELD, Mask, holds_nothing
from leaktight.guard.outlets.records import extras, is_plain, masked_extras, masked_whole
from leaktight.guard.outlets.telling import tell_found
from leaktight.policy import Channel

_TEXT_WRITERS = (
    logging.StreamHandler.emit,
    logging.FileHandler.emit,
    logging.handlers.BaseRotatingHandler.emit,
    logging.handlers.WatchedFileHandler.emit,
    logging.handlers.SysLogHandler.emit,
    logging.handlers.NTEventLogHandler.emit,
    logging.handlers.SMTPHandler.emit,
)
"""The ways to emit that take nothing from a record but its formatted text."""

_originals: dict[str, Any] = {}
_kinds: dict[type, tuple[bool, bool]] = {}


def install() -> None:
    """Put every handler under guard."""
    if _originals:
        return
    _originals.update(
        handle=logging.Handler.handle,
        format=logging.Handler.format,
        handleError=logging.Handler.handleError,
        addHandler=logging.Logger.addHandler,
        formatwarning=warnings.formatwarning,
    )
    logging.Handler.handle = _handle  # type: ignore[method-assign]
    logging.Handler.format = _format  # type: ignore[method-assign]
    logging.Handler.handleError = _handle_error  # type: ignore[method-assign]
    logging.Logger.addHandler = _add_handler  # type: ignore[method-assign]
    warnings.formatwarning = _format_warning
    for reference in list(logging._handlerList):  # type: ignore[attr-defined]  # noqa: SLF001 - the only list of all handlers there is
        handler = reference()
        if handler is not None:
            _cover(handler)


def remove() -> None:
    """Leave logging as it was."""
    if not _originals:
        return
    logging.Handler.handle = _originals["handle"]  # type: ignore[method-assign]
    logging.Handler.format = _originals["format"]  # type: ignore[method-assign]
    logging.Handler.handleError = _originals["handleError"]  # type: ignore[method-assign]
    logging.Logger.addHandler = _originals["addHandler"]  # type: ignore[method-assign]
    warnings.formatwarning = _originals["formatwarning"]
    _originals.clear()
    _kinds.clear()


def _handle(self: logging.Handler, record: logging.LogRecord) -> Any:
    """`logging.Handler.handle`, with a masked record for what is emitted. Its filters see the record itself, and may still add to it."""
    passed: Any = self.filter(record)
    if isinstance(passed, logging.LogRecord):  # since Python 3.12 a filter may return another record
        record = passed
    if passed:
        record = guarded(self, record)
        self.acquire()
        try:
            self.emit(record)
        finally:
            self.release()
    return passed


def guarded(handler: logging.Handler, record: logging.LogRecord) -> logging.LogRecord:
    """Return the record a handler may see: the very same one when it holds nothing sensitive or the mode is `report`."""
    cls = type(handler)
    text_only, keep_error = _kinds.get(cls) or _kind(cls)
    plain = text_only and (handler.formatter is None or type(handler.formatter).format is logging.Formatter.format)
    if plain and isinstance(record.msg, str) and not isinstance(record.args, Mapping) and not extras(record):
        return record
    try:
        if is_plain(record) and not record.exc_info:
            return record
        mask = Mask(Channel.ERROR_REPORT if issubclass(cls, AdminEmailHandler) else Channel.LOG)
        masked = masked_extras(record, mask) if plain else masked_whole(record, mask, keep_error=keep_error or text_only)
        tell_found(mask)
    except Exception:  # noqa: BLE001 - what cannot be inspected is not written, whatever the reason
        return _withheld(record)
    if masked is record or mask.mode is Mode.REPORT:
        return record
    return masked if mask.mode is Mode.MASK else _withheld(record)


def _kind(cls: type) -> tuple[bool, bool]:
    """Tell of a class of handlers whether it only writes the formatted text, and whether its exceptions go to a guarded reporter."""
    text_only = (
        cls.emit in _TEXT_WRITERS  # type: ignore[attr-defined]
        and cls.format is logging.Handler.format  # type: ignore[attr-defined]
        and getattr(cls, "getSubject", None) in {None, logging.handlers.SMTPHandler.getSubject}
    )
    keep_error = issubclass(cls, AdminEmailHandler) or cls.__module__.partition(".")[0] == "sentry_sdk"
    _kinds[cls] = text_only, keep_error
    return text_only, keep_error


def _withheld(record: logging.LogRecord) -> logging.LogRecord:
    """A record that says when, where and how grave, and nothing else."""
    bare = logging.LogRecord(record.name, record.levelno, record.pathname, record.lineno, WITHHELD, None, None, record.funcName)
    bare.created, bare.msecs = record.created, record.msecs
    return bare


def _format(self: logging.Handler, record: logging.LogRecord) -> Any:
    """`logging.Handler.format`, with the final text masked: whatever a formatter has added is in it."""
    channel = Channel.ERROR_REPORT if isinstance(self, AdminEmailHandler) else Channel.LOG
    return masked_output(_originals["format"](self, record), record, channel)


def masked_output(output: Any, record: logging.LogRecord | None = None, channel: Channel = Channel.LOG) -> Any:
    """Return what is about to be written, a text or data, without anything sensitive."""
    try:
        if isinstance(output, str) and holds_nothing(output, channel):
            return output
        mask = Mask(channel)
        masked = mask.text(output) if isinstance(output, str) else mask.data(output)
        if masked is output:
            return output
        tell_found(mask)
        if mask.mode is Mode.REPORT:
            return output
        if record is not None and record.exc_text:
            record.exc_text = mask.text(record.exc_text)  # the formatter's cache, which other handlers read
    except Exception:  # noqa: BLE001 - what cannot be inspected is not written, whatever the reason
        return WITHHELD
    return masked


def _handle_error(self: logging.Handler, record: logging.LogRecord) -> None:
    """`logging.Handler.handleError`: it prints the message and its arguments, which did not fit or could not be sent."""
    errors = sys.stderr
    if not logging.raiseExceptions or not errors:
        return
    text = io.StringIO()
    text.write("--- Logging error ---\n")
    traceback.print_exc(file=text)
    text.write("Call stack:\n")
    traceback.print_stack(file=text)
    text.write(f"Message: {record.msg!r}\nArguments: {record.args}\n")
    try:
        errors.write(masked_output(text.getvalue()))
    except OSError:
        pass


def _add_handler(self: logging.Logger, hdlr: logging.Handler) -> None:
    _cover(hdlr)
    _originals["addHandler"](self, hdlr)


def _cover(handler: logging.Handler) -> None:
    """Give a masked record to classes of handlers that do without `logging.Handler.handle`."""
    for cls in type(handler).__mro__:
        own = cls.__dict__.get("handle")
        if own is not None and cls not in {logging.Handler, logging.NullHandler} and not hasattr(own, "leaktight_covers"):
            cls.handle = _covered(own)  # type: ignore[attr-defined]


def _covered(own: Callable[..., Any]) -> Callable[..., Any]:
    def handle(self: logging.Handler, record: logging.LogRecord) -> Any:
        return own(self, guarded(self, record) if _originals else record)

    handle.leaktight_covers = own  # type: ignore[attr-defined]
    return handle


def _format_warning(message: Any, category: type[Warning], filename: str, lineno: int, line: str | None = None) -> str:
    text: str = masked_output(_originals["formatwarning"](message, category, filename, lineno, line))
    return text
