"""Calls: evaluating what is passed, and using the summaries of the project's functions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from leaktight.flow import attributes, construct, generic_views, keys, methods, tasks
from leaktight.flow.caught import Caught
from leaktight.flow.conditions import handed_on, may_happen
from leaktight.flow.events import Call
from leaktight.flow.machine import Function, Summary
from leaktight.flow.naming import name_value, result_fact
from leaktight.flow.outside import call_external, keep, named_fields, write_out
from leaktight.flow.substitute import Actuals, substitute, touches
from leaktight.flow.texts import stringify
from leaktight.flow.typing import parameter_type
from leaktight.flow.value import (
    UNKNOWN,
    Value,
    opened,
    sealed,
    step,
)
from leaktight.project.symbols import ClassRef, External, FunctionRef
from leaktight.source.code import Code, Op

if TYPE_CHECKING:
    from leaktight.flow.frame import Frame
    from leaktight.source.code import Function as FunctionCode

_DECRYPTS = re.compile(r"_?(?:decrypt|decipher|unseal)(?:_|$)", re.IGNORECASE)
"""Functions that are given what is encrypted, whatever name it has, and give it in plain."""
MAX_INLINE = 6
MAX_CLOSURES = 12
"""Functions made inside another one that are evaluated although nobody there calls them."""


def call(frame: Frame, code: Code) -> Value:
    """What a call gives."""
    _, span, function_code, argument_codes, keyword_codes = code
    receiver: Value | None = None
    if function_code[0] == Op.ATTR:
        receiver = frame.evaluate(function_code[2])
        name = function_code[3]
        callee = attributes.read_attribute(frame, receiver, name, function_code[1]) if receiver is not UNKNOWN else UNKNOWN
    else:
        callee = frame.evaluate(function_code)
        name = function_code[2] if function_code[0] == Op.NAME else ""
    arguments, keywords, places, is_open = _arguments(frame, argument_codes, keyword_codes)
    if name == "__init__":
        construct.remember_told(frame, function_code, arguments)
    ref = callee.ref
    if isinstance(ref, Function):
        result = call_function(frame, tasks.as_called(frame, ref), arguments, keywords, span, places)
    elif isinstance(ref, ClassRef):
        result = construct.instance(frame, ref, arguments, keywords, span)
    elif isinstance(ref, External) and (given := generic_views.result_of(frame, receiver, name)) is not None:
        result = given
    elif isinstance(ref, External):
        result = call_external(frame, ref.name, receiver, arguments, keywords, span, places, is_open=is_open)
    elif isinstance(receiver, Value) and isinstance(receiver.ref, Function):
        result = tasks.call_task(frame, receiver.ref, name, arguments, keywords, span, places) or UNKNOWN
    elif receiver is not None:
        result = methods.call_method(frame, receiver, name, arguments, keywords, span, places)
    else:
        result = UNKNOWN
    if name and (result is UNKNOWN or not result.facts) and not _protects(frame, ref):
        result = result_fact(frame, name, result, span)
    if frame.machine.probe is not None:
        frame.machine.probe.call(frame, code, callee, {**dict(enumerate(arguments)), **keywords}, result)
    return result


def _protects(frame: Frame, ref: Any) -> bool:
    """Tell a function whose result is known not to be readable, whatever its name says: `make_password`."""
    spec = frame.machine.knowledge.functions.get(ref.name) if isinstance(ref, External) else None
    return spec is not None and bool(spec.state) and spec.state not in {"encoded", "signed"}


def _arguments(
    frame: Frame, argument_codes: list[Code], keyword_codes: list[Any]
) -> tuple[list[Value], dict[str, Value], dict[Any, int], bool]:
    """Evaluate what is passed: positional, by keyword, their places, and whether more may come."""
    arguments: list[Value] = []
    places: dict[Any, int] = {}
    is_open = False
    for code in argument_codes:
        value = frame.evaluate(code)
        if code[0] == Op.STAR:
            known = value.fields if value.type in {"list", "tuple"} and value.element is None else None
            for inner in known.values() if known else (frame.element_of(value),):
                places[len(arguments)] = code[1]
                arguments.append(inner)
            is_open = is_open or not known
            continue
        places[len(arguments)] = code[1]
        arguments.append(value)
    keywords: dict[str, Value] = {}
    for name, code in keyword_codes:
        value = frame.evaluate(code)
        if name is not None:
            keywords[name] = name_value(frame, name, value, code[1], what="passed as")
            places[name] = code[1]
            continue
        for key, inner in (value.fields or {}).items():
            if isinstance(key, str):
                keywords[key] = inner
                places[key] = code[1]
        if value.type != "dict" or value.element is not None or value.depends or value.facts:
            is_open = True
            rest = value.element or Value(type="dict", facts=value.facts, depends=value.depends)
            keywords.setdefault("**", rest)
            places["**"] = code[1]
    return arguments, keywords, places, is_open


# -- functions of the project ------------------------------------------------------------------


def call_function(
    frame: Frame, function: Function, arguments: list[Value], keywords: dict[str, Value], span: int, places: dict[Any, int]
) -> Value:
    """Call a function of the project: through its summary, or in place when it closes over names."""
    arguments = [*function.arguments, *arguments]
    keywords = {**dict(function.keywords), **keywords}
    if function.receiver is not None:
        arguments.insert(0, function.receiver)
        places = {key + 1 if isinstance(key, int) else key: place for key, place in places.items()}
    machine = frame.machine
    code = machine.program.function(function.ref)
    if code.decorators and code.owner >= 0 and any(item[0] == Op.NAME and item[2] == "classmethod" for item in code.decorators):
        if function.receiver is None:
            arguments.insert(0, UNKNOWN)
        arguments[0] = Value(ref=ClassRef(function.ref.path, code.owner))
    if function.env is not None:
        return _in_place(frame, function, code, arguments, keywords)
    summary = machine.summary(function.ref)
    if summary is None:
        return UNKNOWN
    decrypts = _DECRYPTS.match(code.name) is not None
    if decrypts:
        arguments = [sealed(argument) for argument in arguments]
    actuals = bind(frame, function.ref, code, arguments, keywords, span, places)
    for call_ in summary.effects:
        lift(frame, call_, actuals, code.name, span)
    for index, fields in summary.writes.items():
        actual = actuals.values.get(index)
        if actual is not None and actual is not UNKNOWN:
            for key, value in fields.items():
                actual.put(key, substitute(value, actuals), depth=frame.depth)
    frame.raised.extend(_raised(frame, summary.raised, actuals))
    given = substitute(summary.returns, actuals)
    return opened(given) if decrypts else given


def _raised(frame: Frame, raised: tuple[Value, ...], actuals: Actuals) -> Iterator[Value]:
    """The exceptions of a callee that are raised with what it is passed."""
    for value in raised:
        under = value.origin.under if isinstance(value.origin, Caught) else ()
        if not may_happen(under, actuals):
            continue
        given = substitute(value, actuals)
        if isinstance(given.origin, Caught) and (under or frame.under):
            given = given.copy()
            given.origin = Caught(given.origin.told, handed_on(under, actuals) + frame.under)
        yield given


def bind(
    frame: Frame,
    ref: FunctionRef,
    code: FunctionCode,
    arguments: list[Value],
    keywords: dict[str, Value],
    span: int,
    places: dict[Any, int],
) -> Actuals:
    """Which value each parameter gets, with its place in the caller."""
    values: dict[int, Value] = {}
    spans: dict[int, int] = {}
    rest = dict(keywords)
    spread = rest.pop("**", None)
    position = 0
    for index, parameter in enumerate(code.parameters):
        if parameter.kind == "positional" and position < len(arguments):
            values[index] = arguments[position]
            spans[index] = places.get(position, span)
            position += 1
        elif parameter.kind in {"positional", "keyword"} and parameter.name in rest:
            values[index] = rest.pop(parameter.name)
            spans[index] = places.get(parameter.name, span)
        elif parameter.kind == "args":
            packed = Value(type="list")
            for offset, value in enumerate(arguments[position:]):
                packed.put(offset, value)
            values[index] = packed
        elif parameter.kind == "kwargs":
            packed = Value(type="dict")
            for key, value in rest.items():
                packed.put(key, value)
            if spread is not None:
                if spread.type == "dict":  # a key that is read is looked for in what was spread, once that is known
                    packed.depends = spread.depends
                if spread.type != "dict" or spread.facts:
                    packed.add(spread)
            values[index] = packed
        elif spread is not None and spread.depends and parameter.kind in {"positional", "keyword"}:
            values[index] = Value(depends=attributes.deeper(spread, parameter.name))
        elif parameter.default is not None:
            values[index] = default_value(frame, ref, parameter.default)
    return Actuals(
        values,
        spans,
        span,
        frame.path,
        code.name,
        text=lambda value: stringify(frame, value, span=span),
        read=lambda value, key: keys.read(frame, value, key, span),
    )


def default_value(frame: Frame, ref: FunctionRef, code: Code) -> Value:
    """A parameter's default, evaluated in the file of the function."""
    if code[0] == Op.CONST:
        return Value(const=code[2])
    return frame.for_module(frame.machine, ref.path, {}).evaluate(code)


