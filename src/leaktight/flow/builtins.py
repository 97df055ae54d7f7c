"""Builtins that need more than a line of knowledge."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from leaktight.flow import attributes, keys, methods
from leaktight.flow.machine import Function
from leaktight.flow.naming import name_value
from leaktight.flow.value import MAX_DEPTH, MISSING, TRUTH, UNKNOWN, Value
from leaktight.project.symbols import ClassRef, External

if TYPE_CHECKING:
    from leaktight.flow.frame import Frame

Arguments = list[Value]
Keywords = dict[str, Value]


def _str(frame: Frame, arguments: Arguments, _keywords: Keywords, span: int) -> Value:
    from leaktight.flow.texts import stringify

    if not arguments:
        return Value(const="")
    value = arguments[0]
    if isinstance(value.const, str | int) and not isinstance(value.const, bool):
        return Value(const=str(value.const), origin=value.origin)
    return stringify(frame, value, span=span)


def _repr(frame: Frame, arguments: Arguments, keywords: Keywords, span: int) -> Value:
    from leaktight.flow.caught import shown

    return _str(frame, [shown(value) for value in arguments], keywords, span)


def _dict(frame: Frame, arguments: Arguments, keywords: Keywords, span: int) -> Value:
    from leaktight.flow.expressions import spread

    result = Value(type="dict", depth=frame.depth)
    for value in arguments:
        if isinstance(value.origin, Value):
            return _dict(frame, [value.origin], keywords, span)
        spread(result, value)
        result.origin = value.origin
        source = keys.container_source(frame, value)
        if source is not None:
            twin = methods.duplicate(value)
            twin.type, twin.origin = keys.FOREIGN, source
            return twin
        if value.type not in {None, "dict"} and not value.fields:
            return methods.duplicate(value)
    for key, value in keywords.items():
        if key == "**":
            spread(result, value)
        else:
            result.put(key, name_value(frame, key, value, span))
    return result


def _list(frame: Frame, arguments: Arguments, _keywords: Keywords, _span: int) -> Value:
    if arguments and arguments[0].type in {"list", "tuple"}:
        return methods.duplicate(arguments[0])
    result = Value(type="list", depth=frame.depth)
    if arguments:
        inner = frame.element_of(arguments[0])
        if inner is not UNKNOWN:
            result.add(inner)
    return result


def _getattr(frame: Frame, arguments: Arguments, _keywords: Keywords, span: int) -> Value:
    if len(arguments) < 2 or not isinstance(arguments[1].const, str):
        return UNKNOWN
    value = attributes.read_attribute(frame, arguments[0], arguments[1].const, span)
    if len(arguments) > 2 and (value is UNKNOWN or (value.is_clean and value.const is MISSING and value.ref is None)):
        default = arguments[2]
        # What holds only when there is nothing else decides no condition.
        return Value(
            const=default.const, facts=default.facts, type=value.type or default.type, depends=value.depends, origin="default"
        )
    return value


def _setattr(frame: Frame, arguments: Arguments, _keywords: Keywords, span: int) -> Value:
    if len(arguments) == 3 and isinstance(arguments[1].const, str):
        keys.write_attribute(frame, arguments[0], arguments[1].const, arguments[2], span)
    return Value(const=None)


def _vars(frame: Frame, arguments: Arguments, _keywords: Keywords, _span: int) -> Value:
    if arguments:
        return attributes.everything(frame, arguments[0])
    return _locals(frame, arguments, _keywords, _span)


def _locals(frame: Frame, _arguments: Arguments, _keywords: Keywords, _span: int) -> Value:
    result = Value(type="dict", origin="locals")
    for key, value in frame.env.items():
        if value.ref is None and key not in {"self", "cls"}:
            result.put(key, value)
    return result


def _globals(_frame: Frame, _arguments: Arguments, _keywords: Keywords, _span: int) -> Value:
    return Value(type="dict", origin="globals")


def _super(frame: Frame, _arguments: Arguments, _keywords: Keywords, _span: int) -> Value:
    """`super()`: the receiver, seen as an instance of the nearest ancestor."""
    receiver = frame.env.get("self")
    if receiver is None or not isinstance(receiver.type, ClassRef):
        return UNKNOWN
    owner = frame.machine.program.function(frame.function).owner if frame.function else -1
    cls = ClassRef(frame.function.path, owner) if frame.function and owner >= 0 else receiver.type
    for ancestor in frame.machine.program.mro(cls)[1:]:
        parent = receiver.copy()
        parent.type = ancestor if isinstance(ancestor, ClassRef) else frame.machine.knowledge.canonical(ancestor.name)
        return parent
    return UNKNOWN


def _partial(frame: Frame, arguments: Arguments, keywords: Keywords, span: int) -> Value | None:
    if arguments and isinstance(arguments[0].ref, Function):
        function = arguments[0].ref
        bound = Function(
            function.ref,
            function.receiver,
            function.env,
            (*function.arguments, *arguments[1:]),
            (*function.keywords, *keywords.items()),
        )
        return Value(ref=bound)
    if arguments and isinstance(arguments[0].ref, External) and arguments[0].ref.name not in BUILTINS:
        from leaktight.flow.outside import call_external

        # What is fixed here goes into every later call; what they add is not known yet.
        call_external(frame, arguments[0].ref.name, None, arguments[1:], keywords, span, {}, is_open=True)
        return UNKNOWN
    return None


def _truth(_frame: Frame, _arguments: Arguments, _keywords: Keywords, _span: int) -> Value:
    return TRUTH


def _first(_frame: Frame, arguments: Arguments, _keywords: Keywords, _span: int) -> Value:
    return arguments[0] if arguments else UNKNOWN


def _copy(_frame: Frame, arguments: Arguments, _keywords: Keywords, _span: int) -> Value:
    if not arguments:
        return UNKNOWN
    return arguments[0] if arguments[0].is_shared else methods.duplicate(arguments[0])


def _deep_copy(_frame: Frame, arguments: Arguments, _keywords: Keywords, _span: int) -> Value:
    if not arguments:
        return UNKNOWN
    return arguments[0] if arguments[0].is_shared else methods.duplicate(arguments[0], deep=MAX_DEPTH)


def _element(frame: Frame, arguments: Arguments, _keywords: Keywords, _span: int) -> Value:
    return frame.element_of(arguments[0]) if arguments else UNKNOWN


def _enumerate(frame: Frame, arguments: Arguments, _keywords: Keywords, _span: int) -> Value:
    pair = Value(type="tuple")
    pair.put(0, TRUTH)
    pair.put(1, frame.element_of(arguments[0]) if arguments else UNKNOWN)
    result = Value(type="list")
    result.add(pair)
    return result


def _zip(frame: Frame, arguments: Arguments, _keywords: Keywords, _span: int) -> Value:
    pair = Value(type="tuple")
    for index, value in enumerate(arguments):
        pair.put(index, frame.element_of(value))
    result = Value(type="list")
    result.add(pair)
    return result


def _map(frame: Frame, arguments: Arguments, _keywords: Keywords, span: int) -> Value:
    from leaktight.flow.calls import call_function
    from leaktight.flow.outside import call_external

    if len(arguments) < 2:
        return UNKNOWN
    result = Value(type="list")
    inner = [frame.element_of(value) for value in arguments[1:]]
    ref = arguments[0].ref
    if isinstance(ref, Function):
        result.add(call_function(frame, ref, inner, {}, span, {}))
    elif isinstance(ref, External):
        result.add(call_external(frame, ref.name, None, inner, {}, span, {}))
    return result


def _filter(frame: Frame, arguments: Arguments, _keywords: Keywords, _span: int) -> Value:
    return arguments[1] if len(arguments) > 1 else UNKNOWN


def _type(_frame: Frame, arguments: Arguments, _keywords: Keywords, _span: int) -> Value:
    if len(arguments) == 1:
        return Value(ref=arguments[0].type) if isinstance(arguments[0].type, ClassRef) else TRUTH
    return UNKNOWN


BUILTINS: dict[str, Callable[[Frame, Arguments, Keywords, int], Value | None]] = {
    "builtins.str": _str,
    "builtins.repr": _repr,
    "builtins.bytes": _str,
    "builtins.ascii": _repr,
    "builtins.dict": _dict,
    "collections.OrderedDict": _dict,
    "builtins.list": _list,
    "builtins.set": _list,
    "builtins.tuple": _list,
    "builtins.sorted": _list,
    "builtins.reversed": _list,
    "builtins.frozenset": _list,
    "builtins.iter": _first,
    "builtins.next": _element,
    "builtins.getattr": _getattr,
    "builtins.setattr": _setattr,
    "builtins.vars": _vars,
    "builtins.locals": _locals,
    "builtins.globals": _globals,
    "builtins.super": _super,
    "builtins.enumerate": _enumerate,
    "builtins.zip": _zip,
    "builtins.map": _map,
    "builtins.filter": _filter,
    "builtins.type": _type,
    "builtins.len": _truth,
    "builtins.bool": _truth,
    "builtins.int": _truth,
    "builtins.float": _truth,
    "builtins.isinstance": _truth,
    "builtins.issubclass": _truth,
    "builtins.hasattr": _truth,
    "builtins.callable": _truth,
    "builtins.any": _truth,
    "builtins.all": _truth,
    "builtins.id": _truth,
    "builtins.hash": _truth,
    "functools.partial": _partial,
    "copy.copy": _copy,
    "copy.deepcopy": _deep_copy,
    "typing.cast": lambda _frame, arguments, _keywords, _span: arguments[1] if len(arguments) > 1 else UNKNOWN,
}
