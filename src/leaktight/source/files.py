"""The files under a scanned root: which there are, what they are, and their bytes within limits."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from leaktight.model import Gap
from leaktight.source.python import Parsed, decode_problem, parse
from leaktight.source.roles import Kind as Kind
from leaktight.source.roles import Role as Role
from leaktight.source.roles import Surroundings, kind_of

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

MAX_PYTHON = 4 * 1024 * 1024
"""Larger Python files are data or generated; parsing one takes seconds and hundreds of megabytes."""
MAX_OTHER = 1024 * 1024
MAX_LINE = 1_000_000
MEDIA = frozenset(
    ".png .jpg .jpeg .gif .webp .ico .svg .woff .woff2 .ttf .eot .otf .mp3 .mp4 .webm .zip .gz .pdf .po .mo .map .css".split()
)
"""How names of files end that no scan reads, unless they are templates."""

_NEVER = frozenset(
    {
        ".git", ".hg", ".svn", ".bzr", ".tox", ".nox", ".venv", ".eggs", ".cache", ".direnv",
        ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis", ".ipynb_checkpoints", ".pytype",
        "__pycache__", "__pypackages__", "node_modules", "bower_components", "site-packages", "dist-packages", "LC_MESSAGES",
    }
)  # fmt: skip
_OUTPUT = frozenset({"build", "dist", "_build", "htmlcov", "wheelhouse"})
"""Folders tools write to; a package of that name is code."""
_ENVIRONMENT = frozenset({"pyvenv.cfg", "conda-meta"})
"""What lies at the top of a virtual environment, whatever its folder is called."""
_TO_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


@dataclass(frozen=True, slots=True, order=True)
class File:
    """One file: its path from the scanned root (`/`-separated), what it is and what it is for."""

    path: str
    kind: Kind
    role: Role


class Tree:
    """The files under one scanned folder, or one file on its own, in a fixed order."""

    def __init__(
        self, root: str | os.PathLike[str], *, exclude: Sequence[str] = (), changed: Mapping[str, bytes] = MappingProxyType({})
    ) -> None:
        """Walk `root`; `exclude` holds patterns in the way of .gitignore, `changed` what files would hold instead of what they do."""
        self._changed = dict(changed)
        self.root = Path(os.path.realpath(root))
        self.name = self.root.name or str(self.root)
        self.alone = not self.root.is_dir()
        """The root is a single file: whatever its name, it is what the user wants scanned."""
        self._base = str(self.root.parent if self.alone else self.root)
        self._parsed: dict[str, Parsed | Gap] = {}
        self._gaps: list[Gap] = []
        self._skipped: list[str] = []
        if self.alone:
            found = [File(self.name, kind_of(self.root.as_posix()), Role.APP)]
        else:
            found = list(self._walk(_patterns(exclude)))
        self.files: tuple[File, ...] = tuple(sorted(found, key=lambda file: file.path))
        self.gaps: tuple[Gap, ...] = tuple(sorted(self._gaps))
        """Folders and links that could not be looked into."""
        self.skipped: tuple[str, ...] = tuple(sorted(self._skipped))
        """Folders left out on purpose: repositories, environments, caches, build output, user's patterns."""
        self._by_path = {file.path: file for file in self.files}

    def __contains__(self, path: object) -> bool:
        return path in self._by_path

    def get(self, path: str) -> File | None:
        """Give the file at this path, if it was found."""
        return self._by_path.get(path)

    def of(self, kind: Kind, *roles: Role) -> tuple[File, ...]:
        """Give the files of a kind, all or those with one of the roles."""
        return tuple(file for file in self.files if file.kind is kind and (not roles or file.role in roles))

    def read(self, path: str) -> bytes | Gap:
        """Give a file's bytes, or say why they can't be analysed and what to do about it."""
        file = self._by_path.get(path)
        python = file is not None and file.kind is Kind.PYTHON
        limit = MAX_PYTHON if python else MAX_OTHER
        try:
            data = self._changed[path] if path in self._changed else _read_regular(os.path.join(self._base, path), limit + 1)
        except OSError as error:
            return Gap(path, 0, f"cannot be read ({error.strerror or type(error).__name__}); check its permissions")
        if len(data) > limit:
            return Gap(path, 0, f"is larger than {limit // 1024} KiB; split it, or exclude it if it is generated")
        if problem := _byte_problem(data) or decode_problem(data, cookie=python):
            return Gap(path, 0, problem)
        return data

    def parse(self, path: str) -> Parsed | Gap:
        """Parse a Python file and remember the tree: for the few files that are read more than once."""
        if path not in self._parsed:
            data = self.read(path)
            self._parsed[path] = data if isinstance(data, Gap) else parse(data, path)
        return self._parsed[path]

    def forget_trees(self) -> None:
        """Let go of the trees that are remembered; who asks for one again has the file parsed again."""
        self._parsed.clear()

    def status(self, path: str) -> os.stat_result | None:
        """Give what the system says of a file; None when it is gone."""
        try:
            return os.stat(f"{self._base}/{path}")
        except OSError:
            return None

    # -- walking -------------------------------------------------------------------------------

    def _walk(self, excluded: GitIgnoreSpec | None) -> Iterator[File]:
        pending = [Surroundings("", ())]
        base = os.path.join(self._base, "")
        while pending:
            folder = pending.pop()
            try:
                with os.scandir(base + folder.path) as entries:
                    listed = list(entries)  # in no order: what is found is sorted as a whole
            except OSError as error:
                self._gap(folder.path or ".", f"cannot be opened ({error.strerror}); check its permissions")
                continue
            names = frozenset(entry.name for entry in listed)
            if folder.path and (_ENVIRONMENT & names or _is_output(folder.path, names)):
                self._skipped.append(folder.path)
                continue
            folder = folder.with_names(names)
            for entry in listed:
                path = f"{folder.path}/{entry.name}" if folder.path else entry.name
                if not _is_text(entry.name):
                    self._gap(_printable(path), "has a name that is not UTF-8; rename it")
                elif entry.is_symlink():
                    self._link(path)
                elif entry.is_dir(follow_symlinks=False):
                    if entry.name in _NEVER or entry.name.endswith(".egg-info") or _matches(excluded, path + "/"):
                        self._skipped.append(path)
                    else:
                        pending.append(folder.enter(entry.name))
                elif entry.is_file(follow_symlinks=False) and not _matches(excluded, path):
                    kind = kind_of(path)
                    yield File(path, kind, folder.role_of(entry.name))
                elif kind_of(path) is not Kind.OTHER and not entry.is_file(follow_symlinks=False):
                    self._gap(path, "is a pipe, socket or device; remove it")

    def _link(self, path: str) -> None:
        """Never follow a link: what it leads to inside the root is walked anyway; the rest is a gap."""
        name = path.rpartition("/")[2]
        if name in _NEVER:
            return
        full = os.path.join(self._base, path)
        try:
            mode = os.stat(full).st_mode
        except OSError as error:
            # Editors keep locks as links that lead nowhere (`.#views.py`).
            if kind_of(path) is not Kind.OTHER and not name.startswith(".#"):
                self._gap(path, f"is a link that leads nowhere ({error.strerror}); remove it")
            return
        target = os.path.realpath(full)
        inside = target == self._base or target.startswith(os.path.join(self._base, ""))
        if stat.S_ISDIR(mode) and os.path.join(full, "").startswith(os.path.join(target, "")):
            self._gap(path, "is a link to a folder that holds it; it was not followed, remove it")
        elif not inside and (stat.S_ISDIR(mode) or kind_of(path) is not Kind.OTHER):
            self._gap(path, "is a link that leads out of the scanned folder; scan what it leads to on its own")

    def _gap(self, path: str, reason: str) -> None:
        self._gaps.append(Gap(path, 0, reason))


