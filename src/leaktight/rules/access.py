"""Who may use a view and how the caller is known, as far as decorators, mixins, permissions and code tell."""

from __future__ import annotations

import re

from leaktight.project import Project
from leaktight.project.symbols import ClassRef, FunctionRef
from leaktight.project.views import METHODS, View
from leaktight.rules.reach import MAX_DEPTH, Reach, reach, statements
from leaktight.source.code import Op, walk

_LOGIN = re.compile(
    r"""(login|signin|sign_in|auth|authentication|permissions?|perms?|staff|superuser|admin|user|member|owner|otp|role|rules?|groups?)_required
    | (require|requires|need|needs|must_be|check|ensure)_(login|logged_in|auth\w*|permissions?|staff|superuser|admin|user|owner|role)
    | user_passes_test | (authenticated|logged_in|staff|admin|owner|member|moderator)s?_only | (only|for)_(authenticated|staff|members?|owners?)
    | (Login|Auth(entication)?|Permissions?|Staff|Superuser|Admin|User|Owner|Member)(Only)?Required\w*
    | (UserPassesTest|Access|AnyLogin|Authenticated|ObjectPermission\w*)(Only)?Mixin | (Staff|Superuser|Admin)Mixin
    """,
    re.VERBOSE,
)
_PERMISSION = re.compile(
    r"Is(Authenticated|Admin\w*|Staff\w*|Superuser\w*|Owner\w*)|LoginRequired|DjangoModelPermissions|Token\w*HasScope"
)
"""Permissions that nobody has who did not sign in; a project's own may be open to all who read."""
_SITE_WIDE = re.compile(
    r"\w*(?:Login|SignIn|Auth(?:entication)?)(?:Required|Check|Wall|Only)\w*|\w*(?:Require|Check|Enforce|Force|Demand)s?(?:User)?(?:Login|SignIn|Auth)\w*"
)
"""The name of a middleware that lets nobody through who did not sign in."""
_BY_NAME = {
    "post": "post form_valid form_invalid perform_create perform_update perform_destroy create update partial_update destroy put patch delete",
    "get": "get get_context_data get_queryset get_object list retrieve render_to_response get_initial get_form_kwargs",
}
_METHOD_BY_NAME = {name: method for method, names in _BY_NAME.items() for name in names.split()}


def requires_login(view: View, project: Project, *, site_wide: bool = True) -> bool:
    """Tell whether only people who signed in get to a view, by itself or as all of the site."""
    names = [item.name for item in view.decorators if item.target in {"function", "class", "url", "alias", "method:dispatch"}]
    names += [item.name for item in view.decorators if item.target.partition(":")[2] in view.handlers]
    names += [wrapper for route in view.routes for wrapper in route.wrappers]
    names += view.ancestors
    if any(_LOGIN.fullmatch(name.rpartition(".")[2]) for name in names):
        return True
    return _has_permissions(view, project) or (site_wide and is_login_site_wide(project) and not view.has("login_not_required"))


def _has_permissions(view: View, project: Project) -> bool:
    return any(_PERMISSION.fullmatch(name) for name in permissions_of(view, project))


def permissions_of(view: View, project: Project) -> list[str]:
    """The permissions a view of the REST framework names itself, or leaves to the settings."""
    if isinstance(view.ref, ClassRef):
        found = project.program.class_value(view.ref, "permission_classes")
        named = [str(code[-1]) for code in walk(found[1]) if code[0] in {Op.NAME, Op.ATTR}] if found else None
        named = _given(project, view.ref) or named
    else:
        codes = [
            code
            for item in view.decorators
            if item.name.rpartition(".")[2] == "permission_classes"
            for code in walk(item.code[3])
        ]
        named = [str(code[-1]) for code in codes if code[0] in {Op.NAME, Op.ATTR}] or None
    if named is None:
        if not view.is_api:
            return []
        setting = project.setting("REST_FRAMEWORK")
        default = (
            setting.value.get("DEFAULT_PERMISSION_CLASSES") if setting is not None and isinstance(setting.value, dict) else None
        )
        named = [str(item).rpartition(".")[2] for item in default] if isinstance(default, list | tuple) else []
    return named


