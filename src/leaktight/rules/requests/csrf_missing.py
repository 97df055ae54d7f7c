"""
## What it finds
A view that changes something for a signed-in browser and is exempted from Django's CSRF check: by `csrf_exempt` on a function, on
`dispatch`, through `method_decorator`, around a view in the URLconf, or by a mixin; the check missing from `MIDDLEWARE` in production; a
REST framework authentication whose `enforce_csrf` does nothing; trusted origins that trust everybody or plain HTTP.

## Why it matters
A browser adds its cookies to a request whatever page made it send the request. Without the check any page on the internet can change a
mail address, transfer money or delete an account in the name of everybody who is signed in here and looks at that page.

## How to fix it
Remove the exemption and send the token: `{% csrf_token %}` in forms, the `X-CSRFToken` header in scripts. Let programs sign in with a token
in a header, in views of their own.

## When it is fine
The request proves by itself where it comes from: a webhook whose signature is checked, an API that takes a token from a header or has an authenticator of
its own (Digest, Basic, Bearer), a view of the REST framework. Exempted views that nobody signs in to are shown to the strict only, and so are those that other sites cannot use: the
session cookie is `SameSite=Strict` wherever the site runs, or the view turns away what comes without a header such as `X-Requested-With`.
A login class of the REST framework whose check was emptied on purpose is for the strict too, as long as browsers keep the session cookie from
requests of other sites (`SameSite=Lax`, Django's default). Auditors alone see a view that takes no POST, since a form sends nothing else and before
a script's PATCH the browser asks, and one that runs the check itself, inside.
A `csrf_exempt` below a decorator of the project that copies no attributes (no `functools.wraps`) has no effect: the check is in force.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from leaktight.edit import Desk, NotPossible, add_middleware, settings_at
from leaktight.flow.events import Call
from leaktight.model import Audience, Certainty, Confidence, Edit, Finding, Safety, Severity
from leaktight.policy import Channel, Safeguard
from leaktight.project import Project
from leaktight.project.environment import Environment
from leaktight.project.settings import UNKNOWN, Settings, SettingValue
from leaktight.project.symbols import FunctionRef
from leaktight.project.views import View
from leaktight.rules.access import reach_of, requires_login
from leaktight.rules.api import Example, Rule
from leaktight.rules.reach import heading, statements
from leaktight.rules.requests.exemptions import (
    answers_changes,
    changes_state,
    checks_inside,
    demands_header,
    exemptions,
    is_called_by_others,
    is_for_development,
    is_given_a_secret,
    knows_its_user,
    proves_itself,
    trusts_everybody,
)
from leaktight.rules.sessions import crosses_sites, has_sessions, knows_by_tokens, place, stays_at_home
from leaktight.source.code import Op, walk

_BEFORE_CSRF = (
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
)
"""What `django-admin startproject` lists in front of it."""

rule = Rule(
    __name__,
    severity=Severity.MEDIUM,
    doubted=True,
    cwe=(352,),
    step="S6",
    channel=Channel.REQUEST_BODY,
    missing=(Safeguard.CSRF,),
    message="{what}, so that pages of other sites can send it in a visitor's name",
    remedy="Remove the exemption and send the CSRF token with the request.",
    asvs=("3.5.1",),
    examples=(
        Example(
            "An exempted view for people who are signed in",
            bad={
                "shop/views.py": """\
from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST


@csrf_exempt  # finds: csrf-missing
@login_required
@require_POST
def close_account(request):
    request.user.is_active = False
    request.user.save(update_fields=["is_active"])
    return redirect("home")
"""
            },
            good={
                "shop/views.py": """\
from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect
from django.views.decorators.http import require_POST


@login_required
@require_POST
def close_account(request):
    request.user.is_active = False
    request.user.save(update_fields=["is_active"])
    return redirect("home")
