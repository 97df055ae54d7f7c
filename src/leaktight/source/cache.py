"""What an earlier scan worked out, kept for the next one: one small database in the user's own cache folder.

An entry is found and opened only with the bytes it was made from: its name and the key it is sealed with are digests of them. So it
can't be stale, can't be made up by who has not the sources, and tells nothing of them to who reads the file. Whatever is wrong with
the cache, a scan goes on without it.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import stat
import sys
import time
import zlib
from collections.abc import Callable, Mapping
from functools import cache
from hmac import compare_digest
from importlib.util import find_spec
from pathlib import Path

FILE = "scans.sqlite3"
MOST = 100 * 1024 * 1024
"""Bytes the entries may take together; the half that was not used longest goes when there are more."""
_DAYS = 30
_RENEWED = 7  # an entry in use is marked so once a week, not at every scan
_WAIT = 0.5  # seconds for another scan to finish writing
_MARK = 16
_SCHEMA = "CREATE TABLE IF NOT EXISTS kept (name BLOB PRIMARY KEY, day INTEGER NOT NULL, sealed BLOB NOT NULL)"


def cache_folder(environment: Mapping[str, str] = os.environ) -> Path | None:
    """Where this platform wants caches of this user; None when nobody says."""
    if sys.platform == "win32":
        base = Path(environment.get("LOCALAPPDATA", ""))
    else:
        home = Path(environment.get("HOME", ""))
        wanted = Path(environment.get("XDG_CACHE_HOME", ""))
        usual = home / "Library" / "Caches" if sys.platform == "darwin" else home / ".cache"
        base = wanted if wanted.is_absolute() and sys.platform != "darwin" else usual
    return base / "leaktight" if base.is_absolute() else None


def digest(*parts: bytes) -> bytes:
    """The identity of some bytes, 64 of them; how they are cut into parts is told apart."""
    told = hashlib.blake2b(digest_size=64)
    for part in parts:
        told.update(len(part).to_bytes(8, "big"))
        told.update(part)
    return told.digest()


class Cache:
    """Bytes by the identity of what they were made from. Nothing here raises: what can't be kept or read is not there."""

    def __init__(self, folder: Path | None, *, maker: Callable[[], bytes] | None = None, most: int = MOST) -> None:
        """`maker` identifies the program that makes the entries: those of another are not seen."""
        self._folder = folder
        self._maker = maker or this_program
        self._most = most
        self._base: sqlite3.Connection | None = None
        self._failed = folder is None
        self._tidied = 0
        """The day on which old entries were dropped last."""

    def read(self, identity: bytes) -> bytes | None:
        """What was kept under an identity (of `digest`)."""
        try:
            base = self._opened()
            if base is None:
                return None
            name, key = self._names(identity)
            for sealed, day in base.execute("SELECT sealed, day FROM kept WHERE name = ?", (name,)).fetchall():
                found = _unsealed(sealed, key)
                if found is not None and day < _today() - _RENEWED:
                    base.execute("UPDATE kept SET day = ? WHERE name = ?", (_today(), name))
                return found
        except (sqlite3.Error, OSError) as error:
            self._fail(error)
        return None

    def keep(self, entries: Mapping[bytes, bytes]) -> None:
        """Keep bytes under their identities, all or none."""
        if not entries:
            return
        try:
            base = self._opened()
            if base is None:
                return
            rows = []
            for identity, plain in entries.items():
                name, key = self._names(identity)
                rows.append((name, _today(), _sealed(plain, key)))
            base.execute("BEGIN IMMEDIATE")
            base.executemany("INSERT OR REPLACE INTO kept VALUES (?, ?, ?)", rows)
            self._forget(base)
            base.execute("COMMIT")
        except (sqlite3.Error, OSError) as error:
            self._fail(error)

    def close(self) -> None:
        """Let go of the database; it is opened again when it is needed, in a copy of this process as well."""
        if self._base is not None:
            self._base.close()
            self._base = None

    def _names(self, identity: bytes) -> tuple[bytes, bytes]:
        full = digest(self._maker(), identity)
        return full[:32], full[32:]

    def _forget(self, base: sqlite3.Connection) -> None:
        """Drop what nobody used for long, once a day, and more when it is too much."""
        if self._tidied != _today():
            self._tidied = _today()
            base.execute("DELETE FROM kept WHERE day < ?", (_today() - _DAYS,))
        pages, size = base.execute("SELECT page_count, page_size FROM pragma_page_count, pragma_page_size").fetchone()
        if pages * size <= self._most:
            return
        sizes = base.execute("SELECT name, LENGTH(sealed) FROM kept ORDER BY day, rowid").fetchall()
        total = sum(size for _, size in sizes)
        if total > self._most:
            for name, size in sizes:
                if total <= self._most // 2:
                    break
                base.execute("DELETE FROM kept WHERE name = ?", (name,))
                total -= size

    def _opened(self) -> sqlite3.Connection | None:
        """The database; None when there is none that can be trusted."""
        if self._base is not None or self._failed:
            return self._base
        self._failed = True  # until it is open
        assert self._folder is not None  # else it failed at once
        file = self._folder / FILE
        if not (_is_own_folder(self._folder) and _is_own_file(file)):
            return None
        base = sqlite3.connect(file, timeout=_WAIT, isolation_level=None)
        try:
            # A killed process leaves whole entries; what only a crash of the machine could spoil is noticed and thrown away.
            base.execute("PRAGMA synchronous = OFF")
            base.execute("PRAGMA auto_vacuum = FULL")
            base.execute(_SCHEMA)
        except sqlite3.Error:
            base.close()
            raise
        self._base, self._failed = base, False
        return base

    def _fail(self, error: Exception) -> None:
        """Do without from here on. A file that is no database, or a broken one, is removed."""
        self.close()
        self._failed = True
        broken = isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError)
        if broken and self._folder is not None:
            for name in (FILE, FILE + "-journal"):
                try:
                    (self._folder / name).unlink()
                except OSError:
                    continue


