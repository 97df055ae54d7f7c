"""Work done in another process while this one goes on."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from typing import Generic, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

METHOD = "fork" if os.name == "posix" else "spawn"


class Ahead(Generic[T]):
    """The result of a function that is computed elsewhere meanwhile; with one job, here, when it is asked for."""

    def __init__(self, jobs: int, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> None:
        self._work: Callable[[], T] = partial(work, *args, **kwargs)
        self._future: Future[T] | None = None
        self._pool: ProcessPoolExecutor | None = None
        if jobs > 1:
            self._pool = ProcessPoolExecutor(1, mp_context=get_context(METHOD))
            self._future = self._pool.submit(work, *args, **kwargs)

    def result(self) -> T:
        """Wait for the result. What the work raised is raised here."""
        return self._work() if self._future is None else self._future.result()

    def close(self) -> None:
        """Let the other process go, whether or not its result was wanted."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
