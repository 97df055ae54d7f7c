"""Threads and pools that a request starts know its values, as tasks and `sync_to_async` do by themselves."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from asgiref.sync import SyncToAsync

from leaktight.guard.values.registry import Registry, lent, of_request

_originals: dict[str, Callable[..., Any]] = {}


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

    @functools.wraps(_originals["submit"])
    def submit(self: ThreadPoolExecutor, job: Callable[..., Any], /, *arguments: Any, **named: Any) -> Any:
        registry = of_request()
        if registry is not None and not _brings_its_context(job):
            job = functools.partial(_within, registry, job)
        return _originals["submit"](self, job, *arguments, **named)

    threading.Thread.start = start  # type: ignore[method-assign]
    ThreadPoolExecutor.submit = submit  # type: ignore[method-assign, assignment]


def remove() -> None:
    """Let threads begin with nothing again."""
    if _originals:
        threading.Thread.start = _originals["start"]  # type: ignore[method-assign]
        ThreadPoolExecutor.submit = _originals["submit"]  # type: ignore[method-assign]
        _originals.clear()


def _brings_its_context(job: Callable[..., Any]) -> bool:
    """Tell a job of `sync_to_async`, of which an async request makes a dozen: it runs in a copy of the context that it was made in."""
    handler: Any = getattr(job, "func", None)
    if getattr(handler, "__func__", None) is not SyncToAsync.thread_handler:
        return False
    return getattr(handler.__self__, "context", None) is None  # else it was given another one


def _within(registry: Registry, job: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    with lent(registry):
        return job(*arguments, **named)
