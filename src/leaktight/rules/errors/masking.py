"""Repairs that put Django's `sensitive_post_parameters` around a view."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from leaktight.edit import Desk, NotPossible, Written, calls_of, decorate, give
from leaktight.edit.python import Definition
from leaktight.model import Edit
from leaktight.project.symbols import ClassRef, FunctionRef
from leaktight.project.views import View

DECORATOR = "sensitive_post_parameters"
_MODULE = "django.views.decorators.debug"
_ASYNC_SINCE = (5, 0)
"""The first Django whose decorator awaits an asynchronous view."""
_DISPATCHING = ("django.", "rest_framework.")


def mask(view: View, names: Sequence[str], declared: ClassRef | None, desk: Desk) -> Iterator[Edit]:
    """Mask parameters of a view: in the decorator it has, or by a new one. `declared` is the class that says which form it takes."""
    for ref in _places(view, declared, desk):
        document = desk.python(ref.path)
        node = definition(ref, desk)
        given_now = [(held, call) for held in (*_handlers(node), node) for call in calls_of(held, DECORATOR)]
        for held, call in given_now:
            given = {argument.value for argument in call.args if isinstance(argument, ast.Constant)}
            missing = [document.quoted(name) for name in names if name not in given]
            if missing:
                yield give(document, held, call, missing)
                return
    ref = _places(view, declared, desk)[0]
    document = desk.python(ref.path)
    node = definition(ref, desk)
    name, imported = document.imports.need(_MODULE, DECORATOR)
    yield from imported
    masking = Written(name, [document.quoted(item) for item in names])
    if isinstance(node, ast.ClassDef):
        wrap, more = document.imports.need("django.utils.decorators", "method_decorator")
        yield from more
        yield decorate(document, node, Written(wrap, [masking, f"name={document.quoted('dispatch')}"]))
        return
    _refuse_function(ref, node, view, desk)
    yield decorate(document, node, masking)


def _handlers(node: Definition) -> Iterator[Definition]:
    """The methods a view class answers with, from the inside out: the decorator of the innermost is the one that counts."""
    methods = {item.name: item for item in node.body if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef)}
    yield from (
        methods[name] for name in ("post", "put", "patch", "dispatch") if isinstance(node, ast.ClassDef) and name in methods
    )


def definition(ref: FunctionRef | ClassRef, desk: Desk) -> Definition:
    """Return the node a reference means. Raises `NotPossible` when the file has changed its mind."""
    program = desk.project.program
    found = program.class_(ref) if isinstance(ref, ClassRef) else program.function(ref)
    node = desk.python(ref.path).definition(desk.project.span(ref.path, found.span).line, found.name)
    if node is None:
        raise NotPossible(f"the definition of {found.name} was not found")
    return node


def _places(view: View, declared: ClassRef | None, desk: Desk) -> list[FunctionRef | ClassRef]:
    """The classes or the function a decorator could stand on, the best first: what takes the form also serves views to come."""
    if isinstance(view.ref, FunctionRef):
        return [view.ref]
    program = desk.project.program
    own = [ref for ref in program.mro(view.ref) if isinstance(ref, ClassRef)]
    wanted = [ref for ref in own if ref == declared] or own[:1]
    able: list[FunctionRef | ClassRef] = [ref for ref in [*wanted, *own] if _has_dispatch(ref, desk)]
    if not able:
        raise NotPossible("its class has no `dispatch` of Django's that a decorator could wrap")
    return able


def _has_dispatch(ref: ClassRef, desk: Desk) -> bool:
    program = desk.project.program
    return program.method(ref, "dispatch") is not None and (
        isinstance(program.method(ref, "dispatch"), FunctionRef)
        or any(name.startswith(_DISPATCHING) and name.endswith(("View", "ViewSet")) for name in program.ancestors(ref))
    )


def _refuse_function(ref: FunctionRef | ClassRef, node: Definition, view: View, desk: Desk) -> None:
    if view.is_class:
        return
    arguments = getattr(node, "args", None)
    first = [*arguments.posonlyargs, *arguments.args][:1] if isinstance(arguments, ast.arguments) else []
    if not first or first[0].arg in {"self", "cls"}:
        raise NotPossible("it is a method that gets the request second: wrap it where it becomes a view")
    if isinstance(node, ast.AsyncFunctionDef):
        require_async(desk)


def require_async(desk: Desk) -> None:
    """Raise `NotPossible` when the project's Django may be one whose decorators do not await."""
    if not _is_since(desk, _ASYNC_SINCE):
        raise NotPossible("it is asynchronous, and Django before 5.0 does not await what is below this decorator")


def _is_since(desk: Desk, version: tuple[int, ...]) -> bool:
    asked = [item.version or item.least for item in desk.project.dependencies if item.name == "django"]
    return all(found is None or found >= version for found in asked)
