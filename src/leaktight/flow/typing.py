"""Types from declarations: what an annotation, a parameter's place or its usual name tells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from leaktight.project.symbols import ClassRef, External
from leaktight.source.code import Code, Function, Op, Parameter

if TYPE_CHECKING:
    from leaktight.flow.frame import Frame

REQUEST = "django.http.HttpRequest"

LOGGER_NAMES = frozenset({"logger", "log", "_logger", "_log", "LOGGER", "LOG", "audit_logger", "audit_log"})
"""Names a logger has by custom."""

_WRAPPERS = frozenset({"Optional", "Annotated", "Final", "ClassVar", "Union", "Awaitable"})
_SEQUENCES = frozenset(
    {"list", "List", "Sequence", "Iterable", "Iterator", "tuple", "Tuple", "set", "QuerySet", "dict", "Dict", "Mapping"}
)


def parameter_type(frame: Frame, function: Function, parameter: Parameter, index: int, owner: ClassRef | None) -> Any:
    """The type of a parameter: `self`, its annotation, or the request by its usual name."""
    if parameter.kind == "kwargs":
        return "dict"
    if parameter.kind == "args":
        return "list"
    if owner is not None and index == 0:
        static = any(
            decorator[0] == Op.NAME and decorator[2] in {"staticmethod", "classmethod"} for decorator in function.decorators
        )
        return None if static else owner
    if parameter.annotation is not None:
        return annotation_type(frame, parameter.annotation)
    if parameter.name in LOGGER_NAMES:
        return "logging.Logger"
    if parameter.name in {"request", "req"} and index <= 1:
        return REQUEST
    return None


def annotation_type(frame: Frame, annotation: Code) -> Any:
    """The class an annotation names: a project's class, or the qualified name of one from outside."""
    match annotation[0]:
        case Op.ITEM:
            outer = annotation[2][-1] if annotation[2][0] in {Op.NAME, Op.ATTR} else ""
            if outer in _WRAPPERS:
                inner = annotation[3]
                return annotation_type(frame, inner[3][0] if inner[0] == Op.LIST and inner[3] else inner)
            return None if outer in _SEQUENCES else annotation_type(frame, annotation[2])
        case Op.BINARY if annotation[2] == "|":
            return annotation_type(frame, annotation[3]) or annotation_type(frame, annotation[4])
        case Op.NAME | Op.ATTR:
            symbol = frame.machine.program.resolve_code(annotation, frame.path)
            if isinstance(symbol, ClassRef):
                return symbol
            if isinstance(symbol, External):
                name = frame.machine.knowledge.canonical(symbol.name)
                return name if name in frame.machine.knowledge.classes else None
            if annotation[0] == Op.NAME and annotation[2] in {"str", "bytes", "bool", "int", "float"}:
                return "bool" if annotation[2] in {"bool", "int", "float"} else None
            return None
        case _:
            return None