def _read_regular(path: str, limit: int) -> bytes:
    """Read at most `limit` bytes, without ever waiting for a pipe or a device."""
    descriptor = os.open(path, _TO_READ)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(None, "not a regular file")
        return os.read(descriptor, min(status.st_size + 1, limit))
    finally:
        os.close(descriptor)


def _byte_problem(data: bytes) -> str | None:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "is UTF-16; save it as UTF-8"
    if b"\0" in data:
        return "holds NUL bytes, so it is no text; restore it, or exclude it"
    if len(data) > MAX_LINE and max(map(len, data.split(b"\n"))) > MAX_LINE:
        return f"has a line of more than {MAX_LINE:_} bytes; exclude it if it is generated".replace("_", " ")
    return None


def _is_output(path: str, names: frozenset[str]) -> bool:
    return path.rpartition("/")[2] in _OUTPUT and "__init__.py" not in names


def _is_text(name: str) -> bool:
    # File names that are no UTF-8 reach us with surrogates, which nothing can print.
    return name.isascii() or not any("\ud800" <= character <= "\udfff" for character in name)


def _printable(path: str) -> str:
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _patterns(exclude: Sequence[str]) -> GitIgnoreSpec | None:
    if not exclude:
        return None
    from pathspec import GitIgnoreSpec  # a quarter of the start time of a scan that needs no patterns

    return GitIgnoreSpec.from_lines(exclude)


def _matches(excluded: GitIgnoreSpec | None, path: str) -> bool:
    return excluded is not None and excluded.match_file(path)
