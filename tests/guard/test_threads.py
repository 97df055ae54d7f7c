"""A thread, a pool and a task that a request starts know the request's values, also when the request has ended."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import importlib
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from leaktight.guard.outlets.loading import _FINDER, _waiting, wait_no_more, when_loaded
from leaktight.guard.values import registry as registry_module
from leaktight.guard.values import threads
from leaktight.guard.values.registry import PROCESS, Registry, concerned, watched, watching

CANARY = "k7Qz-9fWx2LmP3~tY"


def _known(text: str = CANARY) -> bool:
    return any(value.text == text for registry in concerned() for value in registry)


class _Own(threading.Thread):
    def __init__(self, job: Callable[[], None]) -> None:
        super().__init__()
        self._job = job

    def run(self) -> None:
        self._job()


def _thread(job: Callable[[], None]) -> Callable[[], None]:
    thread = threading.Thread(target=job)
    thread.start()
    return thread.join


def _own_thread(job: Callable[[], None]) -> Callable[[], None]:
    thread = _Own(job)
    thread.start()
    return thread.join


def _timer(job: Callable[[], None]) -> Callable[[], None]:
    timer = threading.Timer(0.01, job)
    timer.start()
    return timer.join


def _grandchild(job: Callable[[], None]) -> Callable[[], None]:
    return _thread(lambda: _thread(job)())


def _pool(job: Callable[[], None]) -> Callable[[], None]:
    pool = ThreadPoolExecutor(1)
    pool.submit(job)
    return pool.shutdown


STARTERS = [_thread, _own_thread, _timer, _grandchild, _pool]


@pytest.mark.parametrize("start", STARTERS)
def test_what_a_request_starts_knows_its_values_when_the_request_has_ended(start: Callable[..., Any]) -> None:
    for installed in (False, True):
        ended, heard = threading.Event(), []
        value = f"{CANARY}-{start.__name__}-{installed}"

        def job(ended: threading.Event = ended, heard: list[bool] = heard, value: str = value) -> None:
            ended.wait(300)
            gc.collect()
            heard.append(_known(value))

        if not installed:
            threads.remove()
        try:
            with watched(Registry()) as registry:
                registry.add(value, "card", "card_number")
                join = start(job)
            del registry
            ended.set()
            join()
        finally:
            threads.install()
        assert heard == [installed]


def test_a_pool_does_not_mix_requests_up() -> None:
    heard: list[list[str]] = []
    with ThreadPoolExecutor(1) as pool:
        for text in ("first-value-1234", "second-value-5678"):
            with watched(Registry()) as registry:
                registry.add(text, "card", "card_number")
                pool.submit(lambda: heard.append([value.text for value in concerned()[0]])).result()
            del registry
        pool.submit(lambda: heard.append([value.text for known in concerned() for value in known])).result()
    assert heard[:2] == [["first-value-1234"], ["second-value-5678"]]


def test_a_thread_that_outlives_its_request_watches_for_the_others() -> None:
    turn, done, heard = threading.Event(), threading.Event(), []

    def serve() -> None:
        turn.wait(300)
        heard.append(_known())
        done.set()

    with watched(Registry()):
        thread = threading.Thread(target=serve)
        thread.start()
    with watched(Registry()) as registry:
        registry.add(CANARY, "card", "card_number")
        turn.set()
        done.wait(300)
    thread.join()
    assert heard == [True]


def test_tasks_and_other_threads_of_asyncio() -> None:
    async def work() -> list[bool]:
        loop = asyncio.get_running_loop()
        return [await asyncio.create_task(_later()), await asyncio.to_thread(_known), await loop.run_in_executor(None, _known)]

    async def _later() -> bool:
        await asyncio.sleep(0)
        return _known()

    with watched(Registry()) as registry:
        registry.add(CANARY, "card", "card_number")
        assert asyncio.run(work()) == [True, True, True]


def test_who_is_concerned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry_module, "_live", set())

    def elsewhere(job: Callable[[], Any]) -> Any:
        return contextvars.Context().run(job)

    assert concerned() == []
    assert watching() == [PROCESS]
    with watched(Registry()) as one:
        assert concerned() == [one]
        with watched(Registry()) as two:
            assert concerned() == [two]
            assert watching() == [two, PROCESS]
            assert set(map(id, elsewhere(concerned))) == {id(one), id(two)}


# -- libraries that come later -----------------------------------------------------------------


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    (tmp_path / "a_late_library.py").write_text("value = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield "a_late_library"
    sys.modules.pop("a_late_library", None)


def test_a_hook_is_called_when_its_library_is_loaded(library: str) -> None:
    heard: list[int] = []
    when_loaded(library, lambda module: heard.append(module.value))
    assert heard == []
    assert library not in sys.modules
    importlib.import_module(library)
    assert heard == [1]
    when_loaded(library, lambda module: heard.append(module.value + 1))
    assert heard == [1, 2]
    importlib.reload(sys.modules[library])
    assert heard == [1, 2]


def test_a_hook_that_is_not_wanted_any_more_is_not_called(library: str) -> None:
    heard: list[Any] = []
    when_loaded(library, heard.append)
    wait_no_more(heard.append)
    when_loaded("no_such_library", heard.append)
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("no_such_library")
    importlib.import_module(library)
    assert heard == []
    assert _FINDER in sys.meta_path
    _waiting.pop("no_such_library")


@pytest.mark.parametrize("given", [False, True], ids=["own context", "given context"])
def test_what_an_async_request_calls_in_a_thread_knows_its_values(given: bool) -> None:  # noqa: FBT001
    value = f"{CANARY}-async-{given}"

    async def ask() -> bool:
        context = contextvars.Context() if given else None
        with watched(Registry()) as registry:
            registry.add(value, "card", "card_number")
            return await sync_to_async(_known, thread_sensitive=False, context=context)(value)

    assert asyncio.run(ask())


def test_a_job_of_sync_to_async_is_not_wrapped_once_more(monkeypatch: pytest.MonkeyPatch) -> None:
    wrapped: list[Any] = []
    within = threads._within

    def counted(registry: Registry, job: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        wrapped.append(job)
        return within(registry, job, *arguments, **named)

    monkeypatch.setattr(threads, "_within", counted)

    async def ask() -> None:
        with watched(Registry()), ThreadPoolExecutor(1) as pool:
            await sync_to_async(_known, executor=pool, thread_sensitive=False)()
            assert not any("thread_handler" in repr(job) for job in wrapped)  # but perhaps the thread of the pool itself
            await asyncio.get_running_loop().run_in_executor(pool, _known)
            assert _known in wrapped

    asyncio.run(ask())


def test_registries_that_are_gone_are_taken_out_and_those_in_use_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    live: set[object] = set()
    monkeypatch.setattr(registry_module, "_live", live)
    monkeypatch.setattr(registry_module, "_room", [8])
    monkeypatch.setattr(registry_module, "_MOST_LIVE", 8)
    kept = [registry_module.Registry() for _ in range(5)]
    for one in kept:
        registry_module.leave(registry_module.enter(one))
    for _ in range(100):
        registry_module.leave(registry_module.enter(registry_module.Registry()))
    gc.collect()
    assert len(live) <= 11  # at most twice as many as are in use, and one
    assert set(registry_module.concerned()) >= set(kept)
