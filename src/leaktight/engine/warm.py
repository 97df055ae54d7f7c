"""A scan that need not be made again: the same files, judged by the same rules in the same way, give the result that was kept."""

from __future__ import annotations

import datetime
import hashlib
import time
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import msgspec

from leaktight.model import Claim, Gap, Result
from leaktight.source.cache import digest
from leaktight.source.files import MEDIA, Kind, Tree

if TYPE_CHECKING:
    from leaktight.engine.scan import ProjectScan
    from leaktight.source.cache import Cache

_TICK = 2_000_000_000  # nanoseconds: no file system tells times less exactly


class _Kept(msgspec.Struct, array_like=True):
    """A result and the day it was told on: claims end."""

    day: datetime.date
    result: Result


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Kept).decode


def run_warm(scan: ProjectScan, cache: Cache) -> Result:
    """Give what is kept of this scan, or make it and keep the result. Both are the same to the byte."""
    began = time.time_ns()
    stamps = _stamps(scan.tree)
    identity = _identity(scan)
    known = cache.read(identity)
    if known is not None:
        kept = _decode(known)
        if not any(_ended_between(claim, kept.day, scan.today) for claim in kept.result.claims):
            return kept.result
    result = scan.run()
    # What is changed while it is read belongs to no result.
    if _stamps(scan.tree) == stamps and (max(stamps.values(), default=(0,))[0] < began - _TICK or _identity(scan) == identity):
        cache.keep({identity: _encode(_Kept(scan.today, result))})
    return result


def _identity(scan: ProjectScan) -> bytes:
    """All that a result depends on: the files by path, purpose and content, and what was asked."""
    asked = [
        scan.tree.name,
        scan.tree.alone,
        scan.config,
        scan.audience,
        None if scan.chosen is None else sorted(scan.chosen),
        scan.offers,
        scan.tree.gaps,
        scan.tree.skipped,
    ]
    told = hashlib.blake2b(digest_size=64)
    for file in scan.tree.files:
        told.update(digest(file.path.encode(), file.kind.encode(), file.role.encode(), _content(scan.tree, file.path, file.kind)))
    return digest(b"result", msgspec.json.encode(asked, order="deterministic"), told.digest())


def _content(tree: Tree, path: str, kind: Kind) -> bytes:
    if kind is Kind.OTHER and PurePosixPath(path).suffix.lower() in MEDIA:
        return b""  # never read
    data = tree.read(path)
    return digest(b"gap", data.reason.encode()) if isinstance(data, Gap) else data


def _stamps(tree: Tree) -> dict[str, tuple[int, int, int]]:
    """When each file was changed, and which it is."""
    stamps = {}
    for file in tree.files:
        try:
            status = tree.location(file.path).stat()
        except OSError:
            continue
        stamps[file.path] = (max(status.st_mtime_ns, status.st_ctime_ns), status.st_size, status.st_ino)
    return stamps


def _ended_between(claim: Claim, one: datetime.date, other: datetime.date) -> bool:
    return claim.until is not None and (claim.until < one) != (claim.until < other)