def _given(project: Project, cls: ClassRef) -> list[str]:
    """The permissions that `get_permissions` of a class of the project gives in the end, written out as a list."""
    method = project.program.method(cls, "get_permissions")
    last = statements(project.program, method)[-1:] if isinstance(method, FunctionRef) else []
    if not last or last[0][0] != Op.RETURN or last[0][2] is None or last[0][2][0] != Op.LIST:
        return []
    return [str(code[-1]) for code in walk(last[0][2]) if code[0] in {Op.NAME, Op.ATTR}]


def is_login_site_wide(project: Project) -> bool:
    """Tell whether a middleware asks for a login before every view."""
    setting = project.setting("MIDDLEWARE")
    listed = setting.value if setting is not None and isinstance(setting.value, list | tuple) else ()
    return any(isinstance(item, str) and _SITE_WIDE.fullmatch(item.rpartition(".")[2]) for item in listed)


def methods_of(project: Project, function: FunctionRef | None) -> frozenset[str]:
    """The HTTP methods whose handling gets to a function; `*` for any, nothing when it is in no view."""
    found: set[str] = set()
    for view in project.views.of(function):
        found |= _methods_in(project, view, function)  # type: ignore[arg-type]
    return frozenset(found)


def _methods_in(project: Project, view: View, function: FunctionRef) -> set[str]:
    direct = _of_action(project, function) or {method for method, handler in view.handlers.items() if handler == function}
    if direct:
        return direct
    by_name = _METHOD_BY_NAME.get(project.program.function(function).name)
    if by_name is not None:
        return {by_name}
    cls = view.ref if isinstance(view.ref, ClassRef) else None
    return {
        method for method, handler in view.handlers.items() if function in reach(project.program, handler, cls, depth=2).functions
    }


def is_action(project: Project, function: FunctionRef) -> bool:
    """Tell a function that answers requests by its own decorator, beside the other methods of its class."""
    return bool(_of_action(project, function))


def _of_action(project: Project, function: FunctionRef) -> set[str]:
    """The methods of an extra action of a viewset (`@action(methods=…)`) or of an operation (`@api.post("/orders")`)."""
    for code in project.program.function(function).decorators:
        called = code[2] if code[0] == Op.CALL else code
        if code[0] == Op.CALL and called[0] == Op.ATTR and called[3] in METHODS:
            return {called[3]}
        if called[0] in {Op.NAME, Op.ATTR} and called[-1] in {"action", "detail_route", "list_route"}:
            keywords = dict(code[4]) if code[0] == Op.CALL else {}
            listed = keywords.get("methods")
            texts = [item[2] for item in walk(listed) if item[0] == Op.CONST] if listed else ["get"]
            return {str(text).lower() for text in texts} & set(METHODS)
    return set()


def handlers_of(view: View, *methods: str) -> list[FunctionRef]:
    """The functions of a view that answer one of these methods, each once."""
    chosen = [handler for method, handler in sorted(view.handlers.items()) if method in methods or method == "*"]
    return list(dict.fromkeys(chosen))


def reach_of(project: Project, view: View, *methods: str, depth: int = MAX_DEPTH) -> Reach:
    """What a view does when it answers these methods."""
    cls = view.ref if isinstance(view.ref, ClassRef) else None
    total = Reach()
    starts = handlers_of(view, *methods)
    if cls is not None:
        names = ["dispatch", "setup"]
        if not {"get", "head"}.issuperset(methods):
            names += ["form_valid", "perform_create", "perform_update", "perform_destroy", "perform_mutation"]
        starts += [method for name in names if isinstance(method := project.program.method(cls, name), FunctionRef)]
    for start in starts:
        one = reach(project.program, start, cls, depth=depth)
        total.called |= one.called
        total.used |= one.used
        total.texts |= one.texts
        total.functions += one.functions
    return total
