"""Find the configuration file that belongs to what is scanned."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

_NAMES = ("leaktight.toml", "pyproject.toml")
_SECTION = "tool.leaktight"
_DEPTH = 3  # how far below the scanned folder a manage.py is looked for
_UNRELATED = {"node_modules", "site-packages", "venv", "env", "__pycache__", "build", "dist"}


class AmbiguousConfigError(Exception):
    """Several projects with a configuration of their own lie below the scanned path."""

    def __init__(self, files: Sequence[Path]) -> None:
        super().__init__(f"several configurations apply: {', '.join(file.as_posix() for file in files)}")
        self.files = files


def find_config(start: Path) -> Path | None:
    """Find the nearest configuration from `start` upward, or else the one next to a `manage.py` below it."""
    start = Path(os.path.abspath(start))  # noqa: PTH100  # resolve() raises on a symlink loop
    folder = start if start.is_dir() else start.parent
    for candidate in (folder, *folder.parents):
        if found := _in_folder(candidate):
            return found
        if (candidate / ".git").exists():
            break
    below = sorted({found for project in _projects_below(folder) if (found := _in_folder(project))})
    if len(below) > 1:
        raise AmbiguousConfigError(below)
    return below[0] if below else None


def _in_folder(folder: Path) -> Path | None:
    for name in _NAMES:
        file = folder / name
        if file.is_file() and (name == "leaktight.toml" or _mentions_section(file)):
            return file
    return None


def _mentions_section(file: Path) -> bool:
    """A `pyproject.toml` without our section is not ours to read, nor to complain about."""
    try:
        return _SECTION in file.read_text("utf-8", errors="replace")
    except OSError:
        return False


def _projects_below(folder: Path) -> Iterator[Path]:
    base = len(folder.parts)
    for path, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in _UNRELATED)
        if len(Path(path).parts) - base >= _DEPTH:
            folders.clear()
        if "manage.py" in files:
            yield Path(path)
