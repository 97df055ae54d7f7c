"""Log records without anything sensitive: copies, since other handlers and the site's own code still read the record itself."""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable, Mapping
from typing import Any

from django.db.models import Manager, QuerySet
from django.http import HttpRequest

from leaktight.guard.outlets import requests
from leaktight.guard.outlets.exceptions import stand_in, texts
from leaktight.guard.outlets.masking import WITHHELD, Mask, holds_nothing
from leaktight.guard.values.registry import PROCESS, current
from leaktight.policy import Channel

_OWN = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
"""The attributes of every record; all others are the site's `extra`."""

FEWEST = len(logging.makeLogRecord({}).__dict__)
"""A record with no more attributes than this has no `extra`."""


_SCALARS = frozenset({str, int, float, bool, type(None)})


def extras(record: logging.LogRecord) -> set[str]:
    """Return the names a call or a filter has added to a record."""
    return record.__dict__.keys() - _OWN if len(record.__dict__) > FEWEST else set()


def is_plain(record: logging.LogRecord) -> bool:
    """Tell cheaply of most records that nothing sensitive is in them, leaving the exception aside."""
    if extras(record) or record.exc_text or record.stack_info or not isinstance(record.msg, str):
        return False
    arguments = record.args or ()
    if not isinstance(arguments, tuple) or not all(type(each) in _SCALARS for each in arguments):
        return False
    return all(holds_nothing(str(each), Channel.LOG) for each in (record.msg, *arguments)) and holds_nothing(
        record.getMessage(), Channel.LOG
    )


def masked_extras(record: logging.LogRecord, mask: Mask) -> logging.LogRecord:
    """Return a record for a handler that only writes the formatted text: what names say is masked, the text itself comes later."""
    given = {name: getattr(record, name) for name in extras(record)}
    if not isinstance(record.msg, str):
        given["msg"] = record.msg
    if isinstance(record.args, Mapping):
        given["args"] = record.args
    return _changed(record, {name: mask.data(value, _named(name)) for name, value in given.items()})


def masked_whole(record: logging.LogRecord, mask: Mask, *, keep_error: bool = False) -> logging.LogRecord:
    """Return a record for a handler that reads it, in which no attribute holds anything sensitive.

    `keep_error` leaves exception and request as they are, for reporters that are guarded themselves.
    """
    opaque = _opaque(mask, keep_requests=keep_error)
    found: dict[str, Any] = {name: mask.data(getattr(record, name), name, other=opaque) for name in extras(record)}
    found |= _message(record, mask)
    for name in ("exc_text", "stack_info", "message"):
        if text := getattr(record, name, None):
            found[name] = mask.text(str(text))
    if not keep_error and isinstance(record.exc_info, tuple) and record.exc_info[1] is not None:
        found["exc_info"] = masked_error(record.exc_info, mask)
    return _changed(record, found)


def _named(name: str) -> str:
    return "" if name in {"msg", "args"} else name


def _changed(record: logging.LogRecord, found: Mapping[str, Any]) -> logging.LogRecord:
    """Return the record itself when nothing is different, so that who compares records finds the one that was logged."""
    if all(value is getattr(record, name, None) for name, value in found.items()):
        return record
    changed = copy.copy(record)
    changed.__dict__.update(found)
    return changed


def _message(record: logging.LogRecord, mask: Mask) -> dict[str, Any]:
    """Mask message and arguments one by one if the merged text is then clean, and else the merged text."""
    message, arguments = record.msg, record.args
    found = {"msg": mask.data(message, other=_opaque(mask)), "args": mask.data(arguments, other=_opaque(mask))}
    if not arguments:
        return found
    try:
        merged = str(message) % arguments
    except Exception:  # noqa: BLE001 - a message that does not fit its arguments is reported by the handler
        return found
    if mask.text(merged) == merged and found["msg"] is message and found["args"] is arguments:
        return found
    try:
        again = str(found["msg"]) % found["args"]
    except Exception:  # noqa: BLE001 - a mask does not fit in the place of a number
        again = ""
    if again and mask.text(again) == again:
        return found
    return {"msg": mask.text(merged), "args": None}


def masked_error(given: Any, mask: Mask) -> Any:
    """Mask an exception; its local variables go along with it when the request has something to hide."""
    before = len(mask.found)
    said = texts(given[1])
    if mask.text(said) == said and not _in_request():
        del mask.found[before:]
        return given
    error = stand_in(given[1], mask)
    return type(error), error, error.__traceback__


def _opaque(mask: Mask, *, keep_requests: bool = False) -> Callable[[Any], Any]:
    def masked(value: Any) -> Any:
        """Mask an object that is no plain data by what it says of itself; a query is not run for this."""
        if isinstance(value, QuerySet | Manager | type) or callable(value):
            return value
        if isinstance(value, HttpRequest) and keep_requests:
            return value
        if isinstance(value, BaseException):
            said = texts(value)
            return value if mask.text(said) == said else stand_in(value, mask)
        try:
            said = f"{value!s}\n{value!r}"
        except Exception:  # noqa: BLE001 - whatever the site's own objects do
            return WITHHELD
        text = mask.text(said)
        if isinstance(value, HttpRequest):
            return value if text == said and not _in_request() else requests.stand_in(value, mask)
        return value if text == said else text.partition("\n")[0]

    return masked


def _in_request() -> bool:
    """Tell whether this runs for a request that has something to hide."""
    return current() is not PROCESS and bool(current())
