"""The command line: the only place that prints."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and give the exit status."""
    from leaktight.cli.app import run  # the import costs more than most of what can go wrong before it

    return run(list(sys.argv[1:] if arguments is None else arguments))