@cache
def this_program() -> bytes:
    """The identity of what makes the entries: every byte of leaktight, the running Python, and the libraries it reads sources with."""
    root = Path(__file__).parents[1]
    parts = [
        sys.version.encode(),
        *map(_library, ("django", "msgspec", "pathspec", "tree_sitter", "tree_sitter_javascript", "yaml")),
    ]
    for file in sorted((*root.rglob("*.py"), *root.rglob("*.toml"))):
        parts += [file.relative_to(root).as_posix().encode(), file.read_bytes()]
    return digest(*parts)


def _library(name: str) -> bytes:
    """What tells one installation of a library from another, without importing it."""
    found = find_spec(name)
    if found is None or found.origin is None:
        return b""
    status = Path(found.origin).stat()
    return f"{found.origin} {status.st_size} {status.st_mtime_ns}".encode()


def _is_own_folder(folder: Path) -> bool:
    """Make the folder when it is not there; tell whether it is ours, and nobody else's to write in."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        folder.mkdir(0o700)
    except FileExistsError:
        pass
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or _is_others(status):
        return False
    if stat.S_IMODE(status.st_mode) & 0o077 and os.name == "posix":
        folder.chmod(0o700)
    return True


def _is_own_file(file: Path) -> bool:
    try:
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0), 0o600)
    except OSError:
        return False
    with os.fdopen(descriptor):
        status = os.fstat(descriptor)
        return stat.S_ISREG(status.st_mode) and not _is_others(status)


def _is_others(status: os.stat_result) -> bool:
    """Somebody else owns it or may write to it."""
    if os.name != "posix":
        return False
    return status.st_uid != os.geteuid() or bool(stat.S_IMODE(status.st_mode) & 0o022)


def _today() -> int:
    return int(time.time() // 86_400)


# -- sealing -----------------------------------------------------------------------------------


def _sealed(plain: bytes, key: bytes) -> bytes:
    once = os.urandom(_MARK)
    hidden = once + _hidden(zlib.compress(plain, 1), key, once)
    return _mark(hidden, key) + hidden


def _unsealed(sealed: object, key: bytes) -> bytes | None:
    if not isinstance(sealed, bytes) or not compare_digest(sealed[:_MARK], _mark(sealed[_MARK:], key)):
        return None
    return zlib.decompress(_hidden(sealed[2 * _MARK :], key, sealed[_MARK : 2 * _MARK]))


def _hidden(text: bytes, key: bytes, once: bytes) -> bytes:
    """Add a stream of bits that is made from the key and used once; adding it again takes it away."""
    stream = hashlib.shake_256(b"leaktight cache" + key + once).digest(len(text))
    return (int.from_bytes(text, "little") ^ int.from_bytes(stream, "little")).to_bytes(len(text), "little")


def _mark(hidden: bytes, key: bytes) -> bytes:
    return hashlib.blake2b(hidden, digest_size=_MARK, key=key).digest()
