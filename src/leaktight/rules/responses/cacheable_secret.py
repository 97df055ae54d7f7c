"""
## What it finds
`cache_page`, `Cache-Control: public` or the cache middleware on a page for people who signed in, or on an answer that holds a secret, by
decorator, mixin, URLconf or header. For the strict: an answer with a secret that does not say `no-store`.

## Why it matters
`cache_page` keeps the first answer and gives it to everybody who asks for the same address. A session's cookie makes no difference: Django
adds `Vary: Cookie` after the decorator has done its work. With `public`, proxies and content networks do the same, outside of the site.

## How to fix it
Put `never_cache` on views for people who signed in, or keep only the costly data in the cache, under a key with the user's id. A page that
must be cached for each person needs `vary_on_cookie` inside of `cache_page`, and `cache_control(private=True)`.

## When it is fine
The view is the same for everybody; an API that asks for a login before the cache answers, and looks at nobody for its answer, is shown to the
strict. `private=True` keeps Django's cache and proxies away, `never_cache` every cache. With `vary_on_cookie`
alone only the strict are told.
"""

from __future__ import annotations

from collections.abc import Iterator

from leaktight.edit import Desk
from leaktight.flow.events import Arrival, Call
from leaktight.model import Audience, Certainty, Confidence, Edit, Finding, Safety, Severity, Step
from leaktight.policy import Channel, Safeguard
from leaktight.project import Project
from leaktight.project.environment import Environment
from leaktight.project.settings import Settings, SettingValue
from leaktight.project.symbols import FunctionRef
from leaktight.project.views import View
from leaktight.rules.access import methods_of, reach_of, requires_login
from leaktight.rules.api import Example, Rule
from leaktight.rules.judging import at_least, is_grave
from leaktight.rules.reach import heading, reach
from leaktight.rules.responses.caching import Caching, caching_of, directives, keeps_out_of_caches, taken_off
from leaktight.rules.responses.disclosure import disclosed
from leaktight.rules.responses.uncaching import kept_out, told_not_to_keep
from leaktight.rules.sessions import place

rule = Rule(
    __name__,
    severity=Severity.HIGH,
    doubted=True,
    cwe=(524, 525),
    step="S0",
    channel=Channel.CACHE,
    missing=(Safeguard.NO_STORE,),
    message="{what} {how}",
    remedy="Put `never_cache` on the view, or `cache_control(private=True)` with `vary_on_cookie` inside of `cache_page`.",
    asvs=("14.3.2", "14.2.2"),
    examples=(
        Example(
            "A cached page for people who signed in",
            bad={
                "shop/views.py": """\
from django.contrib.auth.decorators import login_required
from django.shortcuts import render
from django.views.decorators.cache import cache_page

from shop.models import Order


@cache_page(600)  # finds: cacheable-secret
@login_required
def my_orders(request):
    return render(request, "shop/orders.html", {"orders": Order.objects.filter(owner=request.user)})
"""
            },
            good={
                "shop/views.py": """\
from django.contrib.auth.decorators import login_required
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from shop.models import Order


@never_cache
@login_required
def my_orders(request):
    return render(request, "shop/orders.html", {"orders": Order.objects.filter(owner=request.user)})
"""
            },
        ),
    ),
)

_SETTERS = (
    "django.http.HttpResponse.__setitem__", "django.http.ResponseHeaders.__setitem__", "django.http.HttpResponse.setdefault",
    "django.http.ResponseHeaders.setdefault",
)  # fmt: skip
_ANSWERS = frozenset({"response", "resp"})
_OUTER, _INNER = "UpdateCacheMiddleware", "SessionMiddleware"


@rule.project
def cached_for_everybody(project: Project) -> Iterator[Finding]:
    for view in project.views:
        cached = caching_of(view)
        if cached is None or keeps_out_of_caches(view):
            continue
        verdict = _whose(view, project, cached)
        if verdict is not None:
            whose, confidence, audience = verdict
            yield rule.finding(
                project.span(cached.path, cached.span),
                confidence=confidence,
                audience=audience,
                symbol=_symbol(view),
                what=f"`{view.name}`, {whose},",
                how=cached.how,
            )


def _whose(view: View, project: Project, cached: Caching) -> tuple[str, Confidence, Audience] | None:
    least = Audience.STRICT if cached.varies else Audience.DEFAULT
    done = reach_of(project, view, "get", "head")
    depends = not {"request.user", "request.session"}.isdisjoint(done.used)
    if requires_login(view, project):
        if depends or not cached.is_after_login:
            return "which asks for a login", Confidence.HIGH, least
        return "which asks for a login", Confidence.MEDIUM, Audience.STRICT
    if depends:
        return "which looks at who is signed in", Confidence.MEDIUM, Audience.STRICT
    return None


