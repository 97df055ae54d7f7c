"""Writing claims into files: a comment above the statement or tag it is about, its last day, and taking it out again."""

from __future__ import annotations

import ast
import datetime
import re
from collections.abc import Sequence

from leaktight.model import Claim

_UNTIL = re.compile(r"\s*\(\s*until\b[^)]*\)")
_END = re.compile(r"\s*-?#\}$")


class ClaimError(Exception):
    """The claim cannot be written; the text says why."""


def with_claim(text: str, path: str, line: int, *, rules: Sequence[str], reason: str, until: datetime.date | None) -> str:
    """Put a claim on a line of its own above the statement or tag at a line (from 1)."""
    if not any(character.isalnum() for character in reason):
        raise ClaimError("a claim needs a reason")
    if any(character in reason for character in "\r\n") or "#}" in reason:
        raise ClaimError("the reason must fit in a comment: one line, and no #}")
    rows = text.splitlines(keepends=True)
    if not 0 < line <= len(rows):
        raise ClaimError(f"{path} has no line {line}")
    first = _statement(text, line) if path.endswith(".py") else line
    row = rows[first - 1]
    indent = row[: len(row) - len(row.lstrip())]
    end = "\r\n" if row.endswith("\r\n") else "\n"
    words = f"leaktight: allow[{', '.join(rules)}] {reason.strip()}{f' (until {until.isoformat()})' if until else ''}"
    comment = f"# {words}" if path.endswith(".py") else f"{{# {words} #}}"
    rows.insert(first - 1, f"{indent}{comment}{end}")
    return "".join(rows)


def with_end(text: str, claim: Claim, until: datetime.date) -> str:
    """Set the last day of a claim that stands in the text."""
    rows = text.splitlines(keepends=True)
    row, start, end = _place(rows, claim)
    comment = _UNTIL.sub("", row[start:end]).rstrip()
    tail = match[0] if (match := _END.search(comment)) else ""
    rows[claim.span.line - 1] = f"{row[:start]}{comment.removesuffix(tail)} (until {until.isoformat()}){tail}{row[end:]}"
    return "".join(rows)


def without_claim(text: str, claim: Claim) -> str:
    """Take a claim out, with its line when nothing else is on it."""
    rows = text.splitlines(keepends=True)
    row, start, end = _place(rows, claim)
    before, after = row[:start], row[end:]
    if not (before + after).strip():
        del rows[claim.span.line - 1]
    else:
        rows[claim.span.line - 1] = (before.rstrip() if not after.strip() else before) + after
    return "".join(rows)


def _place(rows: Sequence[str], claim: Claim) -> tuple[str, int, int]:
    row = rows[claim.span.line - 1] if 0 < claim.span.line <= len(rows) else ""
    start, end = claim.span.column - 1, claim.span.end_column - 1
    if "leaktight:" not in row[start:end]:
        raise ClaimError(f"{claim.span.path}:{claim.span.line} holds no claim any more")
    return row, start, end


def _statement(text: str, line: int) -> int:
    """The first line of the innermost statement around a line."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return line
    best = line
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or node.lineno):
            decorators = getattr(node, "decorator_list", [])
            start = min([node.lineno, *(item.lineno for item in decorators)])
            best = start if best == line or node.lineno >= best else best
    return best
