"""Run a project's own tests on each state of a repaired tree: no test that passed before the fixes may fail after them.

The tree is one that `bench/fixes.py --trees` made: its commits are `original`, `safe` and `unsafe`. The command is the project's own way to
run its tests, in an environment that has what it needs; it must name every test with its outcome, as Django's runner does with `-v 2`
and pytest with `-rA`.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from pathlib import Path

STATES = ("original", "safe", "unsafe")
_DJANGO = re.compile(
    r"^(?P<name>\w+ \([\w.]+\)|\w+ \[?[\w./]+\]?)(?:\n[^\n]*?)?? \.\.\. (?P<outcome>ok|FAIL|ERROR|skipped|expected failure)",
    re.MULTILINE,
)
_PYTEST = re.compile(r"^(?P<outcome>PASSED|FAILED|ERROR|XFAIL|SKIPPED) (?P<name>\S+::.+?)(?: - .*)?$", re.MULTILINE)


def main() -> None:
    """Print how many tests passed in each state, and which of those that passed at first do not any more."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("tree", type=Path)
    parser.add_argument("command", help="what runs the tests, as a shell would, in the tree")
    parser.add_argument(
        "--again", type=int, default=1, help="how often a state with a difference is run anew, as tests may waver"
    )
    given = parser.parse_args()
    passed: dict[str, set[str]] = {}
    for state in STATES:
        passed[state] = _passed(given.tree, state, given.command)
        for _ in range(given.again):
            if state != STATES[0] and passed[STATES[0]] - passed[state]:
                passed[state] |= _passed(given.tree, state, given.command)
        lost = sorted(passed[STATES[0]] - passed[state])
        print(
            f"{given.tree.name} {state}: {len(passed[state])} passed, {len(lost)} of those that passed before do not", flush=True
        )
        for name in lost[:20]:
            print(f"    {name}")
    if not passed[STATES[0]]:
        sys.exit("no test passed: nothing was measured")


def _passed(tree: Path, state: str, command: str) -> set[str]:
    subprocess.run(["git", "checkout", "-q", "-f", state], cwd=tree, check=True)
    subprocess.run(["git", "clean", "-f", "-d", "-q"], cwd=tree, check=True)  # what a run before left lying
    done = subprocess.run(command, shell=True, cwd=tree, capture_output=True, check=False)  # noqa: S602 - the user's own command
    told = (done.stdout + b"\n" + done.stderr).decode("utf-8", "replace")
    (tree.parent / f"{tree.name}-{state}.log").write_text(told)
    found = [(match["name"], match["outcome"]) for pattern in (_DJANGO, _PYTEST) for match in pattern.finditer(told)]
    return {name for name, outcome in found if outcome in {"ok", "PASSED"}}


if __name__ == "__main__":
    main()