@rule.flow(Channel.RESPONSE_BODY, Channel.PAGE)
def answer_with_a_secret(arrival: Arrival) -> Iterator[Finding]:
    """An answer to GET that tells a secret: cached on purpose, or not kept out of caches."""
    project, function = arrival.project, arrival.call.function
    verdict = disclosed(arrival) if is_grave(arrival.label) else None
    if verdict is None or function is None or not methods_of(project, function) & {"get", "*"}:
        return
    for view in project.views.of(function):
        if keeps_out_of_caches(view):
            continue
        cached = caching_of(view)
        if cached is None and _says_no_store(project, arrival):
            continue
        yield rule.finding(
            heading(project, _handler(view, function)) if cached is None else project.span(cached.path, cached.span),
            label=arrival.label,
            severity=Severity.LOW if cached is None else rule.severity,
            confidence=verdict.confidence,
            audience=at_least(verdict.audience, Audience.STRICT if cached is None or cached.varies else Audience.DEFAULT),
            symbol=arrival.call.symbol,
            flow=arrival.flow,
            related=(Step(arrival.span, "the answer"),),
            what=f"{verdict.what} (`{arrival.fact.word}`)",
            how="is in an answer that does not say `no-store`" if cached is None else f"is in an answer that {cached.how}",
        )


def _handler(view: View, function: FunctionRef) -> FunctionRef:
    """The function that answers GET in a view."""
    return view.handlers.get("get") or view.handlers.get("*") or function


def _says_no_store(project: Project, arrival: Arrival) -> bool:
    function = arrival.call.function
    if function is None:
        return False
    done = reach(project.program, function, depth=1)
    named = {"add_never_cache_headers", "patch_cache_control", "never_cache"} & done.called
    return bool(named) or any(text.lower() in {"cache-control", "no-store"} or "no-store" in text.lower() for text in done.texts)


@rule.call(*_SETTERS)
def public_by_header(call: Call) -> Iterator[Finding]:
    text = call.argument("value")
    if str(call.constant("key")).lower() != "cache-control" or text is None or text.text is None:
        return
    yield from _by_hand(call, directives(text.text))


@rule.call("django.utils.cache.patch_cache_control")
def public_by_patch(call: Call) -> Iterator[Finding]:
    given = {name.replace("_", "-"): call.constant(name) for name in call.arguments if not name.isdigit()}
    yield from _by_hand(call, {name for name, value in given.items() if value})


def _by_hand(call: Call, given: set[str]) -> Iterator[Finding]:
    """A header that lets others keep the answer of a view for people who signed in."""
    if given & {"private", "no-store", "no-cache"} or not given & {"public", "max-age", "s-maxage"}:
        return
    for view in call.project.views.of(call.function):
        if requires_login(view, call.project) and not keeps_out_of_caches(view):
            shared = bool(given & {"public", "s-maxage"})
            yield rule.finding(
                call.span,
                confidence=Confidence.HIGH if shared else Confidence.MEDIUM,
                audience=Audience.DEFAULT if shared else Audience.STRICT,
                symbol=call.symbol,
                what=f"`{view.name}`, which asks for a login,",
                how="may be kept by every cache on the way" if shared else "may be kept by caches for a while",
            )


@rule.project
def told_to_forget(project: Project) -> Iterator[Finding]:
    """The header that keeps answers for different people apart is taken off a response on its way out."""
    for function in project.program.functions():
        if not _ANSWERS.isdisjoint(parameter.name for parameter in project.program.function(function).parameters):
            for code, header in taken_off(project.program.pieces(function)):
                yield rule.finding(
                    project.span(function.path, code[1]),
                    severity=Severity.MEDIUM,
                    confidence=Confidence.MEDIUM,
                    audience=Audience.STRICT,
                    symbol=project.symbol(function.path, function),
                    what=f"an answer whose `{header}` is taken off",
                    how="can be given to somebody else by the caches on the way",
                )


@rule.setting("MIDDLEWARE")
def cached_before_it_varies(settings: Settings, value: SettingValue) -> Iterator[Finding]:
    """The cache middleware sees the answer before the session's middleware says that it differs by cookie."""
    listed = value.value
    if not isinstance(listed, list | tuple) or settings.environment in {Environment.DEVELOPMENT, Environment.TEST}:
        return
    names = [item.rpartition(".")[2] if isinstance(item, str) else "" for item in listed]
    if _OUTER in names and _INNER in names and names.index(_OUTER) > names.index(_INNER):
        yield rule.finding(
            place(value.at(names.index(_OUTER)), settings),
            confidence=Confidence.HIGH if value.certainty is Certainty.KNOWN else Confidence.MEDIUM,
            symbol=settings.module,
            what="every page of the site",
            how=f"is put into the cache before `{_INNER}` says that it differs by cookie",
        )


@rule.fix(Safety.UNSAFE, "keep the answer out of caches", "it is made anew for every visit")
def made_anew(finding: Finding, desk: Desk) -> Iterator[Edit]:
    yield from kept_out(finding, desk)


@rule.fix(Safety.SAFE, "put `never_cache` on the view")
def never_kept(finding: Finding, desk: Desk) -> Iterator[Edit]:
    yield from told_not_to_keep(finding, desk)


def _symbol(view: View) -> str:
    return f"{view.path.removesuffix('.py').replace('/', '.')}.{view.name}"
