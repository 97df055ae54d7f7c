"""Sentry: whatever the SDK is about to send is masked, before the site's own hooks see it and again when they have changed it.

Events, transactions, breadcrumbs, logs, metrics and streamed spans all pass a hook of the client's options; ours stands around the site's.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from leaktight.guard.conf import Mode, configuration
from leaktight.guard.outlets.loading import wait_no_more, when_loaded
from leaktight.guard.outlets.masking import WITHHELD, Mask
from leaktight.guard.outlets.telling import tell_found
from leaktight.policy import Channel

_PARTS = (
    "before_send",
    "before_send_transaction",
    "before_breadcrumb",
    "before_send_log",
    "before_send_metric",
    "before_send_span",
)
_EXPERIMENTS = ("before_send_log", "before_send_metric", "before_send_span")
_BY_VALUE = frozenset({"context_line", "pre_context", "post_context", "abs_path", "filename", "function", "module"})
"""What a frame says of the code: a name in front of something is a variable's there, and nothing that is sensitive."""
_ABOUT_ITSELF = frozenset({"modules", "_meta", "sdk", "debug_meta"})
_SPAN_OWN = ("trace_id", "span_id", "parent_span_id", "start_timestamp", "end_timestamp", "status", "is_segment")
_EVENT_OWN = ("event_id", "timestamp", "level", "platform", "type", "start_timestamp")

_original: list[Callable[..., Any]] = []


def install() -> None:
    """Stand around the hooks of every client: of those to come as soon as the SDK is loaded, and of the one in use."""
    if not _original:
        when_loaded("sentry_sdk", _hook)


def remove() -> None:
    """Leave the SDK to itself again."""
    wait_no_more(_hook)
    sdk = sys.modules.get("sentry_sdk")
    if not _original or sdk is None:
        return
    sdk.client._Client.__init__ = _original.pop()  # noqa: SLF001 - the class behind `sentry_sdk.Client`
    options = sdk.get_client().options
    for name in _PARTS:
        if isinstance(options.get(name), Around):
            options[name] = options[name].own


def _hook(sdk: Any) -> None:
    """Called with the whole package loaded: while it is loading, its modules hold only a part of each other."""
    cls = sdk.client._Client  # noqa: SLF001 - the class behind `sentry_sdk.Client`
    made = cls.__init__
    _original.append(made)

    def __init__(self: Any, *arguments: Any, **named: Any) -> None:  # noqa: N807 - it takes the place of one
        made(self, *arguments, **named)
        surround(self.options)

    cls.__init__ = __init__
    client = sdk.get_client()
    if client.is_active():
        surround(client.options)


def surround(options: dict[str, Any]) -> None:
    """Put our hooks around those of a client's options."""
    experiments = options.get("_experiments") or {}
    for name in _PARTS:
        own = options.get(name) or (experiments.get(name) if name in _EXPERIMENTS else None)
        if not isinstance(own, Around):
            options[name] = Around(name, own)


class Around:
    """A hook of the SDK around the site's own one; a class, so that a client's options can be copied and pickled with it."""

    def __init__(self, part: str, own: Callable[[Any, Any], Any] | None) -> None:
        self.part = part
        self.own = own

    def __call__(self, data: Any, hint: Any) -> Any:
        """Return what may be sent: masked, or nothing in the mode `block`."""
        if isinstance(hint, dict) and hint.get("attachments"):
            hint["attachments"] = [each for each in hint["attachments"] if not _holds(each)]
        masked = self._masked(data)
        if self.own is None or masked is None:
            return masked
        changed = self.own(masked, hint)
        return changed if changed is None else self._masked(changed)

    def _masked(self, data: Any) -> Any:
        try:
            mask = Mask(Channel.THIRD_PARTY)
            masked = masked_event(data, mask)
            tell_found(mask)
        except Exception:  # noqa: BLE001 - what cannot be inspected is not sent, whatever the reason
            return self._neutral(data)
        if mask.mode is Mode.REPORT:
            return data
        return self._neutral(data) if mask.found and mask.mode is Mode.BLOCK else masked

    def _neutral(self, data: Any) -> Any:
        """What is sent instead: a span cannot be left out, since others hang on it; an event says that something happened."""
        if self.part == "before_send_span":
            return {**{name: data[name] for name in _SPAN_OWN if name in data}, "name": WITHHELD, "attributes": {}}
        if self.part == "before_send":
            return {**{name: data[name] for name in _EVENT_OWN if name in data}, "message": WITHHELD}
        return None


def masked_event(event: Any, mask: Mask) -> Any:
    """Return an event without anything sensitive: by value everywhere, by name everywhere but in code."""
    return mask.data(_with_code_apart(event, mask), other=_opaque(mask))


def _with_code_apart(value: Any, mask: Mask, depth: int = 0) -> Any:
    """Put code and what the SDK says of itself, already searched for values, where names are not looked at."""
    if depth > _DEEPEST:
        return value
    if isinstance(value, dict):
        is_frame = "lineno" in value or "context_line" in value
        return {
            key: _Searched(mask.only_values(inner))
            if (depth == 0 and key in _ABOUT_ITSELF) or (is_frame and key in _BY_VALUE)
            else _with_code_apart(inner, mask, depth + 1)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [_with_code_apart(inner, mask, depth + 1) for inner in value]
    return value


_DEEPEST = 12
"""Frames lie at most this deep in an event; below it everything is data."""


class _Searched:
    """Something that was searched already."""

    def __init__(self, value: Any) -> None:
        self.value = value


def _opaque(mask: Mask) -> Callable[[Any], Any]:
    def masked(value: Any) -> Any:
        if isinstance(value, _Searched):
            return value.value
        said = f"{value!s}\n{value!r}"
        return value if mask.text(said) == said else f"<{type(value).__name__}>"

    return masked


def _holds(attachment: Any) -> bool:
    """Tell whether a file that goes along with an event must not: it holds a value, or cannot be looked into."""
    if configuration().mode(Channel.THIRD_PARTY) is Mode.REPORT:
        return False
    try:
        mask = Mask(Channel.THIRD_PARTY)
        text = attachment.to_envelope_item().get_bytes().decode("latin-1")
        mask.text(f"{attachment.filename}\n{text}")
        tell_found(mask)
    except Exception:  # noqa: BLE001 - whatever the reason
        return True
    return bool(mask.found)
