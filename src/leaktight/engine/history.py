"""A project as it was at a revision: its files read from git's objects, without a checkout, a hook or a filter."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from leaktight.source.files import MAX_OTHER, MAX_PYTHON, MEDIA


class NoHistoryError(Exception):
    """The revision cannot be read; the text says why."""


@contextmanager
def as_it_was(path: Path, ref: str) -> Iterator[Path]:
    """Give the scanned folder or file as it was at a revision, in a temporary folder that goes away afterwards.

    What did not exist then is an empty folder. Raises `NoHistoryError` when git, the repository or the revision is missing.
    """
    path = Path(os.path.realpath(path))
    folder = path if path.is_dir() else path.parent
    commit = _git(
        folder,
        "rev-parse",
        "--verify",
        "--quiet",
        "--end-of-options",
        f"{ref}^{{commit}}",
        problem=f'git knows no revision "{ref}"',
    )
    prefix = (
        _git(folder, "rev-parse", "--show-prefix", problem="this is no git repository")
        .decode("utf-8", "surrogateescape")
        .rstrip("\n")
    )
    with tempfile.TemporaryDirectory(prefix="leaktight-") as scratch:
        root = Path(scratch) / (folder.name or "root")
        root.mkdir()
        _write(folder, commit.decode().strip(), prefix, root)
        yield root if path.is_dir() else root / path.name


def _write(folder: Path, commit: str, prefix: str, root: Path) -> None:
    try:
        listing = _git(folder, "ls-tree", "-r", "-z", "-l", "--full-tree", f"{commit}:{prefix}", problem="git cannot list files")
    except NoHistoryError:
        return  # the folder did not exist then
    wanted: list[tuple[str, Path]] = []
    for entry in listing.decode("utf-8", "surrogateescape").split("\0"):
        head, tab, name = entry.partition("\t")
        if not tab:
            continue
        mode, kind, identity, size = head.split()
        place = PurePosixPath(name)
        if kind != "blob" or mode == "120000" or place.is_absolute() or ".." in place.parts:
            continue
        target = root / place
        target.parent.mkdir(parents=True, exist_ok=True)
        if place.suffix in MEDIA or int(size) > (MAX_PYTHON if place.suffix == ".py" else MAX_OTHER):
            target.touch()
        else:
            wanted.append((identity, target))
    asked = "".join(f"{identity}\n" for identity, _ in wanted).encode()
    answer = _git(folder, "cat-file", "--batch", problem="git cannot read files", given=asked)
    start = 0
    for _, target in wanted:
        end = answer.index(b"\n", start)
        found = answer[start:end].split()
        if len(found) != 3:
            raise NoHistoryError("the repository does not hold all files of that revision; fetch them first")
        first, last = end + 1, end + 1 + int(found[2])
        target.write_bytes(answer[first:last])
        start = last + 1


def _git(folder: Path, *words: str, problem: str, given: bytes = b"") -> bytes:
    git = shutil.which("git")
    if git is None:
        raise NoHistoryError("git is not installed")
    done = subprocess.run(  # noqa: S603 - git and fixed words
        [git, "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", *words],
        cwd=folder,
        input=given,
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise NoHistoryError(problem)
    return done.stdout
