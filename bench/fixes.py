"""Repair the real projects on paper: which share of the findings has a fix, does every file still parse, is every finding gone."""

from __future__ import annotations

import argparse
import difflib
import os
from collections import Counter
from pathlib import Path

from leaktight.config import Config
from leaktight.engine import repair
from leaktight.engine.repair import Repair
from leaktight.model import Audience, Gap, Safety
from leaktight.source.python import parse

CORPUS = Path(os.environ.get("LEAKTIGHT_CORPUS", "~/.cache/leaktight-bench")).expanduser()


def main() -> None:
    """Print a line for each project and one for each rule, and write a patch for each project when asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("projects", nargs="*", help="folders of the corpus; all without one")
    parser.add_argument("--level", type=Safety, default=Safety.UNSAFE, help="the least safety of a fix that is made")
    parser.add_argument("--patches", type=Path, help="a folder for what changes")
    given = parser.parse_args()
    made: Counter[str] = Counter()
    left: Counter[str] = Counter()
    for name in given.projects or sorted(folder.name for folder in CORPUS.iterdir()):
        done = repair(CORPUS / name, Config(), level=given.level, audience=Audience.DEFAULT)
        assert done.result is not None  # it was scanned
        remaining = [finding for finding in done.result.findings if not finding.claimed]
        made.update(fix.rule for fix in done.fixes)
        left.update(finding.rule for finding in remaining)
        broken = [path for path, data in done.after.items() if path.endswith(".py") and isinstance(parse(data, path), Gap)]
        back = len({fix.fingerprint for fix in done.fixes} & {finding.fingerprint for finding in remaining})
        print(
            f"{name}: {len(done.fixes)} fixed, {len(remaining)} left, {len(broken)} do not parse, {back} still found", flush=True
        )
        if given.patches is not None:
            given.patches.mkdir(parents=True, exist_ok=True)
            (given.patches / f"{name}.patch").write_text(_patch(done))
    for rule in sorted(made | left):
        print(f"  {rule}: {made[rule]} of {made[rule] + left[rule]}")
    total = made.total() + left.total()
    print(f"{made.total()} of {total} findings, {100 * made.total() / max(total, 1):.0f} %")


def _patch(done: Repair) -> str:
    """What changes, and what was not possible and why."""
    lines = [f"# {fix.rule} at {fix.span.path}:{fix.span.line}: {fix.title} ({fix.safety})" for fix in done.fixes]
    lines += [f"# not: {item.rule} at {item.path}:{item.line}: {item.reason}" for item in done.undone]
    for path in sorted(done.after):
        old, new = (data.decode("utf-8", "replace").splitlines() for data in (done.before[path], done.after[path]))
        lines += difflib.unified_diff(old, new, f"a/{path}", f"b/{path}", lineterm="")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
