"""
## What it finds
A view that deletes, saves or signs out when it is only asked for by GET: a function that is not limited to POST and never looks at the
method or at what was posted, the `get` of a class, a `get` that hands on to `post` or `delete`.

## Why it matters
The CSRF check lets GET pass, since GET changes nothing. A picture, a link or a redirect on any other site makes the browser of somebody who
is signed in ask for the address, cookies included, and the change is made in that person's name. Browsers and mail scanners that fetch
links in advance do it by accident.

## How to fix it
Put `@require_POST` on the function, name the method `post`, and make the link a form with `{% csrf_token %}`.

## When it is fine
The address holds a token of its own, as a link in a mail does; other servers call it; the signature of the request is checked. What is
saved along the way, such as a time of the last visit, or in the visitor's own account, such as what is preferred, is shown to the strict only.
So is what happens only with a setting that says so, a view that finds the row by a code, which links in mails hold, a function that no URLconf leads to, and a view that turns away what comes without a
header such as `HX-Request` or `X-Requested-With`: no link or picture can send it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from leaktight.model import Audience, Confidence, Finding, Severity, Step
from leaktight.policy import Channel, Safeguard
from leaktight.project import Project
from leaktight.project.symbols import ClassRef, External, FunctionRef
from leaktight.project.views import View
from leaktight.rules.access import requires_login
from leaktight.rules.api import Example, NotPossible, Rule
from leaktight.rules.judging import at_least
from leaktight.rules.reach import Reach, callee, heading, reach
from leaktight.rules.requests.exemptions import (
    demands_header,
    is_called_by_others,
    is_for_development,
    is_given_a_secret,
    knows_its_user,
    proves_itself,
)
from leaktight.source.code import Code, Op, last_name, walk

rule = Rule(
    __name__,
    severity=Severity.MEDIUM,
    cwe=(352, 650),
    step="S6",
    channel=Channel.REQUEST_URL,
    missing=(Safeguard.POST, Safeguard.CSRF),
    message="a GET request is enough to make `{view}` {change}: other sites can send it in a visitor's name",
    remedy="Let the view answer POST only, and make the link to it a form with the CSRF token.",
    asvs=("3.5.1", "3.5.3"),
    unfixable=NotPossible("every link and script that leads there has to become a form or a POST of its own"),
    examples=(
        Example(
            "A link that deletes",
            bad={
                "shop/views.py": """\
from django.contrib.auth.decorators import login_required
from django.shortcuts import get_object_or_404, redirect

from shop.models import Address


@login_required
def delete_address(request, pk):  # finds: change-on-get
    address = get_object_or_404(Address, pk=pk, owner=request.user)
    address.delete()
    return redirect("addresses")
"""
            },
            good={
                "shop/views.py": """\
from django.contrib.auth.decorators import login_required
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from shop.models import Address


@login_required
@require_POST
def delete_address(request, pk):
    address = get_object_or_404(Address, pk=pk, owner=request.user)
    address.delete()
    return redirect("addresses")
