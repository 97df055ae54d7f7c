"""A service's key in an address: whether it could stand elsewhere, and whether the address is told to anybody but the service."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from leaktight.flow.events import Arrival, Call
from leaktight.policy import takes_keys_elsewhere
from leaktight.rules.outgoing.protections import argument
from leaktight.rules.outgoing.targets import CLEAR_HTTP, texts
from leaktight.source.code import Code, Op, last_name, walk

_LABELS = frozenset({"secret-key", "token", "secret"})
_BY_PROTOCOL = re.compile(r"access_?token|refresh_?token|client_?secret|bearer", re.IGNORECASE)
"""In the name of what OAuth 2 takes in a header or a body everywhere (RFC 6749, section 2.3.1; RFC 6750, section 2.1)."""
_TELLS = frozenset({"debug", "info", "warning", "warn", "error", "exception", "critical", "log", "print", "capture_exception"})
"""Methods that write into a log or a tracker."""


def is_asked_for_there(arrival: Arrival) -> bool:
    """Tell a key that the service may take in no other way, over HTTPS, in an address that this code tells nobody."""
    if arrival.label not in _LABELS or _BY_PROTOCOL.search(arrival.fact.word):
        return False
    addresses = _addresses(arrival.call)
    if any(text.lower().startswith(CLEAR_HTTP) or _takes_it_elsewhere(text) for text in addresses):
        return False
    return not _is_told(arrival.call)


def _addresses(call: Call) -> list[str]:
    values = (argument(call, name) for name in ("url", "base_url"))
    return [text for value in values if value is not None for text, _, _ in texts(value)]


def _takes_it_elsewhere(address: str) -> bool:
    try:
        return takes_keys_elsewhere(urlsplit(address).hostname or "")
    except ValueError:
        return False


def _is_told(call: Call) -> bool:
    """Tell whether errors of the request, whose texts hold its address, are raised for a bad answer or written down."""
    codes = call.project.program.pieces(call.function) if call.function is not None else ()
    return any(
        (code[0] == Op.ATTR and code[3] == "raise_for_status") or (code[0] == Op.TRY and _writes_down(code, call.packed))
        for code in codes
    )


def _writes_down(attempt: Code, request: int) -> bool:
    """`except RequestException as error: logger.warning("… %s", error)` around the request, or `logger.exception(…)`."""
    if not any(code[1] == request for code in walk(attempt[2])):
        return False
    return any(_logs(handler[2], handler[1]) for handler in attempt[3])


def _logs(body: list[Code], error: str | None) -> bool:
    for code in walk(body):
        if code[0] == Op.CALL and (name := last_name(code[2])) in _TELLS:
            if name in {"exception", "capture_exception"}:
                return True
            given = [*code[3], *(value for _, value in code[4])]
            if error is not None and any(part[0] == Op.NAME and part[2] == error for part in walk(given)):
                return True
    return False
