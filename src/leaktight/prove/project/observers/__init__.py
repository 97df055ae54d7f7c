"""Observers: one for each way out, each put in place for a while and taken away again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from leaktight.prove.project.observers import (
    caches,
    database,
    files,
    logs,
    mail,
    outgoing,
    responses,
    sessions,
    tasks,
    trackers,
)
from leaktight.prove.project.watch import Watch

_ALL = (logs, mail, sessions, caches, database, tasks, outgoing, files, responses, trackers)


@contextmanager
def observing(watch: Watch) -> Iterator[None]:
    """Observe every way out."""
    with ExitStack() as stack:
        for observer in _ALL:
            stack.enter_context(observer.observe(watch))
        yield