def _in_place(frame: Frame, function: Function, code: FunctionCode, arguments: list[Value], keywords: dict[str, Value]) -> Value:
    """Evaluate a nested function where it is called, seeing the names around its definition."""
    from leaktight.flow.frame import Frame as InnerFrame

    key = ("in place", function.ref)
    if frame.inlined >= MAX_INLINE or key in frame.machine.active:
        return UNKNOWN
    inner = InnerFrame(frame.machine, function.ref.path, {}, function=frame.function)
    inner.outer = function.env
    inner.inlined = frame.inlined + 1
    inner.effects, inner.under = frame.effects, frame.under
    inner.budget = frame.budget // 2
    actuals = bind(frame, function.ref, code, arguments, keywords, code.span, {})
    for index, parameter in enumerate(code.parameters):
        value = actuals.values.get(index, UNKNOWN)
        inner.env[parameter.name] = name_value(inner, parameter.name, value, code.span, what="parameter")
    frame.machine.active.add(key)
    frame.machine.called_in_place.add(function.ref)
    try:
        inner.run(frame.machine.decode(code.body))
    finally:
        frame.machine.active.discard(key)
    frame.raised.extend(inner.raised)
    return inner.result(generator=code.generator)


def run_uncalled(frame: Frame) -> None:
    """Evaluate functions made in a frame and called by nobody here: callbacks, and what decorators return."""
    from leaktight.flow.frame import Frame as InnerFrame

    for function in list({made.ref: made for made in frame.closures}.values())[:MAX_CLOSURES]:
        key = ("in place", function.ref)
        if frame.inlined >= MAX_INLINE or key in frame.machine.active or function.ref in frame.machine.called_in_place:
            continue
        code = frame.machine.program.function(function.ref)
        inner = InnerFrame(frame.machine, function.ref.path, {}, function=frame.function)
        inner.outer = function.env
        inner.inlined = frame.inlined + 1
        inner.effects, inner.under = frame.effects, frame.under
        inner.budget = frame.budget // 2
        for index, parameter in enumerate(code.parameters):
            value = Value(type=parameter_type(inner, code, parameter, index, None))
            inner.env[parameter.name] = name_value(inner, parameter.name, value, code.span, what="parameter")
        frame.machine.active.add(key)
        try:
            inner.run(frame.machine.decode(code.body))
            run_uncalled(inner)
        finally:
            frame.machine.active.discard(key)


