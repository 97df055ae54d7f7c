"""Mail: every message that would be sent, with its headers and attachments; an error report is a mail to the administrators."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.utils.log import AdminEmailHandler

from leaktight.policy import Channel
from leaktight.prove.project.observers.patching import replaced
from leaktight.prove.project.watch import Watch


@contextmanager
def observe(watch: Watch) -> Iterator[None]:
    """Read what arrives in Django's own outbox for tests."""
    reporting: list[bool] = []
    send, report = EmailBackend.send_messages, AdminEmailHandler.send_mail

    def send_messages(self: Any, messages: Any) -> Any:
        kept = list(messages)
        for message in kept:
            to_admins = bool(reporting)
            channel = Channel.ERROR_REPORT if to_admins else Channel.MAIL
            watch.saw(channel, _text(message), "an error report" if to_admins else "a mail")
        sent = send(self, kept)
        mail.outbox.clear()
        return sent

    def send_mail(self: Any, subject: str, message: str, *arguments: Any, **named: Any) -> Any:
        reporting.append(True)
        try:
            return report(self, subject, message, *arguments, **named)
        finally:
            reporting.pop()

    with replaced(EmailBackend, send_messages=send_messages), replaced(AdminEmailHandler, send_mail=send_mail):
        yield


def _text(message: Any) -> str:
    """Return all of a message that can be read: subject, recipients, text, alternatives, attachments, headers."""
    built = message.message()  # what goes to the server, with everything a site adds to it
    parts = [f"{name}: {value}" for name, value in built.items()]
    for part in built.walk():
        if not part.is_multipart():
            payload = part.get_payload(decode=True) or b""
            parts.append(payload.decode(part.get_content_charset() or "utf-8", "replace"))
            parts.append(part.get_filename() or "")
    return "\n".join(parts)
