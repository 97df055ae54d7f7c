"""What an answer is there to tell, or does not really tell: to administrators, to the owner who asks for it, to a browser by a protocol."""

from __future__ import annotations

import re

from leaktight.flow.events import Arrival
from leaktight.flow.value import Evidence
from leaktight.project import Project
from leaktight.project.environment import words_of
from leaktight.project.symbols import ClassRef, FunctionRef
from leaktight.project.views import View
from leaktight.rules.access import requires_login
from leaktight.rules.administrators import is_for_administrators, is_in_admin
from leaktight.rules.reach import reach
from leaktight.source.code import Code, Op, last_name, walk

_MAKING = frozenset(
    {"get_random_string", "make_random_password", "token_urlsafe", "token_hex", "SystemRandom", "choice", "choices", "sample"}
)
_KEEPING = frozenset(
    {"set_password", "save", "asave", "create", "acreate", "create_user", "make_password", "update", "bulk_create"}
)
_GOTTEN = frozenset(
    {"get", "show", "my", "own", "obtain", "retrieve", "refresh", "regenerate", "renew", "rotate", "reset", "create", "generate"}
)
"""Words of a view that hands something out, in front of what it hands out."""
_OWNERS = frozenset({"request.user", "request.auser"})
_TOLD = frozenset({"token", "secret-key"})
_STORED = frozenset({"field", "serializer"})
_LOOKUPS = frozenset({"get", "aget", "get_or_create", "aget_or_create", "get_object_or_404", "aget_object_or_404"})
_NAMES_NOBODY = frozenset({"self", "request", "format", "args", "kwargs"})
"""Parameters of a view whose address holds no part that chooses somebody."""
_REFUSING = re.compile(r"HttpResponse(?:BadRequest|Forbidden|NotFound|NotAllowed|Gone)|HTTP_4\d\d_\w+")
_KNOWN = Evidence.SOURCE | Evidence.TYPE | Evidence.LITERAL | Evidence.DECLARED
_PUBLIC_HALF = re.compile(r"(.*_)?ACCESS_KEY(_ID)?")
_SECRET_HALF = ("SECRET_KEY", "SECURITY_KEY", "SECRET_ACCESS_KEY", "ACCESS_SECRET", "SECRET")


def is_meant(arrival: Arrival) -> bool:
    """Tell what a view is there to tell, or tells only by its name."""
    function, project = arrival.call.function, arrival.project
    return (
        is_for_administrators(project, function)
        or is_in_admin(arrival.span.path)
        or any(_asks_permission(project, view, arrival.fact.word) for view in project.views.of(function))
        or (arrival.label == "password" and _is_proposal(arrival))
        or _is_own(arrival)
        or _is_refused(arrival)
        or _is_public_half(arrival)
    )


def _asks_permission(project: Project, view: View, word: str) -> bool:
    """`permission_required = "devices.view_recovery_password"`: whoever may do that may read it."""
    if not isinstance(view.ref, ClassRef):
        return False
    found = project.program.class_value(view.ref, "permission_required")
    named = [code[2] for code in walk(found[1]) if code[0] == Op.CONST and isinstance(code[2], str)] if found else []
    return any(words_of(word)[-1:] == words_of(name)[-1:] for name in named)


def _is_proposal(arrival: Arrival) -> bool:
    """A random password that is set nowhere: the one who asks may use it, or not."""
    function = arrival.call.function
    if function is None or arrival.fact.source:
        return False
    called = reach(arrival.project.program, function).called
    return not _MAKING.isdisjoint(called) and _KEEPING.isdisjoint(called)


def _is_own(arrival: Arrival) -> bool:
    """`get_auth_token(request)`: a view that is called after the token it hands to whoever is signed in, and asks for that person's."""
    function, project = arrival.call.function, arrival.project
    if function is None or arrival.label not in _TOLD or arrival.fact.source == "settings":
        return False
    words = words_of(arrival.fact.word)
    if arrival.fact.source in _STORED and words[-2:] == ["api", "key"] and _is_about_the_visitor(project, function):
        return True  # the key to this site; a token that another service gave it for somebody is not for the browser
    words = words_of(project.program.function(function).name)
    views = project.views.of(function)
    if not _GOTTEN.isdisjoint(words) and words[-1] == words_of(arrival.fact.word)[-1] and views:
        asked_for = not _OWNERS.isdisjoint(reach(project.program, function, depth=1).used)
        return asked_for and all(requires_login(view, project) for view in views)
    return False


def _is_about_the_visitor(project: Project, function: FunctionRef) -> bool:
    """`queryset.get(pk=request.user.pk)` in a view whose address names nobody."""
    parameters = {parameter.name for parameter in project.program.function(function).parameters}
    return parameters <= _NAMES_NOBODY and any(map(_looks_up_the_visitor, project.program.pieces(function)))


def _looks_up_the_visitor(code: Code) -> bool:
    if code[0] != Op.CALL:
        return False
    name = last_name(code[2])
    if name.endswith("Serializer"):
        return any(map(_is_the_visitor, code[3]))
    return name in _LOOKUPS and any(_is_the_visitor(value) for value in (*code[3], *(value for _, value in code[4])))


def _is_the_visitor(code: Code) -> bool:
    """`request.user`, a name for it, and what it is known by."""
    if code[0] == Op.ATTR and code[3] in {"pk", "id"}:
        code = code[2]
    return bool((code[0] == Op.ATTR and code[3] == "user") or (code[0] == Op.NAME and code[2] == "user"))


def _is_refused(arrival: Arrival) -> bool:
    """`JsonResponse({"password": why}, status=400)`: only the name of the field it is about says that it is a secret."""
    if arrival.fact.evidence & _KNOWN:
        return False
    status = arrival.call.argument("status")
    if status is not None and isinstance(status.const, int):
        return 400 <= status.const < 500
    named = status.qualified if status is not None else None
    return _REFUSING.fullmatch((named or arrival.call.name).rpartition(".")[2]) is not None


def _is_public_half(arrival: Arrival) -> bool:
    """`GATEWAY_ACCESS_KEY` beside `GATEWAY_SECRET_KEY`: it says whose request the other one signs, and stands in each form or request."""
    word = arrival.fact.word
    match = _PUBLIC_HALF.fullmatch(word) if arrival.fact.source in {"settings", "environment"} else None
    if match is None or "SECRET" in word:
        return False
    begin = match[1] or ""
    halves = (arrival.project.setting(begin + half) for half in _SECRET_HALF)
    return any(half is not None and half.span is not None for half in halves)