"""
            },
        ),
    ),
)

_UNSAFE = ("post", "put", "patch", "delete")
_GRAPHQL = frozenset({"graphene_django.views.GraphQLView", "graphene_file_upload.django.FileUploadGraphQLView"})
_MIDDLEWARE = "django.middleware.csrf.CsrfViewMiddleware"
_OFF_SWITCH = "django.http.HttpRequest._dont_enforce_csrf_checks="


@rule.project
def exempted_view(project: Project) -> Iterator[Finding]:
    for view in project.views:
        places = list(exemptions(view, project))
        if not places or is_for_development(view, project) or view.is_api or view.has("csrf_protect", "requires_csrf_token"):
            continue
        verdict = _judge(view, project)
        if verdict is None:
            continue
        confidence, audience = verdict
        for path, packed in places:
            yield rule.finding(
                project.span(path, packed),
                confidence=confidence,
                audience=audience,
                symbol=f"{view.path.removesuffix('.py').replace('/', '.')}.{view.name}",
                what=f"`{view.name}` is exempt from the CSRF check",
            )


def _judge(view: View, project: Project) -> tuple[Confidence, Audience] | None:
    """Who should see an exemption: it leaks nothing where the request proves itself or nobody is signed in."""
    if not view.is_class and not {"*", *_UNSAFE} & view.handlers.keys():
        return None
    done = reach_of(project, view, *_UNSAFE)
    if not answers_changes(view, done):
        return None
    login, changes = requires_login(view, project, site_wide=False), changes_state(view, done)
    if proves_itself(done, project.program) or is_given_a_secret(view, project):
        return (Confidence.LOW, Audience.AUDIT) if login else None
    if not _can_be_forged(view) or checks_inside(view, project):
        return Confidence.LOW, Audience.AUDIT
    signed_in = login or knows_its_user(reach_of(project, view, *_UNSAFE, depth=1))
    if signed_in and changes and not is_called_by_others(view):
        if stays_at_home(project) or demands_header(done, project.program):
            return (Confidence.MEDIUM if login else Confidence.LOW), Audience.STRICT
        # Browsers leave the session's cookie at home by themselves then, but for requests from other hosts of the same site.
        audience = Audience.DEFAULT if crosses_sites(project) else Audience.STRICT
        return (Confidence.HIGH if login else Confidence.MEDIUM), audience
    return Confidence.LOW, Audience.STRICT if changes else Audience.AUDIT


def _can_be_forged(view: View) -> bool:
    """Tell a view that takes POST: before any other method a browser asks whether the other site may, and a form sends no other."""
    return not view.handlers or bool({"*", "post"} & view.handlers.keys())


@rule.call("django.views.decorators.csrf.csrf_exempt")
def exempted_graphql(call: Call) -> Iterator[Finding]:
    """A GraphQL view from outside takes form posts as well as JSON, with the session's user."""
    for value in call.arguments.values():
        if isinstance(value.type, str) and value.type in _GRAPHQL:
            yield rule.finding(
                call.span,
                confidence=Confidence.MEDIUM,
                audience=Audience.STRICT,
                symbol=call.symbol,
                what="the GraphQL view is exempt from the CSRF check",
            )


@rule.call(_OFF_SWITCH)
def switched_off(call: Call) -> Iterator[Finding]:
    if call.constant("value") is True:
        yield rule.finding(
            call.span,
            confidence=Confidence.MEDIUM,
            audience=Audience.STRICT,
            symbol=call.symbol,
            what="the CSRF check is switched off for a request",
        )


@rule.call("ninja.security.SessionAuth", "ninja.security.APIKeyCookie", "ninja.security.SessionAuthSuperUser")
def login_by_cookie(call: Call) -> Iterator[Finding]:
    """A django-ninja login that reads a cookie checks CSRF unless it is told not to."""
    if call.constant("csrf") is False:
        yield rule.finding(call.span, symbol=call.symbol, what="an API with a login by cookie makes no CSRF check")


