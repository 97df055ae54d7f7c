"""
## What it finds
A site whose production settings leave plain HTTP open: `SECURE_SSL_REDIRECT` is off, off by default, or not set, and nothing else in the
settings redirects; or it is on, but `SecurityMiddleware`, which acts on it, is missing or comes after a cache that answers first.

## Why it matters
Who types the address without `https://`, or follows an old link, talks in clear: passwords, sessions and pages can be read and changed by
everybody on the way, and nothing tells the person.

## How to fix it
Set `SECURE_SSL_REDIRECT = True` in the settings production loads, and put `django.middleware.security.SecurityMiddleware` first in
`MIDDLEWARE`. Behind a proxy that ends TLS, set `SECURE_PROXY_SSL_HEADER` as well, or the redirect never ends.

## When it is fine
The proxy in front of the site answers plain HTTP itself, with a redirect. Its configuration is read when it is in the repository and leaves no
other server for plain HTTP; otherwise say it:
`[tool.leaktight.deployment]` with `tls-ends-at = "proxy"` and `http-redirected-by-proxy = true`.

For the strict only, because the redirect is then as often left to that proxy: settings that say nothing about it; a project beside which
files describe a container or a server, or that is a package others install; a redirect the environment switches on; settings that speak of
HTTPS elsewhere, or parts of which could not be read.
"""

from __future__ import annotations

from collections.abc import Iterator

from leaktight.edit import Desk, OtherKind, add_middleware, set_default, set_to, settings_at
from leaktight.model import Audience, Certainty, Confidence, Edit, Finding, Safety, Severity, Step
from leaktight.policy import Channel, Safeguard
from leaktight.project import Project
from leaktight.project.deployment.servers import redirecting
from leaktight.project.settings import Settings, SettingValue
from leaktight.rules.api import Example, Rule
from leaktight.rules.beside import is_for_others
from leaktight.rules.sessions import place
from leaktight.rules.transport.enforcement import (
    answers_first,
    is_base,
    is_public,
    is_site,
    listed,
    middleware,
    of_production,
    redirects_itself,
    security_position,
    speaks_of_https,
)
from leaktight.rules.transport.sample import site

rule = Rule(
    __name__,
    severity=Severity.MEDIUM,
    cwe=(319, 311),
    step="S1",
    channel=Channel.REQUEST_BODY,
    missing=(Safeguard.HTTPS,),
    message="the site can be used over plain HTTP: {why}",
    remedy="Set `SECURE_SSL_REDIRECT = True` for production, with `SecurityMiddleware` first; or say that the proxy redirects.",
    asvs=("12.2.1",),
    examples=(
        Example(
            "Production settings with the redirect off",
            bad=site("SECURE_SSL_REDIRECT = True", "SECURE_SSL_REDIRECT = False  # finds: https-not-enforced"),
            good=site(),
        ),
    ),
)


@rule.project
def plain_http_left_open(project: Project) -> Iterator[Finding]:
    if project.deployment.http_redirected_by_proxy or redirecting(project.servers) is not None:
        return
    elsewhere = any(file.kind != "env" for file in project.deployment_files) or is_for_others(project)
    for settings in of_production(project):
        names, is_complete = listed(settings)
        redirect = settings.get("SECURE_SSL_REDIRECT")
        if not is_site(settings) or redirects_itself(names) or redirect.certainty is Certainty.UNKNOWN:
            continue
        if not redirect.value:
            if not is_base(settings):
                yield _redirect_is_off(redirect, settings, elsewhere=elsewhere)
        elif is_complete and middleware(settings).certainty is not Certainty.ABSENT:
            yield from _nobody_redirects(names, settings, project)


@rule.setting("SECURE_SSL_REDIRECT")
def written_down(settings: Settings, value: SettingValue) -> Iterator[Finding]:
    """Lines of settings that belong to no site."""
    if settings.is_loose and value.value is False and is_public(settings):
        yield _redirect_is_off(value, settings, elsewhere=True)


