"""Task queues: the arguments a task is sent with; it runs at once, and no broker is asked."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from leaktight.policy import Channel
from leaktight.prove.project.observers.patching import replaced
from leaktight.prove.project.watch import Watch


@contextmanager
def observe(watch: Watch) -> Iterator[None]:
    """Stand in for the queues the project has loaded."""
    with ExitStack() as stack:
        if "celery" in sys.modules:
            stack.enter_context(_celery(watch))
        if "django.tasks" in sys.modules:
            stack.enter_context(_django(watch))
        yield


@contextmanager
def _celery(watch: Watch) -> Iterator[None]:
    from celery.app.task import Task

    def apply_async(self: Any, args: Any = None, kwargs: Any = None, **options: Any) -> Any:
        watch.saw(Channel.TASK_QUEUE, repr((args, kwargs)), f"task {self.name}")
        return self.apply(args, kwargs, throw=False)

    with replaced(Task, apply_async=apply_async):
        yield


@contextmanager
def _django(watch: Watch) -> Iterator[None]:
    from django.tasks.base import Task

    enqueue = Task.enqueue

    def enqueued(self: Any, *args: Any, **kwargs: Any) -> Any:
        watch.saw(Channel.TASK_QUEUE, repr((args, kwargs)), f"task {self.name}")
        return enqueue(self, *args, **kwargs)

    with replaced(Task, enqueue=enqueued):
        yield
