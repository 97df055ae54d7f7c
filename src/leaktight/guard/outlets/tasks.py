"""Celery: sensitive arguments lie sealed in the broker, the worker knows the values it was given, and results hold none of them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from leaktight.guard.blocked import LeakBlocked
from leaktight.guard.conf import Mode, configuration
from leaktight.guard.fingerprint import fingerprint
from leaktight.guard.incidents import Incident, tell
from leaktight.guard.keys import CannotOpen
from leaktight.guard.outlets.loading import wait_no_more, when_loaded
from leaktight.guard.outlets.masking import WITHHELD, Mask
from leaktight.guard.outlets.sealing import Arguments, by_name, names_of, opened, sealed
from leaktight.guard.outlets.telling import tell_found
from leaktight.guard.values.collect import add_named
from leaktight.guard.values.registry import Registry, current, watched
from leaktight.policy import Channel

_TRACERS = ("celery.app.trace", "celery.worker.consumer.consumer")
"""Where the function that makes tracers is called by; a tracer is what runs a task, in a worker or eagerly."""
_SENT_ALONG = ("chain", "chord", "link", "link_error", "headers")

_undo: list[Callable[[], None]] = []


def install() -> None:
    """Hook what sends tasks, what runs them, and what keeps their results, as soon as the site has loaded it."""
    if _undo:
        return
    hooks = {"celery.app.base": _hook_sender, "celery.backends.base": _hook_results} | dict.fromkeys(_TRACERS, _hook_tracer)
    for name, hook in hooks.items():
        when_loaded(name, hook)
    _undo.extend(functools.partial(wait_no_more, hook) for hook in (_hook_sender, _hook_results, _hook_tracer))


def remove() -> None:
    """Leave Celery to itself again."""
    while _undo:
        _undo.pop()()


def _replace(owner: Any, name: str, new: Callable[..., Any]) -> None:
    old = getattr(owner, name)
    setattr(owner, name, functools.wraps(old)(new))
    _undo.append(functools.partial(setattr, owner, name, old))


def _hook_sender(module: Any) -> None:
    original = module.Celery.send_task

    def send_task(self: Any, name: str, args: Any = None, kwargs: Any = None, *rest: Any, **options: Any) -> Any:
        task = self.tasks.get(name) if self.finalized else None
        args, kwargs, options = _guarded(name, task, args, kwargs, options)
        return original(self, name, args, kwargs, *rest, **options)

    _replace(module.Celery, "send_task", send_task)


def _guarded(name: str, task: Any, args: Any, kwargs: Any, options: dict[str, Any]) -> tuple[Any, Any, dict[str, Any]]:
    """Seal what is sensitive in what goes to the broker. Raises `LeakBlocked` in the mode `block`, and where there is no key to seal with."""
    mode = configuration().mode(Channel.TASK_QUEUE)
    can_seal = mode is Mode.MASK and bool(configuration().keys)
    search = current().search(Channel.TASK_QUEUE)
    walk = Arguments([search] if search else [], sealed if can_seal else lambda value, _: value)
    names = names_of(task)
    new_args = [walk.walked(each, called, name, names) for called, each in by_name(task, args, {})] if args else args
    new_kwargs = walk.walked(kwargs, "", name, names) if kwargs else kwargs
    along = {key: walk.walked(options[key], "", name, names) for key in _SENT_ALONG if options.get(key)}
    for met in {met.text: met for met in walk.met}.values():
        tell(Incident(Channel.TASK_QUEUE, met.label, met.name, mode, fingerprint(met.text), met.form, name))
    if walk.met and mode is not Mode.REPORT and not can_seal:
        raise LeakBlocked(
            Channel.TASK_QUEUE, walk.met[0].label, "the broker would keep it readable; put it into the vault and pass its handle"
        )
    return new_args, new_kwargs, {**options, **along}


def _hook_tracer(module: Any) -> None:
    make = module.build_tracer
    if hasattr(make, "__wrapped__"):  # loaded from a module that is hooked already
        return

    def build_tracer(name: str, task: Any, *arguments: Any, **named: Any) -> Any:
        trace = make(name, task, *arguments, **named)

        @functools.wraps(trace)
        def guarded(uuid: str, args: Any, kwargs: Any, request: Any = None) -> Any:
            if not _undo:  # a module of Celery's may still hold this function
                return trace(uuid, args, kwargs, request)
            with watched(Registry()) as registry:
                args, kwargs = _opened(name, args, kwargs)
                registry.declared = names_of(task)
                for called, value in by_name(task, args, kwargs):
                    add_named(registry, called, value, registry.declared)
                registry.view = name
                return trace(uuid, args, kwargs, request)

        return guarded

    _replace(module, "build_tracer", build_tracer)


def _opened(name: str, args: Any, kwargs: Any) -> tuple[Any, Any]:
    """Open the arguments of a task; what cannot be opened stays as it is, and the task is told so by what it gets."""
    try:
        return opened(args, name), opened(kwargs, name)
    except CannotOpen:
        tell(Incident(Channel.TASK_QUEUE, "secret", "argument", Mode.BLOCK, form="cannot be opened", view=name))
        raise LeakBlocked(
            Channel.TASK_QUEUE, "secret", "an argument was changed, or sealed by a key that is not on the ring"
        ) from None


def _hook_results(module: Any) -> None:
    original = module.Backend._get_result_meta  # noqa: SLF001 - every backend makes with it what it stores

    def _get_result_meta(self: Any, *arguments: Any, **named: Any) -> Any:
        return _without_values(original(self, *arguments, **named))

    _replace(module.Backend, "_get_result_meta", _get_result_meta)


def _without_values(meta: dict[str, Any]) -> dict[str, Any]:
    """Mask values in a result, the text of an error, a traceback, and the arguments where a site keeps these along with it."""
    kept = {name: meta[name] for name in ("result", "traceback", "args", "kwargs") if meta.get(name)}
    try:
        mask = Mask(Channel.TASK_QUEUE)
        masked = {name: mask.only_values(value) for name, value in kept.items()}
        tell_found(mask)
    except Exception:  # noqa: BLE001 - what cannot be inspected is not kept, whatever the reason
        return {**meta, **dict.fromkeys(kept, WITHHELD)}
    return meta if mask.mode is Mode.REPORT else {**meta, **masked}
