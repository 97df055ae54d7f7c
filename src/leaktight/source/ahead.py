"""Work done in another process while this one goes on."""

from __future__ import annotations

import os
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Generic, TypeVar

T = TypeVar("T")

METHOD = "fork" if os.name == "posix" else "spawn"


class Ahead(Generic[T]):
    """The result of a function that is computed elsewhere meanwhile; with one job, here, when it is asked for.

    The other process is a copy of this one, so the work may use whatever there is now; only its result is sent.
    Where processes cannot be copied, and when the other one fails, the work is done here.
    """

    def __init__(self, jobs: int, work: Callable[[], T]) -> None:
        self._work = work
        self._answers: Connection | None = None
        if jobs > 1 and METHOD == "fork":
            context = get_context("fork")
            self._answers, there = context.Pipe(duplex=False)
            self._process = context.Process(target=_tell, args=(there, work), daemon=True)
            self._process.start()
            there.close()

    def __enter__(self) -> Ahead[T]:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Let the other process go, whether or not its result was wanted."""
        if self._answers is not None:
            self._process.kill()
            self._process.join()
            self._answers.close()

    def result(self) -> T:
        """Wait for the result. What the work raises is raised here."""
        if self._answers is not None:
            try:
                found: T = self._answers.recv()
            except EOFError:  # it raised, or was killed
                return self._work()
            return found
        return self._work()


def _tell(there: Connection, work: Callable[[], object]) -> None:
    try:
        there.send(work())
    except BaseException:  # noqa: BLE001, S110  - whoever waits sees no answer and does it again, where errors can be told
        pass
