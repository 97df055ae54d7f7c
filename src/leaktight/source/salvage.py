"""What can still be read of a file with errors: a line, or the top-level statement around it, is left out; the rest keeps its lines."""

from __future__ import annotations

import ast
import re
import warnings

MAX_LEFT_OUT = 8
"""Statements left out at most; a file with more errors is something else than Python."""
MAX_LENGTH = 400_000
_BEGINS = re.compile(r"[^\s#)\]}]")
_GOES_ON = re.compile(r"(?:else|elif|except|finally)\b")
_INDENT = re.compile(r"[ \t]*")
_OPENED = re.compile(r"expected an indented block after .* on line (\d+)")

_UNFINISHED = "expected 'except' or 'finally' block"


def salvage(text: str) -> ast.Module | None:
    """Parse a file without the top-level statements that hold its errors; None when too much would be left out."""
    if len(text) > MAX_LENGTH:
        return None
    lines = text.split("\n")
    mended: set[int] = set()
    for _ in range(2 * MAX_LEFT_OUT + 1):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                tree = ast.parse("\n".join(lines))
        except SyntaxError as error:
            # A block without content is noticed at the line below it.
            opened = _OPENED.search(error.msg or "")
            line = min(int(opened[1]) if opened else error.lineno or 0, len(lines))
            if (error.msg or "").startswith(_UNFINISHED) and _finish(lines, line - 1, mended):
                continue
            # Half-written code, as an editor sees it all the time, has its error in one line of a block.
            if _mend(lines, line if opened else line - 1, mended, header=line - 1 if opened else None):
                if "unexpected indent" in (error.msg or ""):
                    lines[line - 1] = ""  # it goes on with a line that is left out, or is no statement
                continue
            if not _leave_out(lines, line - 1):
                return None
        except (ValueError, RecursionError, MemoryError):
            return None
        else:
            return tree if tree.body else None
    return None


def _mend(lines: list[str], at: int, mended: set[int], *, header: int | None) -> bool:
    """Put `pass` in the place of one line inside a block; of an empty block, in the place of a blank line or comment below its header."""
    if not 0 <= at < len(lines) or at in mended or len(mended) >= MAX_LEFT_OUT:
        return False
    line = lines[at]
    if header is not None:
        if line.strip() and not line.lstrip().startswith("#"):
            return False
        indent = _INDENT.match(lines[header])
        lines[at] = f"{indent[0] if indent else ''}    pass"
    else:
        indent = _INDENT.match(line)
        if indent is None or not indent[0] or not line.strip():
            return False
        lines[at] = f"{indent[0]}pass"
    mended.add(at)
    return True


def _finish(lines: list[str], at: int, mended: set[int]) -> bool:
    """Give a `try` whose handlers are not written yet an end, in the blank line below its body."""
    if not any(line.strip() for line in lines[at + 1 :]):
        at = min(at + 1, len(lines) - 1)  # it is noticed at the last line of the file
    header = at - 1
    while header > 0 and lines[header].strip() != "try:":
        header -= 1
    blank = at if not lines[at].strip() else at - 1
    if header < 0 or blank <= header or blank in mended or len(mended) >= MAX_LEFT_OUT:
        return False
    if lines[blank].strip() and not lines[blank].lstrip().startswith("#"):
        return False
    indent = _INDENT.match(lines[header])
    lines[blank] = f"{indent[0] if indent else ''}finally: pass"
    mended.add(blank)
    return True


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
