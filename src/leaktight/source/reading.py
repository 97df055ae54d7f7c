"""Reading many Python files at once: parse and lower them, in as many processes as there are jobs."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import msgspec

from leaktight.model import Gap
from leaktight.source.ahead import METHOD
from leaktight.source.cache import Cache, digest
from leaktight.source.code import Module
from leaktight.source.files import Tree
from leaktight.source.lower import lower
from leaktight.source.python import parse

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Module).decode

CLAIM = b"leaktight:"
"""What every claim begins with."""
CHUNK = 24
"""Files a worker takes at a time."""

_reader: Reader | None = None
"""What a worker process reads with; set once when the worker starts."""


class Reader:
    """Reads files of one tree, and keeps what they are lowered to."""

    def __init__(self, tree: Tree, cache: Cache | None) -> None:
        self.tree = tree
        self.cache = cache
        self.fresh: dict[bytes, bytes] = {}
        """What is not kept yet."""

    def read(self, path: str) -> bytes | Gap:
        """Give what a file is lowered to, packed. What is kept of it was made of the very bytes that it holds now."""
        data = self.tree.read(path)
        if isinstance(data, Gap):
            return data
        identity = b"" if self.cache is None else digest(b"module", path.encode(), data)
        known = None if self.cache is None else self.cache.read(identity)
        if known is not None:
            return known
        result = _lowered(path, data)
        if isinstance(result, Gap):
            return result
        packed = _encode(result)
        if self.cache is not None:
            self.fresh[identity] = packed
        return packed

    def keep(self) -> None:
        """Keep what was read last."""
        if self.cache is not None:
            self.cache.keep(self.fresh)
            self.fresh.clear()


def _lowered(path: str, data: bytes) -> Module | Gap:
    parsed = parse(data, path, partly=True)
    if isinstance(parsed, Gap):
        return parsed
    try:
        module = lower(parsed.tree, path=path, lines=parsed.text.count("\n") + 1, wide=not parsed.text.isascii())
        if CLAIM in data:
            module.telling = sorted((*module.telling, "claim"))
        if parsed.left_out is not None:
            module.left_out = (parsed.left_out.line, parsed.left_out.reason)
        return module
    except RecursionError:
        return Gap(path, 0, "is nested too deeply to be analysed; simplify it, or exclude it if it is generated")


def read_modules(
    tree: Tree,
    paths: Sequence[str],
    *,
    jobs: int,
    progress: Callable[[int], None] | None = None,
    meanwhile: Callable[[], object] = lambda: None,
    cache: Cache | None = None,
) -> tuple[dict[str, Module], list[Gap]]:
    """Read many files. The answer does not depend on the number of jobs, nor on what the cache holds.

    `meanwhile` is what this process does as others read.
    """
    modules: dict[str, Module] = {}
    gaps: list[Gap] = []
    reader = Reader(tree, cache)
    results = _in_processes(reader, paths, jobs, meanwhile) if jobs > 1 and len(paths) > CHUNK else _here(reader, paths)
    for count, (path, result) in enumerate(results):
        if isinstance(result, Gap):
            gaps.append(result)
        else:
            modules[path] = _shared(_decode(result))
        if progress is not None and count % 50 == 0:
            progress(count)
    gaps += [Gap(path, *module.left_out) for path, module in modules.items() if module.left_out is not None]
    return {path: modules[path] for path in sorted(modules)}, gaps


def _shared(module: Module) -> Module:
    """Keep each name once, however many functions use it: names are a tenth of what is known of a project."""
    for function in module.functions:
        function.names = list(map(sys.intern, function.names))
    return module


def _here(reader: Reader, paths: Sequence[str]) -> Iterator[tuple[str, bytes | Gap]]:
    for chunk in _chunks(paths):
        for path in chunk:
            yield path, reader.read(path)
        reader.keep()


def _in_processes(
    reader: Reader, paths: Sequence[str], jobs: int, meanwhile: Callable[[], object]
) -> Iterator[tuple[str, bytes | Gap]]:
    chunks = _chunks(paths)
    if reader.cache is not None:
        reader.cache.close()  # each worker opens it for itself
    with ProcessPoolExecutor(jobs, mp_context=get_context(METHOD), initializer=_start, initargs=(reader,)) as pool:
        work = pool.map(_work, chunks)
        meanwhile()
        for chunk, answers in zip(chunks, work, strict=True):
            yield from zip(chunk, answers, strict=True)


def _chunks(paths: Sequence[str]) -> list[Sequence[str]]:
    return [paths[start : start + CHUNK] for start in range(0, len(paths), CHUNK)]


def _start(reader: Reader) -> None:
    global _reader  # noqa: PLW0603 - a worker has one for its whole life
    _reader = reader
    gc.disable()


def _work(paths: Sequence[str]) -> list[bytes | Gap]:
    assert _reader is not None  # set by _start
    results = [_reader.read(path) for path in paths]
    _reader.keep()
    return results
