"""Repair copies of the real projects: which share of the findings has a fix, and does anything else change than what the fixes change.

Each project is copied and committed to a repository of its own. First all safe fixes are written and committed, then all unsafe ones,
by the same function the command line writes with. After each: every file that changed parses, a fresh scan of what is on disk finds
nothing that was repaired, and `git diff` has no line, no file and no mode but those an edit of a fix touches.
"""

from __future__ import annotations

import argparse
import difflib
import itertools
import os
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import leaktight
from leaktight.config import Config
from leaktight.edit import Document, apply, pieces
from leaktight.engine import repair
from leaktight.engine.repair import Repair
from leaktight.engine.write import write_files
from leaktight.model import Audience, Edit, Gap, Safety
from leaktight.source.python import parse

CORPUS = Path(os.environ.get("LEAKTIGHT_CORPUS", "~/.cache/leaktight-bench")).expanduser()
LEVELS = (Safety.SAFE, Safety.UNSAFE)
_GIT = (
    "git",
    "-c",
    "user.name=bench",
    "-c",
    "user.email=bench@example.com",
    "-c",
    "core.autocrlf=false",
    "-c",
    "core.compression=0",
)


@dataclass(slots=True)
class Outcome:
    """What became of one project."""

    fixed: dict[Safety, int] = field(default_factory=dict)
    files: int = 0
    """How many files were changed, and how many lines `git diff` takes out or puts in."""
    lines: int = 0
    left: Counter[str] = field(default_factory=Counter)
    made: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)
    back: int = 0
    outside: list[str] = field(default_factory=list)
    """Lines, files and modes that changed although no fix touches them."""


def main() -> None:
    """Print a row for each project and one for each rule; keep the repaired trees and the patches when asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("projects", nargs="*", help="folders of the corpus; all without one")
    parser.add_argument("--patches", type=Path, help="a folder for what changes")
    parser.add_argument("--trees", type=Path, help="a folder for the repaired projects: commits `original`, `safe` and `unsafe`")
    given = parser.parse_args()
    made: Counter[str] = Counter()
    left: Counter[str] = Counter()
    print("| project | safe | unsafe | without | share | files | lines | do not parse | found again | changed outside a fix |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for name in given.projects or sorted(folder.name for folder in CORPUS.iterdir()):
        with tempfile.TemporaryDirectory() as own:
            done = _repaired(name, given.trees or Path(own), given.patches)
        made += done.made
        left += done.left
        total = done.made.total() + done.left.total()
        share = f"{100 * done.made.total() / total:.0f} %" if total else "–"
        print(
            f"| {name} | {done.fixed[Safety.SAFE]} | {done.fixed[Safety.UNSAFE]} | {done.left.total()} | {share} | {done.files} |"
            f" {done.lines} | {len(done.broken)} | {done.back} | {len(done.outside)} |",
            flush=True,
        )
        for what in [*done.broken, *done.outside][:10]:
            print(f"    {what}")
    for rule in sorted(made | left):
        print(f"  {rule}: {made[rule]} of {made[rule] + left[rule]}")
    total = made.total() + left.total()
    print(f"{made.total()} of {total} findings, {100 * made.total() / max(total, 1):.0f} %")


def _repaired(name: str, trees: Path, patches: Path | None) -> Outcome:
    """Repair a copy of a project level by level, each a commit."""
    root = trees / name
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(CORPUS / name, root, symlinks=True, ignore=shutil.ignore_patterns(".git"))
    _git(root, "init", "-q")
    _commit(root, "original")
    outcome = Outcome()
    for level in LEVELS:
        done = repair(root, Config(), level=level, audience=Audience.DEFAULT)
        write_files(root, done.after, done.before)
        outcome.fixed[level] = len(done.fixes)
        outcome.made.update(fix.rule for fix in done.fixes)
        outcome.files += len(done.after)
        outcome.outside += _outside(root, done, outcome)
        outcome.broken += [
            path for path, data in done.after.items() if path.endswith((".py", ".pyi")) and isinstance(parse(data, path), Gap)
        ]
        found = leaktight.scan(root, audience=Audience.DEFAULT).findings
        open_ones = [finding for finding in found if not finding.claimed]
        outcome.back += len({fix.fingerprint for fix in done.fixes} & {finding.fingerprint for finding in open_ones})
        outcome.left = Counter(finding.rule for finding in open_ones)
        if patches is not None:
            patches.mkdir(parents=True, exist_ok=True)
            (patches / f"{name}-{level}.patch").write_text(_patch(done))
        _commit(root, str(level))
    return outcome


# -- what git sees -----------------------------------------------------------------------------


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run([*_GIT, *arguments], cwd=root, capture_output=True, check=True)
    return done.stdout.decode("utf-8", "replace")


def _commit(root: Path, name: str) -> None:
    _git(root, "add", "-A", "-f")
    _git(root, "commit", "-q", "--allow-empty", "-m", name)
    _git(root, "tag", "-f", name)


def _outside(root: Path, done: Repair, outcome: Outcome) -> Iterator[str]:
    """Everything git sees as changed that no edit of a fix accounts for."""
    for line in _git(root, "status", "--porcelain", "-z").split("\0"):
        if line and (line[:2] != " M" or line[3:] not in done.after):
            yield f"{line[3:]}: git says {line[:2]!r}"
    if modes := [line for line in _git(root, "diff", "--summary").splitlines() if line.strip()]:
        yield from modes
    for path in done.after:
        touched = _touched(done.before[path], [[edit for fix in made for edit in fix.edits] for made in done.rounds], path)
        for line in _git(root, "diff", "-U0", "--no-ext-diff", "--no-textconv", "--", path).split("\n")[4:]:
            if line.startswith(("-", "+")):
                outcome.lines += 1
                if line.rstrip("\r") not in touched:
                    yield f"{path}: {line}"


def _touched(data: bytes, rounds: Sequence[Sequence[Edit]], path: str) -> set[str]:
    """The lines that edits take out (`-`) and put in (`+`), found by following each character of the old file through all rounds."""
    python = path.endswith((".py", ".pyi"))
    document = first = Document(path, data, python=python)
    origin: list[int | None] = list(range(len(document.text)))
    for edits in rounds:
        if own := [edit for edit in edits if edit.path == path]:
            made = list(pieces(document, own))
            origin = [
                place
                for start, text in made
                for place in ([None] * len(text) if start is None else origin[start : start + len(text)])
            ]
            document = Document(path, apply(document, own), python=python)
    return {f"-{line}" for line in _changed(first, _lost(first, origin))} | {
        f"+{line}"
        for line in _changed(document, {at for at, place in enumerate(origin) if place is None or _follows(origin, at)})
    }


def _lost(first: Document, origin: Sequence[int | None]) -> set[int]:
    """The characters of the old file that are not in the new, and those that no longer stand side by side."""
    kept = [place for place in origin if place is not None]
    lost = set(range(len(first.text))) - set(kept)
    for before, after in itertools.pairwise(origin):
        if before is not None and after is None and first.text[before] not in "\r\n":
            lost.add(before)
        if before is None and after is not None and first.text[after - 1 : after] not in {"\r", "\n", ""}:
            lost.add(after)
    return lost


def _follows(origin: Sequence[int | None], at: int) -> bool:
    """Tell whether a kept character has another one in front of it than it had."""
    place, before = origin[at], origin[at - 1] if at else -1
    return place is not None and before is not None and before != place - 1


def _changed(document: Document, offsets: set[int]) -> set[str]:
    return {document.line(document.line_of(at)) for at in offsets}


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
