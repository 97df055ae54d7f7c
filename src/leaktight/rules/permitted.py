"""Which code only holders of a permission get to that somebody gave them: by decorator, base class, attribute, or a check at the top."""

from __future__ import annotations

import re
from collections.abc import Iterator

from leaktight.project import Project
from leaktight.project.symbols import ClassRef, FunctionRef
from leaktight.project.views import Decorator, View
from leaktight.rules.access import permissions_of, reach_of, requires_login
from leaktight.rules.reach import callee, statements
from leaktight.rules.requests.exemptions import knows_its_user, proves_itself
from leaktight.source.code import Code, Op, last_name, walk

_WHO = r"(?:admin|administrator|staff|superuser|super_user|manager|moderator|operator|editor|organi[sz]er|curator|coordinator|supervisor|role|group)"
_AROUND = re.compile(
    rf"(?:\w+_)?(?:permissions?|perms?)_required(?:_\w+)?|(?:require|requires|required|need|needs|must_have|has|check)_(?:any_)?(?:permissions?|perms?)(?:_\w+)?"
    rf"|(?:\w+_)?{_WHO}s?_(?:\w+_)?(?:required|only)|(?:require|requires|only|for)_(?:\w+_)?{_WHO}s?",
    re.IGNORECASE,
)
"""A decorator, or a function that is called before all else: `permission_required`, `editor_required`."""
_BASE = re.compile(
    r"\w*Permissions?Required\w*|\w*Perms?(?:Required)?Mixin|(?:Staff|Superuser|Admin|Manager|Moderator|Editor|Organi[sz]er)\w*Mixin"
)
_GIVEN_TO = re.compile(
    r"(?:Is|Has|Only|Requires?)?\w*(?:Admin|Staff|Super[uU]ser|Manager|Moderator|Operator|Editor|Organi[sz]er|Curator)\w*|DjangoModelPermissions"
)
"""A permission of the REST framework that somebody has to be given; who owns something has it by that."""
_OR_OTHERS = re.compile(r"Or(?:[A-Z]|_)|Anon")
_ATTRIBUTES = ("permission_required", "permissions_required", "required_permission", "required_permissions", "view_permission",
               "object_permission", "permission")  # fmt: skip
_ASKED = re.compile(
    rf"has_\w*perm(?:s|ission|issions)?|(?:\w+_)?is_(?:\w+_)?{_WHO}s?|(?:\w+_)?{_WHO}_?(?:access|rights)", re.IGNORECASE
)
_USERS = frozenset({"user", "profile"})
_ORDINARY = frozenset({"authenticated", "active", "anonymous", "verified", "confirmed", "valid", "logged_in"})
"""What is true of a user who merely signed in; any other mark, as `is_teacher`, is given to some."""
_INTERNAL = re.compile(
    r"_*(?:internal|private|(?:system_?|health_?)?status|health(?:_?checks?|z)?|diagnostics|debug|monitoring|metrics)_*(?:_?view(?:_?set)?)?",
    re.IGNORECASE,
)
"""The folder, file or view of what those who run a site look at, behind a door that the code does not show; an `order_status` is not that."""
_OPEN = frozenset({"AllowAny", "IsAuthenticatedOrReadOnly", "DjangoModelPermissionsOrAnonReadOnly"})
_DEPTH = 2


def is_for_permitted(project: Project, function: FunctionRef | None) -> bool:
    """Tell whether all views a function is a part of ask for a permission beside a login."""
    if function is None:
        return False
    if _is_of_admin(project, function) or any(_asks_around(project, item) for item in project.views.of_function(function)):
        return True
    views = _views_of(project, function)
    return bool(views) and all(_is_permitted(project, view, function) for view in views)


def is_serialized_for_permitted(project: Project, serializer: ClassRef) -> bool:
    """Tell whether all views that answer with a serializer ask for a permission beside a login."""
    views = _by_serializer(project).get(serializer, [])
    return bool(views) and all(
        all(_is_permitted(project, view, handler) for handler in view.handlers.values() or (None,)) for view in views
    )


def is_for_anybody(project: Project, function: FunctionRef | None) -> bool:
    """Tell whether people who did not sign in, and bring no key and no token, get to a view that a function is a part of."""
    return function is not None and any(_is_open(project, view, function) for view in _views_of(project, function))


def _is_of_admin(project: Project, function: FunctionRef) -> bool:
    """Tell an action of Django's admin (`def close(modeladmin, request, queryset)`), and a method of a class of it."""
    code = project.program.function(function)
    if [parameter.name for parameter in code.parameters][1:] == [
        "request",
        "queryset",
    ]:  # a filter of an API gets the view as well
        return True
    owner = ClassRef(function.path, code.owner) if code.owner >= 0 else None
    return owner is not None and any(_OF_ADMIN.fullmatch(name) for name in project.program.ancestors(owner))


_OF_ADMIN = re.compile(r"django\.contrib\.admin\.\w+(?:\.\w+)*")


def _is_open(project: Project, view: View, function: FunctionRef) -> bool:
    named = permissions_of(view, project)
    if any(map(_INTERNAL.fullmatch, [*view.path.removesuffix(".py").split("/"), view.name])):
        return False
    if requires_login(view, project) or (named and _OPEN.isdisjoint(named)) or _is_permitted(project, view, function):
        return False
    done = reach_of(project, view, *view.handlers)
    return not proves_itself(done, project.program) and not knows_its_user(done)


def _views_of(project: Project, function: FunctionRef) -> list[View]:
    return project.views.of(function) or _by_serializer(project).get(
        ClassRef(function.path, project.program.function(function).owner), []
    )