"""
            },
        ),
    ),
)

_LOGOUT = "django.contrib.auth.logout"
_ORM = {
    "delete": "delete",
    "adelete": "delete",
    "save": "save",
    "asave": "save",
    "update": "save",
    "aupdate": "save",
    "create": "save",
}
_QUERIES = frozenset({"objects", "filter", "exclude", "get", "all", "get_queryset", "get_object", "_default_manager"})
_NO_ROW = re.compile(
    r"cache|session|storage|file|image|client|dict|kwargs|params|headers|data|context|form|s3|bucket|redis|messages",
    re.IGNORECASE,
)
"""In the name of something that is deleted, saved or updated without being a row."""
_SAVES = frozenset({"save", "asave"})
_WHERE_TO = frozenset({"fp", "path", "filename", "fname", "file", "stream", "buffer", "dest", "destination", "format"})
"""What a workbook, a picture or a figure is told by name, and a row is not."""
_IN_MAILS = frozenset({"one-time-code", "token"})
_LOOKS = frozenset({"request.POST", "request.FILES", "request.body", "request.data", "request.method"})
_ORDERS = frozenset(
    """delete remove logout signout revoke cancel approve reject toggle follow unfollow like unlike vote subscribe block unblock
    enable disable archive unarchive restore purge clear destroy ban unban suspend unsuspend kick leave accept decline dismiss publish unpublish""".split()
)
"""What a view is called that is there to change something."""


@rule.project
def changed_by_get(project: Project) -> Iterator[Finding]:
    for view in project.views:
        handler = view.handlers.get("get") or view.handlers.get("*")
        if handler is None or not (view.is_class or view.routes or requires_login(view, project, site_wide=False)):
            continue
        if is_called_by_others(view) or is_given_a_secret(view, project) or is_for_development(view, project):
            continue
        found = _change(project, view, handler)
        if found is None:
            continue
        change, place = found
        confidence, audience = _judge(project, view, handler, change)
        cls = view.ref if isinstance(view.ref, ClassRef) else None
        if demands_header(
            reach(project.program, handler, cls, depth=2), project.program
        ):  # two: the inner function of a decorator
            audience = at_least(audience, Audience.STRICT)
        if _is_opted_for(project, handler, place) or project.views.is_out_of_reach(view) or _looks_up_by_code(project, handler):
            audience = at_least(audience, Audience.STRICT)
        if change == "save" and _is_of_the_visitor(project, handler, place):
            confidence, audience = min(confidence, Confidence.MEDIUM, key=_rank), at_least(audience, Audience.STRICT)
        yield rule.finding(
            heading(project, handler),
            severity=Severity.LOW if change == _LOGOUT else rule.severity,
            confidence=confidence,
            audience=audience,
            symbol=project.symbol(handler.path, handler),
            related=(Step(project.span(handler.path, place), "the change"),),
            view=view.name,
            change="sign out" if change == _LOGOUT else change,
        )


def _rank(item: Confidence) -> int:
    return item.rank


def _is_of_the_visitor(project: Project, handler: FunctionRef, place: int) -> bool:
    """`request.user.save()`: what visitors prefer themselves, and switch back."""
    for code in project.program.pieces(handler):
        if code[0] == Op.CALL and code[1] == place and code[2][0] == Op.ATTR:
            base = code[2][2]
            return bool(base[0] == Op.ATTR and base[3] == "user" and base[2][-1] == "request")
    return False


def _looks_up_by_code(project: Project, handler: FunctionRef) -> bool:
    """`Invitation.objects.get(access_code=code)`: a view that links in mails lead to, which know a code no other site knows."""
    names = [name for code in project.program.pieces(handler) if code[0] == Op.CALL for name, _ in code[4] if name]
    matches = [match for name in names if (match := project.recogniser.recognise(name)) is not None]
    return any(match.label in _IN_MAILS for match in matches)


def _is_opted_for(project: Project, handler: FunctionRef, place: int) -> bool:
    """`if app_settings.LOGOUT_ON_GET:` — the one who runs the site says that a GET may do it."""
    return any(
        code[0] == Op.IF
        and code[2][0] == Op.ATTR
        and code[2][3].isupper()
        and any(inner[0] == Op.CALL and inner[1] == place for inner in walk(code[3]))
        for code in project.program.pieces(handler)
    )


def _judge(project: Project, view: View, handler: FunctionRef, change: str) -> tuple[Confidence, Audience]:
    """Only a view that says it is there for the change does it for sure; others may save something on the way."""
    words = _words(f"{view.name}_{project.program.function(handler).name}")
    if view.is_api or _ORDERS.isdisjoint(words):
        return Confidence.LOW, Audience.STRICT
    signs_out = change == _LOGOUT or not {"logout", "signout"}.isdisjoint(words)
    return Confidence.HIGH, Audience.STRICT if signs_out else Audience.DEFAULT


def _words(name: str) -> list[str]:
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name.replace("log_out", "logout"))] + [
        word for word in ("logout", "signout") if word in name.lower()
    ]


def _change(project: Project, view: View, handler: FunctionRef) -> tuple[str, int] | None:
    """What a view changes whatever the method is, and where; None when it looks at the method or changes nothing of a visitor's."""
    cls = view.ref if isinstance(view.ref, ClassRef) else None
    calls = [code for code in project.program.pieces(handler) if code[0] == Op.CALL]
    changes = [(change, code[1]) for code in calls if (change := _changes(project, code, handler, cls))]
    if not changes:
        return None
    done = reach(project.program, handler, cls, depth=1)
    if _looks_at_method(done) or proves_itself(done, project.program) or _is_asked_around(project, view):
        return None
    for change, place in changes:
        if change == _LOGOUT or requires_login(view, project) or knows_its_user(done):
            return change, place
    return None


def _is_asked_around(project: Project, view: View) -> bool:
    """Tell a view around which a decorator of the project looks at the method: a page that asks first, and goes on with what is posted."""
    around = [(item.code[2] if item.code[0] == Op.CALL else item.code, item.path) for item in view.decorators]
    symbols = [project.program.resolve_code(code, path) for code, path in around]
    open_ = [symbol for symbol in symbols if isinstance(symbol, FunctionRef)]
    for _ in range(_LEVELS):
        pieces = [code for ref in open_ for code in project.program.pieces(ref)]
        asked = [inner for code in pieces if code[0] == Op.IF for inner in walk(code[2])]
        if any(code[0] == Op.ATTR and code[3] in {"POST", "method"} and last_name(code[2]) in _REQUESTS for code in asked):
            return True
        open_ = [FunctionRef(ref.path, code[3]) for ref in open_ for code in project.program.pieces(ref) if code[0] == Op.DEFINE]
    return False


_LEVELS = 3
"""The decorator, what it returns when it takes arguments, and the function around the view."""
_REQUESTS = frozenset({"request", "req"})


def _looks_at_method(done: Reach) -> bool:
    return not _LOOKS.isdisjoint(done.used) or "is_valid" in done.called


def _changes(project: Project, code: Code, handler: FunctionRef, cls: ClassRef | None) -> str | None:
    """What a call changes: `delete`, `save`, or the session by a logout."""
    target = callee(project.program, code[2], handler, cls)
    if isinstance(target, External) and target.name == _LOGOUT:
        return _LOGOUT
    if code[2][0] != Op.ATTR:
        return None
    base, name = code[2][2], code[2][3]
    if base[0] == Op.NAME and base[2] == "self":
        return "change something" if cls is not None and name in {"post", "delete"} else None
    change = _ORM.get(name)
    if change is None or _NO_ROW.search(last_name(base)) or (name in _SAVES and _goes_elsewhere(code)):
        return None
    if any(item[0] == Op.ATTR and item[3] in _QUERIES for item in walk(base)):
        return change
    is_row = name in {"delete", "save"} and base[0] in {Op.NAME, Op.ATTR} and not isinstance(target, External)
    return change if is_row else None


def _goes_elsewhere(code: Code) -> bool:
    """Tell `workbook.save(path)`: a row is not told where it is saved to."""
    return any(not (argument[0] == Op.CONST and isinstance(argument[2], bool)) for argument in code[3]) or any(
        name in _WHERE_TO for name, _ in code[4]
    )
