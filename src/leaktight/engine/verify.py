"""Trying repaired files with the project's own command, and finding the fixes that break it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


def passes(command: str, folder: Path) -> bool:
    """Run the user's command in the project's folder, as a shell would; its output goes to standard error."""
    done = subprocess.run(command, shell=True, cwd=folder, stdout=2, check=False)  # noqa: S602 - the user's own command
    return done.returncode == 0


def culprits(items: Sequence[T], holds: Callable[[Sequence[T]], bool]) -> list[T]:
    """Return the items without which `holds` is true of the rest; `holds` is true of none of them and false of all.

    Halves are tried alone: one bad item among n costs about 2 log2(n) trials.
    """
    if len(items) <= 1:
        return list(items)
    middle = len(items) // 2
    first, second = items[:middle], items[middle:]
    bad = [*([] if holds(first) else culprits(first, holds)), *([] if holds(second) else culprits(second, holds))]
    if not bad:  # only together they do harm
        return list(second)
    return bad
