"""A scan that need not be made again: the same files, judged by the same rules in the same way, give the result that was kept."""

from __future__ import annotations

import datetime
import hashlib
import os
import time
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from leaktight.model import Claim, Gap, Result
from leaktight.source.ahead import Ahead
from leaktight.source.cache import digest
from leaktight.source.files import MEDIA, File, Kind, Tree

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
    # What is changed while it is read belongs to no result. A clock that ticks slowly can't tell that of files just written.
    is_settled = max(stamps.values(), default=(0,))[0] < began - _TICK
    seen = digest(b"seen", os.fsencode(scan.tree.name))
    identity = None if is_settled and cache.read(seen) is None else _identity(scan)
    if identity is not None and (known := cache.read(identity)) is not None:
        kept = _decode(known)
        if not any(_ended_between(claim, kept.day, scan.today) for claim in kept.result.claims):
            return kept.result
    # Nothing is kept of a project of this name: who asks is told in the meantime.
    with Ahead(scan.jobs if identity is None else 1, partial(_identity, scan)) as asked:
        result = scan.run()
        if _stamps(scan.tree) == stamps and (is_settled or _identity(scan) == identity):
            cache.keep({identity or asked.result(): _encode(_Kept(scan.today, result)), seen: b""})
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
        content = b"" if _is_never_read(file) else scan.tree.read(file.path)
        # The length of what follows stands in front of it, so that no content can be taken for the next file.
        if isinstance(content, Gap):
            told.update(msgspec.json.encode([file.path, file.kind, file.role, content.reason]))
        else:
            told.update(msgspec.json.encode([file.path, file.kind, file.role, len(content)]))
            told.update(content)
    return digest(b"result", msgspec.json.encode(asked, order="deterministic"), told.digest())


def _is_never_read(file: File) -> bool:
    return file.kind is Kind.OTHER and file.path[file.path.rfind(".") :].lower() in MEDIA


def _stamps(tree: Tree) -> dict[str, tuple[int, int, int]]:
    """When each file that can be read was changed, and which it is."""
    stamps = {}
    for file in tree.files:
        status = None if _is_never_read(file) else tree.status(file.path)
        if status is not None:
            stamps[file.path] = (max(status.st_mtime_ns, status.st_ctime_ns), status.st_size, status.st_ino)
    return stamps


def _ended_between(claim: Claim, one: datetime.date, other: datetime.date) -> bool:
    return claim.until is not None and (claim.until < one) != (claim.until < other)
