"""Writing repaired files: each whole, old or new, whatever happens meanwhile."""

from __future__ import annotations

import contextlib
import glob
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

_CHANGED = frozenset("UAMDRCT")
_SPARE = ".leaktight"
"""How the file ends that is written before it takes the place of another."""


def write_file(path: Path, data: bytes) -> None:
    """Replace a file's content at once; permissions and owner stay. Raises `OSError`, and then the old file is there, untouched.

    The new content is on disk before the name points to it, so a crash or a full disk leaves the old file.
    """
    with _alone_in(path.parent) as alone:
        prefix = f".{path.name}."
        if alone:
            for spare in path.parent.glob(f"{glob.escape(prefix)}*{_SPARE}"):
                spare.unlink(missing_ok=True)  # of a run that was killed
        _replace(path, data, prefix)


def _replace(path: Path, data: bytes, prefix: str) -> None:
    old = path.stat()
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=prefix, suffix=_SPARE)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(stat.S_IMODE(old.st_mode))
        if (old.st_uid, old.st_gid) != (os.geteuid(), os.getegid()):
            shutil.chown(name, old.st_uid, old.st_gid)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def _alone_in(folder: Path) -> Iterator[bool]:
    """Let no other run write in this folder meanwhile, and tell whether that can be had: not every system and file system has locks."""
    if sys.platform == "win32":
        yield False
        return
    import fcntl

    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        yield False  # a folder one may write in but not list
        return
    try:
        locked = True
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
        except OSError:
            locked = False
        yield locked
    finally:
        os.close(handle)


def write_files(root: Path, files: Mapping[str, bytes], expected: Mapping[str, bytes]) -> None:
    """Write several files, one after the other. Raises `FileExistsError` before anything is written when one of them is not as expected."""
    for path, data in expected.items():
        if (root / path).read_bytes() != data:
            raise FileExistsError(f"{path} was changed while it was being repaired; nothing was written")
    for path, data in files.items():
        write_file(root / path, data)


def uncommitted(folder: Path) -> list[str] | None:
    """Return the tracked files with changes that are not committed, `/`-separated from the repository's root; None outside a repository.

    Nothing of the repository's own configuration is run for it.
    """
    git = shutil.which("git")
    if git is None:
        return None
    command = [
        git,
        "-c",
        "core.fsmonitor=false",
        "-c",
        "core.hooksPath=/dev/null",
        "status",
        "--porcelain",
        "--untracked-files=no",
        "-z",
    ]
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False)  # noqa: S603 - git and fixed words
    if done.returncode:
        return None
    entries = done.stdout.decode("utf-8", "replace").split("\0")
    return [entry[3:] for entry in entries if len(entry) > 3 and not _CHANGED.isdisjoint(entry[:2])]
