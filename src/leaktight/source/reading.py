"""Reading many Python files at once: parse and lower them, in as many processes as there are jobs."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import msgspec

from leaktight.model import Gap
from leaktight.source.ahead import METHOD
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


def read_module(tree: Tree, path: str) -> Module | Gap:
    """Read, parse and lower one file."""
    data = tree.read(path)
    if isinstance(data, Gap):
        return data
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
) -> tuple[dict[str, Module], list[Gap]]:
    """Read many files. The answer does not depend on the number of jobs; `meanwhile` is what this process does as others read."""
    modules: dict[str, Module] = {}
    gaps: list[Gap] = []
    results = _in_processes(tree, paths, jobs, meanwhile) if jobs > 1 and len(paths) > CHUNK else map(_one(tree), paths)
    for count, (path, result) in enumerate(results):
        if isinstance(result, Gap):
            gaps.append(result)
        else:
            modules[path] = result
            if result.left_out is not None:
                gaps.append(Gap(path, *result.left_out))
        if progress is not None and count % 50 == 0:
            progress(count)
    return {path: modules[path] for path in sorted(modules)}, gaps


def _one(tree: Tree) -> Callable[[str], tuple[str, Module | Gap]]:
    return lambda path: (path, read_module(tree, path))


def _in_processes(tree: Tree, paths: Sequence[str], jobs: int, meanwhile: Callable[[], object]) -> Iterator[tuple[str, Module | Gap]]:
    chunks = [paths[start : start + CHUNK] for start in range(0, len(paths), CHUNK)]
    with ProcessPoolExecutor(jobs, mp_context=get_context(METHOD), initializer=_start, initargs=(tree,)) as pool:
        work = pool.map(_work, chunks)
        meanwhile()
        for chunk, answers in zip(chunks, work, strict=True):
            for path, answer in zip(chunk, answers, strict=True):
                yield path, (_decode(answer) if isinstance(answer, bytes) else answer)


def _start(tree: Tree) -> None:
    global _tree  # noqa: PLW0603 - a worker has one tree for its whole life
    _tree = tree
    gc.disable()


def _work(paths: Sequence[str]) -> list[bytes | Gap]:
    assert _tree is not None  # set by _start
    results = [read_module(_tree, path) for path in paths]
    return [result if isinstance(result, Gap) else _encode(result) for result in results]
