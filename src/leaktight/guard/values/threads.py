"""Threads and pools that a request starts know its values, as tasks and `sync_to_async` do by themselves."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from asgiref.sync import SyncToAsync

from leaktight.guard.values.registry import PROCESS, Registry, current, lent, of_request

_originals: dict[str, Callable[..., Any]] = {}
_HANDLER = SyncToAsync.thread_handler
"""Runs a job of `sync_to_async`, in a copy of the context that it was made in: it brings the registry itself."""


def install() -> None:
    """Give each thread and each job of a pool the registry of the request that starts it."""
    if _originals:
        return
    _originals.update(start=threading.Thread.start, submit=ThreadPoolExecutor.submit)

    @functools.wraps(threading.Thread.start)
    def start(self: threading.Thread) -> None:
        registry = of_request()
        if registry is not None:
            self.run = functools.partial(_within, registry, self.run)  # type: ignore[method-assign]
        _originals["start"](self)

    original = _originals["submit"]

    @functools.wraps(original)
    def submit(self: ThreadPoolExecutor, job: Callable[..., Any], /, *arguments: Any, **named: Any) -> Any:
        registry = current()
        # What a job of `sync_to_async` is known by is looked at here: an async request makes a dozen of them.
        if registry is not PROCESS and (
            type(job) is not functools.partial
            or getattr(job.func, "__func__", None) is not _HANDLER
            or getattr(job.func.__self__, "context", None) is not None  # type: ignore[attr-defined] # it was given another context
        ):
            job = functools.partial(_within, registry, job)
        return original(self, job, *arguments, **named)

    threading.Thread.start = start  # type: ignore[method-assign]
    ThreadPoolExecutor.submit = submit  # type: ignore[method-assign, assignment]


def remove() -> None:
    """Let threads begin with nothing again."""
    if _originals:
        threading.Thread.start = _originals["start"]  # type: ignore[method-assign]
        ThreadPoolExecutor.submit = _originals["submit"]  # type: ignore[method-assign]
        _originals.clear()


def _within(registry: Registry, job: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    with lent(registry):
        return job(*arguments, **named)
