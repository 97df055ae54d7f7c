"""Reading many Python files at once: parse and lower them, in as many processes as there are jobs."""

from __future__ import annotations

import gc
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

CHUNK = 24
"""Files a worker takes at a time."""

_tree: Tree | None = None
"""The tree a worker process reads from; set once when the worker starts."""


def _lowered(path: str, data: bytes) -> Module | Gap:
    parsed = parse(data, path, partly=True)
    if isinstance(parsed, Gap):
        return parsed
    try:
        module = lower(parsed.tree, path=path, lines=parsed.text.count("\n") + 1, wide=not parsed.text.isascii())
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
    modules: dict[str, Module] = {} if cache is None else _kept(tree, paths, cache)
    paths = [path for path in paths if path not in modules]
    gaps: list[Gap] = []
    fresh: dict[bytes, bytes] = {}
    results = _in_processes(tree, paths, jobs, meanwhile) if jobs > 1 and len(paths) > CHUNK else map(_one(tree), paths)
    for count, (path, identity, result) in enumerate(results):
        if isinstance(result, Gap):
            gaps.append(result)
        else:
            modules[path] = _decode(result) if isinstance(result, bytes) else result
            if cache is not None:
                fresh[identity] = result if isinstance(result, bytes) else _encode(result)
                if len(fresh) == CHUNK:
                    cache.keep(fresh)
                    fresh.clear()
        if progress is not None and count % 50 == 0:
            progress(count)
    if cache is not None:
        cache.keep(fresh)
    gaps += [Gap(path, *module.left_out) for path, module in modules.items() if module.left_out is not None]
    return {path: modules[path] for path in sorted(modules)}, gaps


def _kept(tree: Tree, paths: Sequence[str], cache: Cache) -> dict[str, Module]:
    """What is known of files from an earlier scan."""
    modules: dict[str, Module] = {}
    for path in paths:
        data = tree.read(path)
        found = None if isinstance(data, Gap) else cache.read(_identity(path, data))
        if found is not None:
            modules[path] = _decode(found)
    return modules


def _identity(path: str, data: bytes) -> bytes:
    return digest(b"module", path.encode(), data)


def _one(tree: Tree) -> Callable[[str], tuple[str, bytes, Module | Gap]]:
    return lambda path: (path, *_read(tree, path))


def _read(tree: Tree, path: str) -> tuple[bytes, Module | Gap]:
    """Read one file; its identity is of the very bytes that were parsed, whatever the file holds a moment later."""
    data = tree.read(path)
    return (b"", data) if isinstance(data, Gap) else (_identity(path, data), _lowered(path, data))


def _in_processes(
    tree: Tree, paths: Sequence[str], jobs: int, meanwhile: Callable[[], object]
) -> Iterator[tuple[str, bytes, bytes | Gap]]:
    chunks = [paths[start : start + CHUNK] for start in range(0, len(paths), CHUNK)]
    with ProcessPoolExecutor(jobs, mp_context=get_context(METHOD), initializer=_start, initargs=(tree,)) as pool:
        work = pool.map(_work, chunks)
        meanwhile()
        for chunk, answers in zip(chunks, work, strict=True):
            for path, answer in zip(chunk, answers, strict=True):
                yield path, *answer


def _start(tree: Tree) -> None:
    global _tree  # noqa: PLW0603 - a worker has one tree for its whole life
    _tree = tree
    gc.disable()


def _work(paths: Sequence[str]) -> list[tuple[bytes, bytes | Gap]]:
    assert _tree is not None  # set by _start
    results = [_read(_tree, path) for path in paths]
    return [(identity, result if isinstance(result, Gap) else _encode(result)) for identity, result in results]
