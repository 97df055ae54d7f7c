"""
## What it finds
A server in front of the site, as nginx, Apache or Caddy are told in files of the repository, that listens without TLS where others can reach it
and hands requests on to the application instead of redirecting them to HTTPS; and an Ingress of Kubernetes that is told not to redirect. Also
`manage.py runserver` in what starts a public site, and a server of the application that answers port 80 itself, without TLS.

## Why it matters
Who comes by this door talks in clear: passwords, sessions and pages can be read and changed by everybody on the way. The door beside it that
has TLS does not help, since nobody is led to it.

## How to fix it
Let the server for plain HTTP answer with a redirect only: `return 301 https://$host$request_uri;`.

## When it is fine
Another proxy stands in front and ends TLS. A server that believes what such a proxy says is left out; where no server of the file speaks TLS at
all, only the strict are told, and so they are of a server of the application, in front of which nobody knows what stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from leaktight.model import Audience, Confidence, Finding, Severity
from leaktight.policy import Channel, Safeguard
from leaktight.project import Project
from leaktight.project.deployment import Server
from leaktight.project.deployment.containers import objects
from leaktight.project.environment import Environment
from leaktight.rules.api import Example, NotPossible, Rule
from leaktight.rules.deployment.started import SERVERS, Start, starts
from leaktight.rules.transport.enforcement import of_production

_BAD = """\
server {  # finds: cleartext-listener
    listen 80;
    listen 443 ssl;
    location / {
        proxy_pass http://127.0.0.1:8000;
        proxy_set_header X-Forwarded-Proto $scheme;
    }
}
"""
_GOOD = """\
server {
    listen 80;
    return 301 https://$host$request_uri;
}
server {
    listen 443 ssl;
    location / {
        proxy_pass http://127.0.0.1:8000;
        proxy_set_header X-Forwarded-Proto $scheme;
    }
}
"""

rule = Rule(
    __name__,
    severity=Severity.MEDIUM,
    doubted=True,
    cwe=(319, 311),
    step="S1",
    channel=Channel.REQUEST_BODY,
    missing=(Safeguard.HTTPS,),
    message="the site is served over plain HTTP: {why}",
    remedy="Answer plain HTTP with a redirect to HTTPS and nothing else.",
    asvs=("12.2.1",),
    unfixable=NotPossible("the server needs a certificate, which is not in the project"),
    examples=(Example("One server for both", bad={"nginx.conf": _BAD}, good={"nginx.conf": _GOOD}),),
)

_REDIRECT = ("nginx.ingress.kubernetes.io/ssl-redirect", "nginx.ingress.kubernetes.io/force-ssl-redirect")


@rule.project
def served_in_clear(project: Project) -> Iterator[Finding]:
    if project.deployment.http_redirected_by_proxy or _django_redirects(project):
        return
    for server in project.servers:
        if server.clear and server.serves and not server.redirects and not server.behind_proxy:
            has_tls = server.tls or _has_tls_beside(server, project)
            yield rule.finding(
                server.block.place.span(server.file.path),
                confidence=Confidence.HIGH if has_tls else Confidence.LOW,
                why="this server hands on what comes without TLS, and redirects nothing"
                + ("" if has_tls else ", if no proxy in front of it ends TLS"),
            )


def _has_tls_beside(server: Server, project: Project) -> bool:
    """Tell whether the same file has a server with TLS for one of the same hosts."""
    return any(
        other.tls and other.file.path == server.file.path and set(other.names) & set(server.names) for other in project.servers
    )


def _django_redirects(project: Project) -> bool:
    return any(settings.get("SECURE_SSL_REDIRECT").value is True for settings in of_production(project))


@rule.project
def told_not_to_redirect(project: Project) -> Iterator[Finding]:
    for file in project.deployment_files:
        if file.kind != "kubernetes" or not file.is_public:
            continue
        for document in objects(file.documents):
            annotations = document.get("metadata", "annotations")
            if document.said("kind") != "Ingress" or annotations is None or document.get("spec", "tls") is None:
                continue
            for key, value in annotations.entries():
                if key.text in _REDIRECT and (value.text or "").lower() == "false":
                    yield rule.finding(
                        key.place.span(file.path),
                        confidence=Confidence.MEDIUM,
                        audience=Audience.DEFAULT,
                        why=f"`{(key.text or '').rpartition('/')[2]}` is off",
                    )


_DEVELOPERS = ("runserver", "runserver_plus")
_EVERYWHERE = re.compile(r"^(?:https?://)?(?:0\.0\.0\.0|\[::\]|\*)?(?::(?P<port>\d+))?$")


@rule.project
def started_for_developers(project: Project) -> Iterator[Finding]:
    """The server that comes with Django for development knows no TLS, and was never looked at for safety."""
    for start in starts(project, *_DEVELOPERS):
        is_open = any(_is_everywhere(text) for text in start.command.texts)
        has_manage = any(text.endswith(("manage.py", "django-admin", "django_admin.py")) for text in start.command.texts)
        if is_open and has_manage and not start.command.has("--cert", "--cert-file"):
            sure = start.file.environment is Environment.PRODUCTION
            yield rule.finding(
                start.span,
                confidence=Confidence.MEDIUM if sure else Confidence.LOW,
                audience=Audience.DEFAULT if sure else Audience.STRICT,
                symbol="runserver",
                why="`runserver` is the server for development, and others can reach it here",
            )


@rule.project
def started_without_tls(project: Project) -> Iterator[Finding]:
    for start in starts(project, *SERVERS):
        if not start.encrypts and _port(start) == "80":
            yield rule.finding(
                start.span,
                confidence=Confidence.LOW,
                audience=Audience.STRICT,
                symbol=start.program,
                why=f"`{start.program}` answers port 80 itself, if no proxy in front of it ends TLS",
            )


def _is_everywhere(text: str) -> bool:
    return bool(text) and _EVERYWHERE.match(text) is not None


def _port(start: Start) -> str | None:
    """The port a server listens on for everybody."""
    where = _EVERYWHERE.match(start.value("bind") or "127.0.0.1")
    return None if where is None else where["port"] or start.value("port")
