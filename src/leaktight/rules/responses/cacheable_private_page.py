"""
## What it finds
A site with pages for people who signed in, and nothing that tells caches to keep out of them: no middleware that sets `Cache-Control`, no
`never_cache` on most of the views. It is told once, where the middleware is listed. For auditors also each page a login service sends people
back to that does not say so itself, since its address holds a code.

## Why it matters
Django's sessions add `Vary: Cookie` and nothing else. A browser keeps such a page and shows it with the back button to whoever sits down
next; a proxy or content network that was told to cache keeps it as well.

## How to fix it
Add a middleware that calls `add_never_cache_headers(response)`, or sets `Cache-Control: private, no-store`, when `request.user` has signed
in. On single pages use `@never_cache`, in the URLconf `never_cache(View.as_view())`.

## When it is fine
The server in front adds the header. No file of the project says so, which is why only the strict are told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from leaktight.model import Audience, Certainty, Confidence, Finding, Severity, Step
from leaktight.policy import Channel, Safeguard
from leaktight.project import Project
from leaktight.project.settings import Settings
from leaktight.project.symbols import ClassRef, FunctionRef
from leaktight.rules.access import requires_login
from leaktight.rules.api import Example, NotPossible, Rule
from leaktight.rules.reach import Reach, heading, reach
from leaktight.rules.responses.caching import keeps_out_of_caches
from leaktight.rules.sessions import missing_place
from leaktight.rules.transport.enforcement import listed, middleware, of_production

_SITE = """\
DEBUG = False
ROOT_URLCONF = "shop.urls"
SECURE_SSL_REDIRECT = True
SECURE_HSTS_SECONDS = 63072000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
SECRET_KEY_FALLBACKS = []
MIDDLEWARE = [{mark}
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
{more}]
"""
_VIEWS = """\
from django.contrib.auth.decorators import login_required
from django.shortcuts import render


@login_required
def orders(request):
    return render(request, "shop/orders.html", {"orders": request.user.orders.all()})
"""
_WSGI = """\
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
application = get_wsgi_application()
"""
_MIDDLEWARE = """\
from django.utils.cache import add_never_cache_headers


def private_pages(get_response):
    def middleware(request):
        response = get_response(request)
        if request.user.is_authenticated:
            add_never_cache_headers(response)
        return response

    return middleware
"""

rule = Rule(
    __name__,
    severity=Severity.LOW,
    cwe=(524, 525),
    step="S0",
    channel=Channel.CACHE,
    missing=(Safeguard.NO_STORE,),
    message="nothing tells caches to keep out of {what}",
    remedy="Add a middleware that sets `Cache-Control: private, no-store` for people who signed in, or put `never_cache` on the views.",
    asvs=("14.3.2",),
    unfixable=NotPossible(
        "whether a page may be kept is decided with who reads it; `never_cache` goes on those that show secrets"
    ),
    examples=(
        Example(
            "A site for customers",
            bad={
                "shop/settings.py": _SITE.format(mark="  # finds: cacheable-private-page", more=""),
                "shop/wsgi.py": _WSGI,
                "shop/views.py": _VIEWS,
            },
            good={
                "shop/settings.py": _SITE.format(mark="", more='    "shop.middleware.private_pages",\n'),
                "shop/wsgi.py": _WSGI,
                "shop/views.py": _VIEWS,
                "shop/middleware.py": _MIDDLEWARE,
            },
        ),
    ),
)

_STEP = re.compile(
    r"(?:\w*(?:OIDC|OpenID|OAuth2?|Saml2?|SAML2?|SSO))\w*(?:Callback|Complete|Authenticat\w+|Logout|Acs|ACS)\w*View"
)
_BY_NAME = re.compile(r"(cache_?control|never_?cache|no_?cache|no_?store|private_?cache)", re.IGNORECASE)
_SAYS = frozenset({"add_never_cache_headers", "patch_cache_control", "never_cache"})


@rule.project
def site_without_a_word(project: Project) -> Iterator[Finding]:
    private = [view for view in project.views if requires_login(view, project)]
    open_ones = [view for view in private if not keeps_out_of_caches(view) and not view.is_api]
    if not open_ones or 2 * len(open_ones) <= len(private):
        return
    for settings in of_production(project):
        names, _ = listed(settings)
        chain = middleware(settings)
        if chain.certainty is Certainty.ABSENT or not any(name.endswith("SessionMiddleware") for name in names):
            continue
        if not _keeps_out(project, settings, names):
            first = open_ones[0]
            yield rule.finding(
                missing_place("MIDDLEWARE", settings),
                confidence=Confidence.LOW,
                symbol=settings.module,
                related=(Step(heading(project, first.ref), f"`{first.name}` is one of {len(open_ones)}"),),
                what="the pages of people who signed in",
            )


@rule.project
def step_of_a_login(project: Project) -> Iterator[Finding]:
    """Where another server sends people back to, with a code in the address."""
    for name, route in project.views.outside:
        if _STEP.fullmatch(name.rpartition(".")[2]) and not any(wrapper.endswith("never_cache") for wrapper in route.wrappers):
            yield _of_a_step(project, route.path, route.span, name.rpartition(".")[2])
    for view in project.views:
        if keeps_out_of_caches(view) or not any(_STEP.fullmatch(name.rpartition(".")[2]) for name in view.ancestors):
            continue
        for route in view.routes:
            yield _of_a_step(project, route.path, route.span, view.name)


def _of_a_step(project: Project, path: str, span: int, name: str) -> Finding:
    return rule.finding(
        project.span(path, span),
        confidence=Confidence.LOW,
        audience=Audience.AUDIT,
        symbol=project.symbol(path, None),
        what=f"`{name}`, whose address holds what a login service sent",
    )


def _keeps_out(project: Project, settings: Settings, names: list[str]) -> bool:
    """Tell whether a middleware speaks to caches, by its name or by what it does."""
    for name in names:
        if name.startswith("django."):
            continue
        symbol = project.program.resolve_qualified(name, settings.path)
        if _BY_NAME.search(name) or (isinstance(symbol, FunctionRef | ClassRef) and _speaks(_all_of(project, symbol))):
            return True
    return False


def _all_of(project: Project, symbol: FunctionRef | ClassRef) -> list[Reach]:
    if isinstance(symbol, FunctionRef):
        return [reach(project.program, symbol, depth=1)]
    methods = project.program.class_(symbol).methods.values()
    return [reach(project.program, FunctionRef(symbol.path, index), symbol, depth=1) for index in methods]


def _speaks(found: list[Reach]) -> bool:
    return any(not _SAYS.isdisjoint(one.called) or any(text.lower() == "cache-control" for text in one.texts) for one in found)