def _redirect_is_off(redirect: SettingValue, settings: Settings, *, elsewhere: bool) -> Finding:
    """One finding for the site, however many pages depend on it.

    Where files say that the site runs in a container or behind a server, where it is a package that others install, where a switch
    waits for whoever runs it, and where nobody says anything, the redirect is as often left to the proxy that ends TLS: that is for the strict.
    """
    told = speaks_of_https(settings)
    related = redirect.chain
    if redirect.certainty is Certainty.DEFAULTED:
        why, confidence = f"`SECURE_SSL_REDIRECT` is off unless `{redirect.env or 'the environment'}` is set", Confidence.MEDIUM
    elif told is not None or (redirect.certainty is Certainty.ABSENT and (settings.is_open(redirect) or settings.overridden_by)):
        # A site that knows of HTTPS is often redirected by its proxy; settings that were not read may hold the redirect.
        why, confidence = "`SECURE_SSL_REDIRECT` is off, if no proxy redirects", Confidence.LOW
        if told is not None and told.span is not None:
            related = (*related, Step(told.span, "but the site expects HTTPS"))
    elif redirect.certainty is Certainty.ABSENT:
        why, confidence = "`SECURE_SSL_REDIRECT` is not set", Confidence.MEDIUM
    else:
        why, confidence = "`SECURE_SSL_REDIRECT` is off", Confidence.HIGH
    left_open = elsewhere or redirect.certainty is not Certainty.KNOWN or confidence is Confidence.LOW
    audience = Audience.STRICT if left_open else Audience.DEFAULT
    return rule.finding(place(redirect, settings), confidence=confidence, audience=audience, related=related, why=why)


def _nobody_redirects(names: list[str], settings: Settings, project: Project) -> Iterator[Finding]:
    """The redirect is on, but nobody acts on it, or too late."""
    position = security_position(names, settings, project)
    chain = middleware(settings)
    if position is None:
        why = "`SECURE_SSL_REDIRECT` has no `SecurityMiddleware` to act on it"
    elif (cache := answers_first(names, position)) is not None:
        why = f"`{cache.rpartition('.')[2]}` answers before `SecurityMiddleware` can redirect"
    else:
        return
    yield rule.finding(
        place(chain, settings),
        confidence=Confidence.HIGH if chain.certainty is Certainty.KNOWN else Confidence.MEDIUM,
        audience=Audience.DEFAULT,
        related=chain.chain,
        why=why,
    )


_REDIRECTS = "plain HTTP is redirected; behind a proxy that ends TLS, `SECURE_PROXY_SSL_HEADER` must say what it sets, or that goes on for ever"


@rule.fix(Safety.UNSAFE, "redirect to HTTPS in production", _REDIRECTS, uncovers=("weak-hsts",))
def redirected(finding: Finding, desk: Desk) -> Iterator[Edit]:
    _refuse_middleware(finding)
    yield from set_to(desk, settings_at(desk, finding.span.path), "SECURE_SSL_REDIRECT", "True", only_secure=True)


@rule.fix(Safety.UNSAFE, "redirect to HTTPS unless the environment says otherwise", _REDIRECTS, uncovers=("weak-hsts",))
def redirected_by_default(finding: Finding, desk: Desk) -> Iterator[Edit]:
    _refuse_middleware(finding)
    yield from set_default(desk, settings_at(desk, finding.span.path), "SECURE_SSL_REDIRECT", "True", only_secure=True)


def _refuse_middleware(finding: Finding) -> None:
    if "SecurityMiddleware" in finding.message:
        raise OtherKind("the order of the middleware decides")


@rule.fix(Safety.UNSAFE, "put `SecurityMiddleware` first", _REDIRECTS, uncovers=("weak-hsts",))
def somebody_redirects(finding: Finding, desk: Desk) -> Iterator[Edit]:
    if "no `SecurityMiddleware`" not in finding.message:
        raise OtherKind("it is not about a middleware that is missing")
    yield add_middleware(desk, settings_at(desk, finding.span.path), "django.middleware.security.SecurityMiddleware")