def lift(frame: Frame, inner: Call, actuals: Actuals, name: str, span: int) -> None:
    """Judge again, with what is passed here, a call the callee could not judge alone."""
    if inner.under and not may_happen(inner.under, actuals):
        return
    if not any(touches(value, actuals) for value in inner.arguments.values()) and not (
        inner.receiver is not None and touches(inner.receiver, actuals)
    ):
        return
    arguments = {key: substitute(value, actuals) for key, value in inner.arguments.items()}
    passed = {key: where for key, value in inner.arguments.items() if (where := _passed(value, actuals)) is not None}
    spread = arguments.get("**")
    if spread is not None and spread.fields:
        # `**kwargs` handed on: by now it is known what was passed.
        for key, value in named_fields(spread).items():
            if key not in arguments:
                arguments[key] = value
                passed[key] = (actuals.path, actuals.span)
    receiver = None if inner.receiver is None else substitute(inner.receiver, actuals)
    if receiver is not None and receiver.fields and inner.spec is not None and "*" in inner.spec.sinks:
        arguments = {**named_fields(receiver), **arguments}
    called = _called(frame, inner.name, receiver)
    lifted = Call(
        name=called,
        path=inner.path,
        packed=inner.packed,
        function=inner.function,
        receiver=receiver,
        arguments=arguments,
        places=inner.places,
        spec=inner.spec or frame.machine.knowledge.functions.get(called),
        machine=frame.machine,
        is_open=inner.is_open,
        via=step(inner.via, frame.path, span, f"calls `{name}()`"),
        passed={**inner.passed, **passed},
        under=handed_on(inner.under, actuals),
    )
    write_out(frame, lifted)
    keep(frame, lifted)


def _called(frame: Frame, name: str, receiver: Value | None) -> str:
    """The name of a call whose receiver the callee did not know, now that it is known."""
    if not name.startswith("?.") or receiver is None or not isinstance(receiver.type, str):
        return name
    if name == "?.read":
        source = keys.container_source(frame, receiver)
        return name if source is None else f"read:{source}"
    knowledge = frame.machine.knowledge
    for kind in knowledge.line(receiver.type):
        qualified = f"{kind}.{name[2:]}"
        if qualified in knowledge.functions or frame.machine.is_watched(qualified):
            return qualified
    return name


def _passed(value: Value, actuals: Actuals) -> tuple[str, int] | None:
    """Where the caller writes what a value is, when it is a parameter as such."""
    if len(value.depends) != 1 or value.depends[0].text or value.depends[0].path:
        return None
    span = actuals.spans.get(value.depends[0].parameter)
    return None if span is None else (actuals.path, span)


def implicit_call(frame: Frame, function: FunctionCode, summary: Summary) -> None:
    """A function that may be called with its defaults: judge its calls with them as well."""
    if not summary.effects or frame.function is None:
        return
    values = {
        index: default_value(frame, frame.function, parameter.default)
        for index, parameter in enumerate(function.parameters)
        if parameter.default is not None
    }
    if not values:
        return
    actuals = Actuals(values, {}, function.span, frame.path, function.name)
    for call_ in summary.effects:
        if any(touches(value, actuals) for value in call_.arguments.values()):
            arguments = {key: substitute(value, actuals) for key, value in call_.arguments.items()}
            lifted = Call(
                name=call_.name, path=call_.path, packed=call_.packed, function=call_.function, receiver=call_.receiver,
                arguments=arguments, places=call_.places, spec=call_.spec, machine=frame.machine, is_open=call_.is_open, via=call_.via,
            )  # fmt: skip
            frame.machine.record(lifted, key=("default",))
