"""The command line: the only place that prints."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and give the exit status."""
    scans = arguments is None and sys.argv[1:2] == ["scan"]
    if scans:
        gc.disable()  # the process ends before cycles fill the memory; looking for them among all that is read takes a tenth of a scan
    from leaktight.cli.app import run  # the import costs more than most of what can go wrong before it

    status = run(list(sys.argv[1:] if arguments is None else arguments))
    if scans:
        _leave(status)
    return status


def _leave(status: int) -> None:
    """End the process at once: everything was written, and what a scan has read is not taken apart piece by piece."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        return  # the interpreter says it in its own way
    os._exit(status)
