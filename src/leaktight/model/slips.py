"""Our own mistakes, told as gaps: what we failed at is not judged, everything else is."""

from __future__ import annotations

import os
import traceback
from pathlib import Path
from types import TracebackType

from leaktight.model.result import Gap

DEBUG = "LEAKTIGHT_DEBUG"
"""An environment variable that lets a mistake of ours end the program, as it does in our tests."""
_OURS = Path(__file__).parent.parent


class Slip:
    """A context that adds a gap to a list when what is done in it fails.

    `doing` is a word or two for the user. Nothing is caught with `LEAKTIGHT_DEBUG` set.
    """

    __slots__ = ("doing", "gaps", "line", "path")

    def __init__(self, gaps: list[Gap], path: str, line: int, doing: str) -> None:
        self.gaps = gaps
        self.path = path
        self.line = line
        self.doing = doing

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: type[BaseException] | None, error: BaseException | None, _traceback: TracebackType | None) -> bool:
        if not isinstance(error, Exception) or os.environ.get(DEBUG):
            return False
        where = own_frames(error)[-1:]
        reason = ", at ".join([f"internal error, a bug of ours: {type(error).__name__} {self.doing}", *where])
        self.gaps.append(Gap(self.path, self.line, reason))
        return True


def own_frames(error: BaseException) -> list[str]:
    """The places in our own files that an error came through, outermost first; they hold nothing of the project."""
    return [
        f"{Path(frame.filename).parent.name}/{Path(frame.filename).name}:{frame.lineno} in {frame.name}"
        for frame in traceback.extract_tb(error.__traceback__)
        if f"{_OURS}{os.sep}" in frame.filename
    ]
