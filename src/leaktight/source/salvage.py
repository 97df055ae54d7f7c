"""What can still be read of a file with errors: the top-level statements around an error are left out, the rest keeps its lines."""

from __future__ import annotations

import ast
import re
import warnings

MAX_LEFT_OUT = 8
"""Statements left out at most; a file with more errors is something else than Python."""
MAX_LENGTH = 400_000
_BEGINS = re.compile(r"[^\s#)\]}]")
_GOES_ON = re.compile(r"(?:else|elif|except|finally)\b")
_OPENED = re.compile(r"expected an indented block after .* on line (\d+)")


def salvage(text: str) -> ast.Module | None:
    """Parse a file without the top-level statements that hold its errors; None when too much would be left out."""
    if len(text) > MAX_LENGTH:
        return None
    lines = text.split("\n")
    for _ in range(MAX_LEFT_OUT + 1):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                tree = ast.parse("\n".join(lines))
        except SyntaxError as error:
            # A block without content is noticed at the line below it.
            opened = _OPENED.search(error.msg or "")
            line = int(opened[1]) if opened else error.lineno or 0
            if not _leave_out(lines, min(line, len(lines)) - 1):
                return None
        except (ValueError, RecursionError, MemoryError):
            return None
        else:
            return tree if tree.body else None
    return None


def _leave_out(lines: list[str], at: int) -> bool:
    """Blank the top-level statement around a line; tell whether there was anything to blank."""
    first = at
    while first > 0 and not _is_start(lines[first]):
        first -= 1
    while first > 0 and lines[first - 1].startswith("@"):
        first -= 1
    last = at + 1
    while last < len(lines) and not _is_start(lines[last]):
        last += 1
    if first < 0 or not any(line.strip() for line in lines[first:last]):
        return False
    lines[first:last] = [""] * (last - first)
    return True


def _is_start(line: str) -> bool:
    return _BEGINS.match(line) is not None and _GOES_ON.match(line) is None