@rule.project
def emptied_check(project: Project) -> Iterator[Finding]:
    """A session login of the REST framework whose check was overridden by nothing, which nobody does by mistake."""
    program = project.program
    for ref in program.classes():
        index = program.class_(ref).methods.get("enforce_csrf")
        if index is None or not any(name.endswith("SessionAuthentication") for name in program.ancestors(ref)):
            continue
        method = FunctionRef(ref.path, index)
        if not any(code[0] in {Op.CALL, Op.RAISE} for code in walk(statements(program, method))):
            yield rule.finding(
                heading(project, method),
                audience=None if crosses_sites(project) else Audience.STRICT,
                symbol=f"{ref.path.removesuffix('.py').replace('/', '.')}.{program.class_(ref).name}.enforce_csrf",
                what=f"`{program.class_(ref).name}` signs in by the session without the CSRF check",
            )


@rule.project
def not_installed(project: Project) -> Iterator[Finding]:
    """The check is not among the middleware of a site with sessions."""
    for settings in project.settings:
        yield from _not_installed(settings, settings.get("MIDDLEWARE"), project)


def _not_installed(settings: Settings, value: SettingValue, project: Project) -> Iterator[Finding]:
    listed = value.value
    if (
        not isinstance(listed, list | tuple)
        or UNKNOWN in listed
        or value.certainty is Certainty.ABSENT
        or not _in_production(settings)
    ):
        return
    if has_sessions(settings) and not any(isinstance(item, str) and "csrf" in item.lower() for item in listed):
        yield rule.finding(
            place(value, settings),
            severity=Severity.HIGH,
            confidence=Confidence.HIGH if value.certainty is Certainty.KNOWN else Confidence.MEDIUM,
            audience=Audience.DEFAULT if _has_pages(project, settings) else Audience.STRICT,
            symbol=settings.module,
            related=value.chain,
            what=f"`{_MIDDLEWARE}` is not in `MIDDLEWARE`",
        )


def _has_pages(project: Project, settings: Settings) -> bool:
    """Tell a site that is more than an API which knows its callers by tokens: the check is for what a browser sends by itself."""
    apps = settings.get("INSTALLED_APPS").value
    if not knows_by_tokens(project, settings) or "django.contrib.admin" in (apps if isinstance(apps, list | tuple) else ()):
        return True
    pages = ((view, reach_of(project, view, *_UNSAFE)) for view in project.views if not view.is_api)
    return any(answers_changes(view, done) and changes_state(view, done) for view, done in pages)


@rule.setting("CSRF_TRUSTED_ORIGINS")
def trusted_too_widely(settings: Settings, value: SettingValue) -> Iterator[Finding]:
    if not isinstance(value.value, list | tuple) or not _in_production(settings):
        return
    for index, origin in enumerate(value.value):
        why = trusts_everybody(origin) if isinstance(origin, str) else None
        if why is not None:
            item = value.at(index)
            yield rule.finding(
                place(item, settings),
                confidence=Confidence.HIGH if item.certainty is Certainty.KNOWN else Confidence.MEDIUM,
                audience=None if item.certainty is Certainty.KNOWN else Audience.STRICT,
                missing=(Safeguard.TRUSTED_ORIGIN,),
                symbol=settings.module,
                what=f"{why} by `CSRF_TRUSTED_ORIGINS`",
            )


def _in_production(settings: Settings) -> bool:
    return settings.environment not in {Environment.DEVELOPMENT, Environment.TEST}


@rule.fix(Safety.UNSAFE, "let Django check the CSRF token", "who sends it from elsewhere, without the token, is refused")
def checked(finding: Finding, desk: Desk) -> Iterator[Edit]:
    if "not in `MIDDLEWARE`" in finding.message:
        settings = settings_at(desk, finding.span.path, finding.symbol)
        yield add_middleware(desk, settings, "django.middleware.csrf.CsrfViewMiddleware", after=_BEFORE_CSRF)
        return
    document = desk.python(finding.span.path)
    decorator = next(
        (
            given
            for node in document.every(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
            for given in node.decorator_list
            if document.place(given) == document.range_of(finding.span)
        ),
        None,
    )
    if decorator is None:
        raise NotPossible("it is exempt by something else than a decorator")
    start, end = document.place(decorator)
    first, last = document.line_of(start), document.line_of(end)
    yield document.edit(document.line_start(first), document.line_start(last + 1), "")
    yield from document.imports.unneed("csrf_exempt")
