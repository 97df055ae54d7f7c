"""structlog and loguru, which write without `logging`: what they are given and what they make of it holds nothing sensitive."""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from leaktight.guard.conf import Mode
from leaktight.guard.outlets.loading import wait_no_more, when_loaded
from leaktight.guard.outlets.logs import masked_output
from leaktight.guard.outlets.masking import WITHHELD, Mask
from leaktight.guard.outlets.records import masked_error
from leaktight.guard.outlets.telling import tell_found
from leaktight.policy import Channel

_originals: dict[str, Any] = {}


def install() -> None:
    """Put the loggers of both under guard as soon as they are loaded."""
    if "structlog" not in _originals:
        when_loaded("structlog", _hook_structlog)
    if "loguru" not in _originals:
        when_loaded("loguru", _hook_loguru)


def remove() -> None:
    """Leave both to themselves again."""
    wait_no_more(_hook_structlog)
    wait_no_more(_hook_loguru)
    if "structlog" in _originals:
        sys.modules["structlog"]._base.BoundLoggerBase._process_event = _originals.pop("structlog")  # noqa: SLF001
    if "loguru" in _originals:
        handler: Any = sys.modules["loguru._handler"]
        handler.Handler.emit, handler.Message = _originals.pop("loguru")


def _hook_structlog(structlog: Any) -> None:
    base = structlog._base.BoundLoggerBase  # noqa: SLF001 - what every kind of its loggers derives from
    process: Callable[..., tuple[Sequence[Any], Mapping[str, Any]]] = base._process_event  # noqa: SLF001 - documented for wrappers
    _originals["structlog"] = process

    def _process_event(self: Any, method_name: str, event: Any, event_kw: dict[str, Any]) -> Any:
        """Mask what processors are given, by name too, and what the last of them has made."""
        given = _masked([self._context, event, event_kw], blank=[{}, WITHHELD, {}])
        logger = self
        if given[0] is not self._context:
            logger = copy.copy(self)
            logger._context = given[0]  # noqa: SLF001 - the copy's own
        arguments, named = process(logger, method_name, given[1], given[2])
        return tuple(_output(each) for each in arguments), {name: _output(each) for name, each in named.items()}

    base._process_event = _process_event  # noqa: SLF001


def _masked(given: list[Any], blank: list[Any]) -> list[Any]:
    try:
        mask = Mask(Channel.LOG)
        masked = [mask.data(each) for each in given]
        tell_found(mask)
    except Exception:  # noqa: BLE001 - what cannot be inspected is not written, whatever the reason
        return blank
    if mask.mode is Mode.REPORT:
        return given
    return blank if mask.found and mask.mode is Mode.BLOCK else masked


def _output(made: Any) -> Any:
    if isinstance(made, bytes | bytearray):
        text = made.decode("utf-8", "surrogateescape")
        masked = masked_output(text)
        return made if masked == text else masked.encode("utf-8", "surrogateescape")
    return masked_output(made)


def _hook_loguru(_: Any) -> None:
    handler: Any = sys.modules["loguru._handler"]
    emit, message = handler.Handler.emit, handler.Message
    _originals["loguru"] = emit, message

    class Message(message):  # type: ignore[misc, valid-type]
        """The finished text, which sinks write: what the format has added, such as the variables of a traceback, is in it."""

        __slots__ = ()

        def __new__(cls, text: str) -> Any:
            return message.__new__(cls, masked_output(text))

    # A queue pickles it, by the name under which it is found.
    Message.__module__, Message.__qualname__ = message.__module__, message.__qualname__

    def guarded(self: Any, record: dict[str, Any], *arguments: Any, **named: Any) -> Any:
        return emit(self, _masked_record(record), *arguments, **named)

    handler.Handler.emit, handler.Message = guarded, Message


def _masked_record(record: dict[str, Any]) -> dict[str, Any]:
    """Return the record a sink may read: the very same one when it holds nothing."""
    try:
        mask = Mask(Channel.LOG)
        message, extra = mask.text(record["message"]), mask.data(record["extra"])
        error = record["exception"]
        if error is not None and error.value is not None:
            masked = masked_error(tuple(error), mask)
            if masked != tuple(error):
                error = type(error)(error.type, masked[1], masked[2])  # its own type, which can be pickled
        tell_found(mask)
    except Exception:  # noqa: BLE001 - what cannot be inspected is not written, whatever the reason
        return {**record, "message": WITHHELD, "extra": {}, "exception": None}
    if mask.mode is Mode.REPORT or (message is record["message"] and extra is record["extra"] and error is record["exception"]):
        return record
    if mask.mode is Mode.BLOCK:
        return {**record, "message": WITHHELD, "extra": {}, "exception": None}
    return {**record, "message": message, "extra": extra, "exception": error}
