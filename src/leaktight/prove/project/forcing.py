"""Force an error where a view has just done its work: with every variable set, and every reporter listening."""

from __future__ import annotations

import dis
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from types import CodeType, FrameType
from typing import Any

from leaktight.prove.project.places import OwnCode

_GIVEN = frozenset({"form", "serializer"})


class ForcedError(Exception):
    """Raised on purpose by `leaktight prove`."""


@contextmanager
def forced_error(code: OwnCode) -> Iterator[None]:
    """Let a function of the project fail on the line it would return from.

    It is the first one that was given the request, a form or a serializer and answers itself: no middleware, and nothing that only
    hands the request on.
    """
    done: list[FrameType] = []

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        if done or event != "call" or not code.path_of(frame.f_code.co_filename) or not _answers(frame.f_code):
            return None
        return fail

    def fail(frame: FrameType, event: str, argument: Any) -> Any:
        if event == "line" and not done and frame.f_lineno in _last_lines(frame.f_code):
            done.append(frame)
            raise ForcedError("an error was forced here")
        return fail

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(before)


def _answers(function: CodeType) -> bool:
    given = set(function.co_varnames[: function.co_argcount])
    if "get_response" in function.co_freevars:
        return False  # a middleware, whatever it is called
    if function.co_name in {"__call__", "__init__", "middleware"} or function.co_name.startswith("process_"):
        return False
    return bool(given & _GIVEN) or ("request" in given and "super" not in function.co_names)


@lru_cache(maxsize=4096)
def _last_lines(function: CodeType) -> frozenset[int]:
    """Return the lines a function returns from."""
    lines, line = set(), function.co_firstlineno
    for instruction in dis.get_instructions(function):
        position = instruction.positions
        line = position.lineno if position is not None and position.lineno is not None else line
        if instruction.opname.startswith("RETURN_"):
            lines.add(line)
    return frozenset(lines)
