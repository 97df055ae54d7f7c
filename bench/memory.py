"""Measure the peak memory of a command and all its children together, shared pages counted once (Linux)."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

PAUSE = 0.02


def peak_megabytes(command: Sequence[str], *, environment: dict[str, str]) -> float:
    """Run the command to its end and return the largest proportional set size of its process tree."""
    peak = 0
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        while process.poll() is None:
            peak = max(peak, sum(_proportional_bytes(pid) for pid in _tree(process.pid)))
            time.sleep(PAUSE)
    return peak / 1e6


def _tree(pid: int) -> list[int]:
    found = [pid]
    for parent in found:
        for children in Path(f"/proc/{parent}/task").glob("*/children"):
            try:
                found.extend(map(int, children.read_text().split()))
            except OSError:  # it ended while we looked
                continue
    return found


def _proportional_bytes(pid: int) -> int:
    try:
        match = re.search(r"^Pss:\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
    except OSError:  # it ended while we looked
        return 0
    return int(match[1]) * 1024 if match else 0
