"""
## What it finds
`SECURE_HSTS_SECONDS` below a year, or zero or missing where Django itself redirects to HTTPS; and subdomains that are left out.

## Why it matters
A redirect to HTTPS can be prevented: the first request goes out in clear, and whoever is on the way answers it. A browser that has seen
the `Strict-Transport-Security` header makes no such request, for as long as the header said.

## How to fix it
Set `SECURE_HSTS_SECONDS = 31536000` (a year) or more, and `SECURE_HSTS_INCLUDE_SUBDOMAINS = True`. Begin with an hour while you make
sure that everything on the domain has HTTPS; then do raise it.

## When it is fine
The proxy in front of the site sets the header. That is read when its configuration is in the repository; otherwise say that it redirects, too:
`[tool.leaktight.deployment]`.
"""

from __future__ import annotations

from collections.abc import Iterator

from leaktight.edit import Desk, OtherKind, set_to, settings_at
from leaktight.model import Audience, Certainty, Confidence, Edit, Finding, Safety, Severity, Step
from leaktight.policy import Channel, Safeguard
from leaktight.project import Project
from leaktight.project.deployment.servers import redirecting, sets_header
from leaktight.project.settings import Settings
from leaktight.rules.api import Example, Rule
from leaktight.rules.sessions import place
from leaktight.rules.transport.enforcement import YEAR, listed, of_production, security_position
from leaktight.rules.transport.sample import site

MONTH = 2_592_000

rule = Rule(
    __name__,
    severity=Severity.LOW,
    cwe=(319, 523),
    step="S1",
    channel=Channel.REQUEST_BODY,
    missing=(Safeguard.HSTS,),
    message="browsers are not told for long to use HTTPS only: {why}",
    remedy="Set `SECURE_HSTS_SECONDS = 31536000` or more, with `SECURE_HSTS_INCLUDE_SUBDOMAINS = True`.",
    asvs=("3.4.1",),
    examples=(
        Example(
            "An hour, which was meant for a trial",
            bad=site("= 63072000", "= 3600  # finds: weak-hsts"),
            good=site(),
        ),
    ),
)


@rule.project
def short_or_missing(project: Project) -> Iterator[Finding]:
    for settings in of_production(project):
        yield from _judge(settings, project)


def _judge(settings: Settings, project: Project) -> Iterator[Finding]:
    seconds, redirect = settings.get("SECURE_HSTS_SECONDS"), settings.get("SECURE_SSL_REDIRECT")
    if seconds.certainty is Certainty.UNKNOWN or not isinstance(seconds.value, int | float):
        return
    is_default = seconds.certainty is Certainty.DEFAULTED or settings.is_open(seconds)
    confidence = Confidence.MEDIUM if is_default else Confidence.HIGH
    where = seconds.span or place(redirect, settings)
    if 0 < seconds.value < YEAR:
        audience = Audience.STRICT if is_default or seconds.value >= MONTH else Audience.DEFAULT
        why = f"`SECURE_HSTS_SECONDS` is less than a {'month' if seconds.value < MONTH else 'year'}"
        yield rule.finding(where, confidence=confidence, audience=audience, related=seconds.chain, why=why)
    elif seconds.value == 0:
        names, _ = listed(settings)
        redirects = redirect.certainty in {Certainty.KNOWN, Certainty.DEFAULTED} and bool(redirect.value)
        proxy = redirecting(project.servers)
        if (
            (proxy is not None or (redirects and security_position(names, settings, project) is not None))
            and not project.deployment.http_redirected_by_proxy
            and not sets_header(project.deployment_files, "Strict-Transport-Security")
        ):
            why = "`SECURE_HSTS_SECONDS` is " + ("not set" if seconds.certainty is Certainty.ABSENT else "zero")
            related = seconds.chain
            if proxy is not None:
                told = proxy.block.place.span(proxy.file.path)
                related = (*related, Step(told, "this proxy redirects to HTTPS, but sends no such header"))
            yield rule.finding(where, confidence=Confidence.MEDIUM, audience=Audience.STRICT, related=related, why=why)
    elif settings.get("SECURE_HSTS_INCLUDE_SUBDOMAINS").value is False:
        subdomains = settings.get("SECURE_HSTS_INCLUDE_SUBDOMAINS")
        yield rule.finding(
            subdomains.span or where,
            confidence=confidence,
            audience=Audience.AUDIT,
            why="`SECURE_HSTS_INCLUDE_SUBDOMAINS` is off, so a subdomain can be used in clear to set cookies for the site",
        )


@rule.fix(
    Safety.UNSAFE,
    "tell browsers for a year to use HTTPS alone",
    "browsers that were here cannot come back over plain HTTP, whatever happens to the certificate",
)
def for_a_year(finding: Finding, desk: Desk) -> Iterator[Edit]:
    settings = settings_at(desk, finding.span.path)
    if "INCLUDE_SUBDOMAINS" in finding.message:
        raise OtherKind("whether every subdomain has HTTPS is not written in the project")
    yield from set_to(desk, settings, "SECURE_HSTS_SECONDS", "31536000")
