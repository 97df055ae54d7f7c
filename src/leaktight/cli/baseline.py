"""Where the baseline of a scan lies, and reading it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from leaktight.cli.errors import UsageError
from leaktight.config import Effective
from leaktight.model import Result

if TYPE_CHECKING:
    from leaktight.engine.baseline import Baseline


@dataclass(frozen=True, slots=True)
class Known:
    """A baseline that was read, and the file it is in."""

    file: Path
    text: str
    baseline: Baseline
    root: Path

    def applied(self, result: Result, *, whole: bool) -> Result:
        """Mark what it knows; tell of entries that are not needed when the whole project around it was judged."""
        from leaktight.engine.baseline import apply_baseline

        path = self.file.name if whole and self.file.parent == self.root else None
        return apply_baseline(result, self.baseline, self.text, path=path)


def place_of(paths: Sequence[str], found: Effective) -> Path:
    """Where the baseline lies: beside the configuration, or else at the top of the first scanned path."""
    from leaktight.engine.baseline import FILE

    root = Path(os.path.realpath(paths[0]))
    folder = root if root.is_dir() else root.parent
    return (Path(os.path.realpath(found.file)).parent if found.file is not None else folder) / FILE


def read_baseline(paths: Sequence[str], found: Effective) -> Known | None:
    """Read the baseline that belongs to these paths; None when there is none."""
    from leaktight.engine.baseline import Baseline, BaselineError

    file = place_of(paths, found)
    if not file.is_file():
        return None
    try:
        text = file.read_text("utf-8")
        return Known(file, text, Baseline.read(text), Path(os.path.realpath(paths[0])))
    except (OSError, ValueError, BaselineError) as error:
        raise UsageError(f"{file.name} cannot be used: {error}") from None
