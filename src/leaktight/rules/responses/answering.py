"""Which serializers a site answers with, and which it only reads requests by."""

from __future__ import annotations

from collections.abc import Iterator

from leaktight.project import Project
from leaktight.project.symbols import ClassRef, FunctionRef
from leaktight.project.views import View
from leaktight.rules.administrators import is_administrators_view
from leaktight.rules.reach import statements
from leaktight.source.code import Code, Op, walk

_ANSWERING = ("ModelViewSet", "ModelMixin", "CreateAPIView", "ListAPIView", "RetrieveAPIView", "UpdateAPIView", "DestroyAPIView")
_CREATING = ("ModelViewSet", "CreateModelMixin", "CreateAPIView")
_RESPONSES = frozenset({"Response", "JsonResponse", "HttpResponse"})
_NESTING = 3


def is_answered_with(project: Project, cls: ClassRef, depth: int = _NESTING) -> bool:
    """Tell whether answers are made with a serializer: by a generic view, by hand, or inside of another such one."""
    if cls in _of_generic_views(project) or _is_used_by_hand(project, cls):
        return True
    return depth > 0 and any(is_answered_with(project, outer, depth - 1) for outer in _around(project, cls))


def is_answered_to_administrators(project: Project, cls: ClassRef) -> bool:
    """Tell a serializer of views that only administrators get to, and that no other answer is made with."""
    views = [view for view in project.views if isinstance(view.ref, ClassRef) and cls in named_by(project, view.ref)]
    if not views or any(True for _ in _around(project, cls)) or _is_used_by_hand(project, cls):
        return False
    return all(is_administrators_view(project, view) for view in views)


def _of_generic_views(project: Project) -> Iterator[ClassRef]:
    """The serializers of views whose base classes make the answer."""
    for view in project.views:
        if not isinstance(view.ref, ClassRef) or not any(name.endswith(_ANSWERING) for name in view.ancestors):
            continue
        for serializer in named_by(project, view.ref):
            actions = _actions_of(project, view.ref, serializer)
            if not actions or any(_gives_out(project, view, action) for action in actions):
                yield serializer


def named_by(project: Project, view: ClassRef) -> Iterator[ClassRef]:
    """The serializers a generic view names."""
    program = project.program
    found = program.class_value(view, "serializer_class")
    symbol = program.resolve_code(found[1], found[0]) if found is not None else None
    if isinstance(symbol, ClassRef):
        yield symbol
    chooser = program.method(view, "get_serializer_class")
    if isinstance(chooser, FunctionRef):
        named = (program.resolve_code(code, chooser.path) for code in walk(statements(program, chooser)))
        yield from (symbol for symbol in named if isinstance(symbol, ClassRef))


def _actions_of(project: Project, view: ClassRef, serializer: ClassRef) -> set[str]:
    """The actions a serializer is chosen for by `if self.action == "add": return …`; none when it is chosen otherwise as well."""
    program = project.program
    chooser = program.method(view, "get_serializer_class")
    found = program.class_value(view, "serializer_class")
    if not isinstance(chooser, FunctionRef) or (found is not None and program.resolve_code(found[1], found[0]) == serializer):
        return set()
    body = statements(program, chooser)
    chosen = [
        code for code in walk(body) if code[0] in {Op.NAME, Op.ATTR} and program.resolve_code(code, chooser.path) == serializer
    ]
    actions: set[str] = set()
    named = 0
    for code in walk(body):
        asked = _action_asked_for(code[2]) if code[0] == Op.IF else None
        inside = sum(part is one for part in walk(code[3]) for one in chosen) if asked is not None else 0
        if asked is not None and inside:
            actions.add(asked)
            named += inside
    return actions if named == len(chosen) else set()


def _action_asked_for(test: Code) -> str | None:
    """`self.action == "add"`."""
    if test[0] != Op.TEST or test[3] != "==" or len(test[2]) != 2:
        return None
    left, right = test[2]
    is_asked = left[0] == Op.ATTR and left[3] == "action" and right[0] == Op.CONST and isinstance(right[2], str)
    return str(right[2]) if is_asked else None


def _gives_out(project: Project, view: View, action: str) -> bool:
    """Tell whether an action may answer with its serializer: by `.data`, or by what its base classes or other methods do."""
    program = project.program
    method = program.method(view.ref, action) if isinstance(view.ref, ClassRef) else None
    if not isinstance(method, FunctionRef):
        return action != "create" or any(name.endswith(_CREATING) for name in view.ancestors)
    body = list(walk(statements(program, method)))
    return any(
        (code[0] == Op.ATTR and code[3] == "data" and not (code[2][0] == Op.NAME and code[2][2] == "request"))
        or (code[0] == Op.CALL and code[2][0] == Op.ATTR and code[2][2][0] == Op.NAME and code[2][2][2] == "self")
        or (code[0] == Op.CALL and code[2][0] == Op.NAME and code[2][2] == "super")
        for code in body
    )


def _is_used_by_hand(project: Project, cls: ClassRef) -> bool:
    """`SomeSerializer(instance).data` in a function that makes an answer."""
    program = project.program
    name = program.class_(cls).name
    for ref in program.functions():
        names = program.function(ref).names
        if "data" in names and name in names and not _RESPONSES.isdisjoint(names) and program.lookup(ref.path, name) == cls:
            body = list(walk(statements(program, ref)))
            made = {
                target[2]
                for code in body
                if code[0] == Op.ASSIGN and _makes(code[3], name)
                for target in code[2]
                if target[0] == Op.NAME
            }
            picked = _picked_from(body)
            if any(
                code[0] == Op.ATTR
                and code[3] == "data"
                and id(code) not in picked
                and (_makes(code[2], name) or _is_one_of(code[2], made))
                for code in body
            ):
                return True
    return False


def _picked_from(body: list[Code]) -> set[int]:
    """What one value is taken out of, as `data` is in `serializer.data["email"]` and `serializer.data.get("email")`."""
    items = {id(code[2]) for code in body if code[0] == Op.ITEM}
    calls = (code[2] for code in body if code[0] == Op.CALL and code[2][0] == Op.ATTR)
    return items | {id(called[2]) for called in calls if called[3] in {"get", "pop"}}


def _makes(code: Code | None, name: str) -> bool:
    """`SomeSerializer(…)`, also by its module."""
    return code is not None and code[0] == Op.CALL and code[2][0] in {Op.NAME, Op.ATTR} and code[2][-1] == name


def _is_one_of(code: Code, names: set[str]) -> bool:
    return code[0] == Op.NAME and code[2] in names


def _around(project: Project, cls: ClassRef) -> Iterator[ClassRef]:
    """The serializers that have this one as the class of a field."""
    name = project.program.class_(cls).name
    for other in project.classes:
        if other.kind == "serializer" and other.ref != cls and any(field.type == name for field in other.fields):
            yield other.ref
