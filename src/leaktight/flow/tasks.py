"""Background tasks: handing one to a queue writes its arguments there, and a worker calls the function with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from leaktight.flow.machine import Function
from leaktight.flow.naming import name_value
from leaktight.flow.outside import note_call
from leaktight.flow.value import UNKNOWN, Value
from leaktight.source.code import Code, Op, last_name

if TYPE_CHECKING:
    from leaktight.flow.frame import Frame
    from leaktight.source.code import Function as FunctionCode

QUEUED = "celery.Task.delay"

_DIRECT = frozenset({"delay", "delay_on_commit"})
_PACKED = frozenset({"apply_async", "apply_async_on_commit", "apply"})
_OF_TASKS = frozenset({"s", "si", "signature", "enqueue", "aenqueue", "send", "schedule"})
"""Methods that other objects have too: they count when the function is decorated as a task."""
_MAKERS = frozenset({"task", "shared_task", "periodic_task", "job", "actor", "db_task", "background"})


def call_task(
    frame: Frame,
    task: Function,
    method: str,
    arguments: list[Value],
    keywords: dict[str, Value],
    span: int,
    places: dict[Any, int],
) -> Value | None:
    """`task.delay(…)` and the like; None when the method is none that queues a task."""
    from leaktight.flow.calls import call_function

    code = frame.machine.program.function(task.ref)
    maker = next((item for item in code.decorators if last_name(item) in _MAKERS), None)
    if method not in _DIRECT | _PACKED and not (method in _OF_TASKS and maker is not None):
        return None
    if method in _PACKED:
        arguments, keywords, places = _unpacked(arguments, keywords, places)
    first = 1 if maker is not None and _is_bound(maker) else 0
    given, spans = _named(frame, code, arguments, keywords, places, first, span)
    if method != "apply":
        note_call(frame, QUEUED, UNKNOWN, given, spans, span)
    raised = len(frame.raised)
    result = call_function(frame, task, [UNKNOWN] * first + arguments, keywords, span, {})
    if method != "apply":
        del frame.raised[raised:]  # it is raised in the worker
    return result


def as_called(frame: Frame, function: Function) -> Function:
    """A task that is called like any function still gets itself as first argument when it asked for that."""
    if function.receiver is not None:
        return function
    decorators = frame.machine.program.function(function.ref).decorators
    is_bound = any(last_name(item) in _MAKERS and _is_bound(item) for item in decorators)
    return replace(function, receiver=UNKNOWN) if is_bound else function


def _unpacked(
    arguments: list[Value], keywords: dict[str, Value], places: dict[Any, int]
) -> tuple[list[Value], dict[str, Value], dict[Any, int]]:
    """The arguments inside `args=[…], kwargs={…}`."""
    listed = arguments[0] if arguments else keywords.get("args", UNKNOWN)
    by_name = arguments[1] if len(arguments) > 1 else keywords.get("kwargs", UNKNOWN)
    list_place = places.get(0, places.get("args"))
    name_place = places.get(1, places.get("kwargs"))
    fields = listed.fields or {}
    positional = [fields[place] for place in sorted(key for key in fields if isinstance(key, int))]
    named = {key: value for key, value in (by_name.fields or {}).items() if isinstance(key, str)}
    spans: dict[Any, int] = {}
    if list_place is not None:
        spans |= dict.fromkeys(range(len(positional)), list_place)
    if name_place is not None:
        spans |= dict.fromkeys(named, name_place)
    return positional, named, spans


def _named(
    frame: Frame,
    code: FunctionCode,
    arguments: list[Value],
    keywords: dict[str, Value],
    places: dict[Any, int],
    first: int,
    span: int,
) -> tuple[dict[str, Value], dict[str, int]]:
    """The arguments by the names of the task's parameters."""
    names = [parameter.name for parameter in code.parameters if parameter.kind == "positional"][first:]
    given: dict[str, Value] = {}
    spans: dict[str, int] = {}
    for index, value in enumerate(arguments):
        name = names[index] if index < len(names) else str(index)
        given[name] = name_value(frame, name, value, places.get(index, span), what="passed as")
        spans[name] = places.get(index, span)
    for name, value in keywords.items():
        given[name] = value
        spans[name] = places.get(name, span)
    return given, spans


def _is_bound(maker: Code) -> bool:
    """Tell `bind=True`, which gives the task itself as first argument."""
    return maker[0] == Op.CALL and any(key == "bind" and code[0] == Op.CONST and code[2] is True for key, code in maker[4])
