"""Mail: values are taken out of subject, text, alternatives, attachments and headers, whatever backend sends it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.smtp import EmailBackend

from leaktight.guard.blocked import LeakBlocked
from leaktight.guard.conf import Mode, configuration
from leaktight.guard.fingerprint import fingerprint
from leaktight.guard.incidents import Incident, tell
from leaktight.guard.values.registry import current
from leaktight.guard.values.search import Hit, Search
from leaktight.policy import Channel, redact

_HOOKS: tuple[tuple[Any, str], ...] = (
    (EmailMessage, "send"),
    (EmailMessage, "message"),
    (EmailBackend, "send_messages"),
    (BaseEmailBackend, "__init__"),
)
_originals: dict[str, Callable[..., Any]] = {}


def install() -> None:
    """Look at every message when it is sent, when a backend makes bytes of it, and when it goes to a server."""
    if _originals:
        return
    _originals.update({name: getattr(owner, name) for owner, name in _HOOKS})

    @functools.wraps(_originals["send"])
    def send(self: EmailMessage, *arguments: Any, **named: Any) -> Any:
        strain(self)
        return _originals["send"](self, *arguments, **named)

    @functools.wraps(_originals["message"])
    def message(self: EmailMessage, *arguments: Any, **named: Any) -> Any:
        strain(self)
        return _originals["message"](self, *arguments, **named)

    @functools.wraps(_originals["send_messages"])
    def send_messages(self: EmailBackend, messages: Any) -> Any:
        for each in messages:
            refuse_cleartext(self, each)
        return _originals["send_messages"](self, messages)

    @functools.wraps(_originals["__init__"])
    def made(self: BaseEmailBackend, *arguments: Any, **named: Any) -> None:
        """Backends that read a message's attributes, as those of mail services do, are given messages by `send_mass_mail`, too."""
        _originals["__init__"](self, *arguments, **named)
        self.send_messages = functools.partial(_strained, self.send_messages)

    EmailMessage.send, EmailMessage.message, EmailBackend.send_messages = send, message, send_messages
    BaseEmailBackend.__init__ = made


def remove() -> None:
    """Leave mail to itself again."""
    for owner, name in _HOOKS if _originals else ():
        setattr(owner, name, _originals[name])
    _originals.clear()


def _strained(send_messages: Callable[[Any], Any], messages: Any) -> Any:
    """Take the values out of messages on their way into a backend."""
    messages = list(messages)
    for each in messages if _originals else ():
        strain(each)
    return send_messages(messages)


def strain(message: EmailMessage) -> None:
    """Take values that must not be mailed out of a message. Raises `LeakBlocked` in the mode `block`."""
    search = current().search(Channel.MAIL)
    if not search:
        return
    mode = configuration().mode(Channel.MAIL)
    found: list[Hit] = []
    parts = _Parts(search, found)
    changed = {
        "subject": parts.text(message.subject),
        "body": parts.text(message.body),
        "extra_headers": {name: parts.text(value) for name, value in message.extra_headers.items()},
        "attachments": [parts.attachment(item) for item in message.attachments],
    }
    if getattr(message, "alternatives", None):
        changed["alternatives"] = [_like(item, (parts.text(item[0]), *item[1:])) for item in message.alternatives]
    for hit in {hit.value: hit for hit in found}.values():
        tell(Incident(Channel.MAIL, hit.label, hit.name, mode, fingerprint(hit.value), hit.form))
    if found and mode is Mode.BLOCK:
        raise LeakBlocked(Channel.MAIL, found[0].label, "the message holds it")
    if found and mode is Mode.MASK:
        vars(message).update(changed)


class _Parts:
    """Strains the parts of one message and notes what was found."""

    def __init__(self, search: Search, found: list[Hit]) -> None:
        self._search = search
        self._found = found

    def text(self, text: Any) -> Any:
        """Strain text, or bytes as their text."""
        if isinstance(text, bytes):
            return self.text(text.decode("latin-1")).encode("latin-1", "replace")
        if not isinstance(text, str):
            return text if text is None else self._lazy(text)
        masked, hits = self._search.mask(text, lambda hit: redact(hit.value, hit.label))
        self._found += hits
        return masked

    def _lazy(self, text: Any) -> Any:
        masked = self.text(str(text))
        return text if masked == str(text) else masked

    def attachment(self, item: Any) -> Any:
        """Strain an attachment: (name, content, type), or a part of MIME."""
        if isinstance(item, tuple):
            return _like(item, (self.text(item[0]), self.text(item[1]), *item[2:]))
        for part in item.walk():
            payload = part.get_payload(decode=True)
            if payload and self._search.hits_in_bytes(payload):
                part.set_payload(self.text(payload))
                del part["Content-Transfer-Encoding"]
        return item


def _like(item: Any, values: tuple[Any, ...]) -> Any:
    """Make a tuple of the same kind; newer versions of Django have named ones."""
    return type(item)(*values) if hasattr(item, "_fields") else values


def refuse_cleartext(backend: EmailBackend, message: EmailMessage) -> None:
    """Tell of a mail with a value, such as a link to choose a password, that goes to its server in clear; in the mode `block` it is not sent."""
    search = current().known()
    if not search or backend.use_tls or backend.use_ssl or not configuration().needs_tls(backend.host):
        return
    for hit in search.hits(f"{message.subject}\n{message.body}"):
        mode = configuration().mode(Channel.MAIL)
        tell(Incident(Channel.MAIL, hit.label, hit.name, mode, fingerprint(hit.value), "cleartext transport"))
        if mode is Mode.BLOCK:
            raise LeakBlocked(Channel.MAIL, hit.label, "the mail server is spoken to without TLS")
        return