def _by_serializer(project: Project) -> dict[ClassRef, list[View]]:
    """The views that name a serializer of the project, by it: what it raises they answer."""
    memo = project.program.memo
    known: dict[ClassRef, list[View]] | None = memo.get("views by serializer")
    if known is None:
        known = memo["views by serializer"] = {}
        for view in project.views:
            found = project.program.class_value(view.ref, "serializer_class") if isinstance(view.ref, ClassRef) else None
            symbol = project.program.resolve_code(found[1], found[0]) if found is not None else None
            if isinstance(symbol, ClassRef):
                known.setdefault(symbol, []).append(view)
    return known


def _is_permitted(project: Project, view: View, function: FunctionRef | None) -> bool:
    around = [item for item in view.decorators if item.target in {"function", "class", "url", "alias", "method:dispatch"}]
    if any(_asks_around(project, item) for item in around):
        return True
    if any(_AROUND.fullmatch(wrapper.rpartition(".")[2]) for route in view.routes for wrapper in route.wrappers):
        return True
    if any(_BASE.fullmatch(name.rpartition(".")[2]) for name in view.ancestors):
        return True
    if any(_GIVEN_TO.fullmatch(name) and not _OR_OTHERS.search(name) for name in permissions_of(view, project)):
        return True
    cls = view.ref if isinstance(view.ref, ClassRef) else None
    if cls is not None and any(_is_named(project, cls, name) for name in _ATTRIBUTES):
        return True
    first = project.program.method(cls, "dispatch") if cls is not None else None
    starts = [start for start in (function, first) if isinstance(start, FunctionRef)]
    return any(_asks(project, start, cls, _DEPTH) for start in starts)


def _asks_around(project: Project, item: Decorator) -> bool:
    tail = item.name.rpartition(".")[2]
    if tail == "user_passes_test" and item.code[0] == Op.CALL:
        return any(_asks_for_more(project, argument, item.path) for argument in item.code[3][:1])
    return _AROUND.fullmatch(tail) is not None


def _asks_for_more(project: Project, test: Code, path: str) -> bool:
    """Tell a test of a user that more than those who signed in fail, by the names in it, or by its own."""
    test_of = FunctionRef(path, test[2]) if test[0] == Op.LAMBDA else project.program.resolve_code(test, path)
    codes = project.program.pieces(test_of) if isinstance(test_of, FunctionRef) else (test,)
    return any(_is_mark(str(code[-1])) for code in codes if code[0] in {Op.NAME, Op.ATTR})


def _is_mark(name: str) -> bool:
    """Tell the name of something that is true of some users only."""
    return _ASKED.fullmatch(name) is not None or (name.startswith("is_") and name.removeprefix("is_") not in _ORDINARY)


def _is_named(project: Project, cls: ClassRef, name: str) -> bool:
    """`permission_required = "shop.change_order"`."""
    found = project.program.class_value(cls, name)
    if found is None:
        return False
    code = found[1]
    return (
        bool(code[2]) if code[0] == Op.CONST else bool(code[3]) if code[0] == Op.LIST else code[0] in {Op.NAME, Op.ATTR, Op.CALL}
    )


def _asks(project: Project, function: FunctionRef, cls: ClassRef | None, depth: int) -> bool:
    """`if not user.has_perm("…"): raise PermissionDenied`, in the function or in what it calls on its way."""
    body = statements(project.program, function)
    if _gives_to_some(body):
        return True
    return any(_turns_away(code) for code in body) or any(
        _is_check(target, code) or (depth > 0 and isinstance(target, FunctionRef) and _asks(project, target, cls, depth - 1))
        for code in body
        for target, code in _called(project, code, function, cls)
    )


def _gives_to_some(body: list[Code]) -> bool:
    """`key = "***"`, and then `if request.user.is_staff: key = settings.KEY`."""
    codes = [inner for code in body for inner in walk(code)]
    masks = {name for code in codes for name in _bound(code) if code[3] is not None and code[3][0] == Op.CONST}
    return any(
        code[0] == Op.IF
        and any(map(_is_asked, walk(code[2])))
        and not any(inner[0] == Op.NOT for inner in walk(code[2]))
        and any(not masks.isdisjoint(_bound(inner)) for inner in code[3])
        for code in codes
    )


def _bound(code: Code) -> list[str]:
    """The names a statement assigns to."""
    return [target[2] for target in code[2] if target[0] == Op.NAME] if code[0] == Op.ASSIGN else []


def _turns_away(code: Code) -> bool:
    if code[0] != Op.IF or not code[3] or code[3][-1][0] not in {Op.RAISE, Op.RETURN}:
        return False
    return any(inner[0] == Op.NOT and _is_asked(inner[2]) for inner in walk(code[2]))


def _is_asked(code: Code) -> bool:
    asked = code[2] if code[0] == Op.CALL else code
    name = last_name(asked)
    if _ASKED.fullmatch(name):
        return True
    return asked[0] == Op.ATTR and last_name(asked[2]) in _USERS and _is_mark(name)


def _is_check(target: object, code: Code) -> bool:
    return _AROUND.fullmatch(last_name(code[2]).strip("_")) is not None


def _called(project: Project, code: Code, function: FunctionRef, cls: ClassRef | None) -> Iterator[tuple[object, Code]]:
    """What a statement that is always reached calls."""
    value = code[2] if code[0] in {Op.EXPRESSION, Op.RETURN} else code[3] if code[0] == Op.ASSIGN else None
    for inner in walk(value) if value is not None else ():
        if inner[0] == Op.CALL:
            yield callee(project.program, inner[2], function, cls), inner
