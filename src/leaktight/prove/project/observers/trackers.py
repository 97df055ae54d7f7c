"""Error trackers: the event that would go to Sentry, after its own scrubbing; nothing is sent."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from leaktight.policy import Channel
from leaktight.prove.project.observers.patching import replaced
from leaktight.prove.project.watch import Watch


@contextmanager
def observe(watch: Watch) -> Iterator[None]:
    """Take the place of the transport of a client that is set up; a client without an address gets one that leads nowhere."""
    if "sentry_sdk" not in sys.modules:
        yield
        return
    import sentry_sdk
    from sentry_sdk.transport import Transport

    class Recorder(Transport):
        def capture_envelope(self, envelope: Any) -> None:
            for item in envelope.items:
                if item.type in {"event", "transaction"}:
                    watch.saw(Channel.THIRD_PARTY, item.get_bytes(), "an event for Sentry")

    client = sentry_sdk.get_client()
    if not client.is_active():
        yield
        return
    with replaced(client, transport=Recorder({"dsn": "http://key@localhost/1"})):
        yield
