"""Find, fix, stop and prove: sensitive information never leaves a Django site by an insecure way."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime
    from collections.abc import Collection
    from pathlib import Path

    from leaktight.model import Result

__version__ = "0.1.0"


def scan(
    path: str | Path,
    *,
    audience: str = "default",
    rules: Collection[str] | None = None,
    jobs: int = 1,
    today: datetime.date | None = None,
) -> Result:
    """Scan a project, folder or file and give what was found.

    `audience` is `default`, `strict` or `audit`; `rules` limits the scan to these names; `today` is the
    day claims are judged on (none expires when it is left out). Nothing of the project is imported or run.
    Raises ValueError for an unknown audience and FileNotFoundError when there is nothing at `path`.
    """
    from pathlib import Path

    from leaktight.engine import scan as run
    from leaktight.model import Audience

    if not Path(path).exists():
        raise FileNotFoundError(path)
    return run([path], audience=Audience(audience), rules=rules, jobs=jobs, today=today)
