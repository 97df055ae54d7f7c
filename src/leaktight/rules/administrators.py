"""Which code only administrators of the site get to: by permission, decorator, mixin, a check at the top, or the folder it lies in."""

from __future__ import annotations

import re
from collections.abc import Iterator

from leaktight.project import Project
from leaktight.project.symbols import ClassRef, FunctionRef
from leaktight.project.views import View
from leaktight.rules.access import permissions_of
from leaktight.rules.reach import callee, statements
from leaktight.source.code import Code, Op, walk

_WHO = r"(?:super_?users?|staff(?:_?members?)?|(?:system_?|site_?)?admin(?:istrator)?s?)"
_NAMED = re.compile(
    rf"is_?{_WHO}(?:_?user)?(?:_?permission)?"
    rf"|{_WHO}(?:_?user)?(?:_?permission|_?access)?_?(?:required|only)(?:_?mixin)?|{_WHO}(?:_?permission|_?access)(?:_?mixin)?"
    rf"|(?:require|requires|only|for)_?{_WHO}(?:_?mixin)?|admin_view",
    re.IGNORECASE,
)
"""A permission, decorator or mixin that lets through nobody else; `IsAdminOrReadOnly` lets everybody read."""
_FLAGS = frozenset({"is_superuser", "is_staff"})
_DEPTH = 2


def is_for_administrators(project: Project, function: FunctionRef | None) -> bool:
    """Tell whether all views a function is a part of are for administrators of the site."""
    views = project.views.of(function)
    return bool(views) and all(is_administrators_view(project, view) for view in views)


def is_administrators_view(project: Project, view: View) -> bool:
    """Tell whether nobody but an administrator gets to a view."""
    if is_in_admin(view.path):
        return True
    names = [item.name for item in view.decorators if item.target in {"function", "class", "url", "alias", "method:dispatch"}]
    names += [wrapper for route in view.routes for wrapper in route.wrappers]
    names += [*view.ancestors, *permissions_of(view, project)]
    if any(_NAMED.fullmatch(name.rpartition(".")[2]) for name in names):
        return True
    cls = view.ref if isinstance(view.ref, ClassRef) else None
    first = project.program.method(cls, "dispatch") if cls is not None else None
    if isinstance(first, FunctionRef) and _asks(project, first, cls, _DEPTH):
        return True
    return bool(view.handlers) and all(_asks(project, handler, cls, _DEPTH) for handler in view.handlers.values())


def is_in_admin(path: str) -> bool:
    """Tell code of the admin, whose readers run the site."""
    return path.rpartition("/")[2] == "admin.py" or any(
        folder.endswith("admin") or folder.startswith(("admin_", "adminpanel")) for folder in path.split("/")[:-1]
    )


def _asks(project: Project, function: FunctionRef, cls: ClassRef | None, depth: int) -> bool:
    """`if not request.user.is_superuser: raise PermissionDenied`, in the function or in what it calls on its way."""
    body = statements(project.program, function)
    return any(_turns_away(code) for code in body) or (
        depth > 0 and any(_asks(project, target, cls, depth - 1) for target in _called(project, body, function, cls))
    )


def _turns_away(code: Code) -> bool:
    if code[0] != Op.IF or not code[3] or code[3][-1][0] not in {Op.RAISE, Op.RETURN} or code[2][0] != Op.NOT:
        return False
    return code[2][2][0] == Op.ATTR and code[2][2][3] in _FLAGS


def _called(project: Project, body: list[Code], function: FunctionRef, cls: ClassRef | None) -> Iterator[FunctionRef]:
    """The project's functions called by statements that are always reached."""
    for code in body:
        value = code[2] if code[0] in {Op.EXPRESSION, Op.RETURN} else code[3] if code[0] == Op.ASSIGN else None
        for inner in walk(value) if value is not None else ():
            if inner[0] == Op.CALL:
                target = callee(project.program, inner[2], function, cls)
                if isinstance(target, FunctionRef):
                    yield target
