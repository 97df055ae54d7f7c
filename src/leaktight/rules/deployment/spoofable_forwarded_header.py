"""
## What it finds
A site that believes a header about how the visitor came (`SECURE_PROXY_SSL_HEADER`, `USE_X_FORWARDED_HOST`), and a proxy in the same repository
that ends TLS but lets the visitor's own header of that name through: it sets none, or sets it to what the visitor sent. Also a server of the application
that takes such headers from everybody: `forwarded-allow-ips` of Gunicorn or uvicorn is `*`.

## Why it matters
Whoever sends `X-Forwarded-Proto: https` over plain HTTP is taken for a visitor with HTTPS: no redirect, and cookies that are meant for HTTPS only. With
a host of their choice, links in mails for a new password lead to them.

## How to fix it
`proxy_set_header X-Forwarded-Proto $scheme;` in every block that sets a header of its own, since nginx then forgets those of the block around.
`proxy_set_header X-Forwarded-Host $host;` where the host is believed.

## When it is fine
Another proxy stands in front and sets the header. What is said about the scheme is shown to the strict, since who gets to this proxy comes over
TLS, and so is a host where `ALLOWED_HOSTS` names those that are answered: everybody is told where it holds `*`. `forwarded-allow-ips` is shown to the strict audience: in a closed network only the proxy gets through. A proxy without TLS, and one with a file that is not in the repository, are left out.
"""

from __future__ import annotations

from collections.abc import Iterator

from leaktight.model import Audience, Confidence, Finding, Severity, Step
from leaktight.policy import Channel, Safeguard
from leaktight.project import Project
from leaktight.project.deployment import Server
from leaktight.project.deployment.servers import is_of_the_site, sent_headers
from leaktight.project.settings import Settings, SettingValue
from leaktight.rules.api import Example, NotPossible, Rule
from leaktight.rules.deployment.started import options
from leaktight.rules.transport.enforcement import of_production
from leaktight.rules.transport.sample import site

_PROXY = """\
server {
    listen 443 ssl;
    location / {
        proxy_set_header Host $host;
        proxy_set_header X-Forwarded-Proto $scheme;
        proxy_pass http://127.0.0.1:8000;
    }
}
"""

rule = Rule(
    __name__,
    severity=Severity.MEDIUM,
    cwe=(348, 290, 319),
    step="S1",
    channel=Channel.REQUEST_BODY,
    missing=(Safeguard.HTTPS,),
    message="`{header}` is the visitor's own, but the site believes it: {why}",
    remedy="Let the proxy set the header on every request it hands on.",
    asvs=("4.1.3",),
    unfixable=NotPossible("which server stands in front, and what it sets, is not in the project"),
    examples=(
        Example(
            "A proxy that sets another header only",
            bad={
                **site(),
                "nginx.conf": _PROXY.replace("        proxy_set_header X-Forwarded-Proto $scheme;\n", "").replace(
                    ":8000;", ":8000;  # finds: spoofable-forwarded-header"
                ),
            },
            good={**site(), "nginx.conf": _PROXY},
        ),
    ),
)


@rule.project
def passed_through(project: Project) -> Iterator[Finding]:
    believed = dict(_believed(project))
    answers_all = any(_answers_to_every_name(settings) for settings in of_production(project))
    for server in project.servers if believed else ():
        if server.file.kind == "nginx" and server.tls:
            for header, setting in believed.items():
                # Here visitors come over TLS, whatever they say; a host of their choice only works where every one does.
                is_grave = header == "x-forwarded-host" and answers_all
                yield from _judge(server, header, setting, Audience.DEFAULT if is_grave else Audience.STRICT)


def _answers_to_every_name(settings: Settings) -> bool:
    hosts = settings.get("ALLOWED_HOSTS").value
    return isinstance(hosts, list | tuple) and "*" in hosts


@rule.project
def taken_from_everybody(project: Project) -> Iterator[Finding]:
    """The server in front of Django believes whoever connects."""
    for option in options(project):
        if option.name == "forwarded-allow-ips" and option.value.strip() == "*":
            yield rule.finding(
                option.span,
                confidence=Confidence.LOW,
                audience=Audience.STRICT,
                header="X-Forwarded-Proto",
                why="`forwarded-allow-ips` is `*`, so it is taken from whoever connects",
                symbol="forwarded-allow-ips",
            )


def _believed(project: Project) -> Iterator[tuple[str, SettingValue]]:
    """The headers the site believes, as they are on the wire."""
    for settings in of_production(project):
        pair = settings.get("SECURE_PROXY_SSL_HEADER")
        if isinstance(pair.value, list | tuple) and len(pair.value) == 2 and isinstance(pair.value[0], str):
            yield pair.value[0].removeprefix("HTTP_").replace("_", "-").lower(), pair
        host = settings.get("USE_X_FORWARDED_HOST")
        if host.value is True:
            yield "x-forwarded-host", host


def _judge(server: Server, header: str, setting: SettingValue, audience: Audience) -> Iterator[Finding]:
    own = "$http_" + header.replace("-", "_")
    told = tuple(Step(place, "here the site believes the header") for place in (setting.span,) if place is not None)
    for passed, headers in sent_headers(server):
        if headers is None or not is_of_the_site(server, passed):
            continue
        if (sent := headers.get(header)) is None:
            at, why, confidence = passed, "the proxy sets no such header here", Confidence.MEDIUM
        elif own in sent.arguments[1] and sent.place is not None:
            at, why, confidence = sent, "the proxy sets it to what the visitor sent", Confidence.HIGH
        else:
            continue
        yield rule.finding(
            at.place.span(at.path or server.file.path),
            confidence=confidence,
            audience=audience,
            related=told,
            header=header.title(),
            why=why,
            symbol=header,
        )
