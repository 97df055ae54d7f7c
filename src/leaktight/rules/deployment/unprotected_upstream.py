"""
## What it finds
A server in front of the site that hands requests on to another machine without protection: nginx with `proxy_pass http://…` to a host with a
domain or with `proxy_ssl_verify off`, Apache with `SSLProxyVerify none`, Caddy with `tls_insecure_skip_verify`, and an Ingress of Kubernetes that is
told not to look at the certificate of what is behind it.

## Why it matters
TLS ends at the proxy. What goes on from there in clear, or to whoever answers, can be read and changed on the way: every password, every session
and every page of the site passes it.

## How to fix it
Hand on by `https://` with `proxy_ssl_verify on`, `proxy_ssl_trusted_certificate` and `proxy_ssl_name`, or keep both on one machine or in one cluster.

## When it is fine
What is behind is on the same machine, in the same cluster or network of containers: names without a domain, private names and addresses are
not reported.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from leaktight.model import Audience, Confidence, Finding, Severity
from leaktight.policy import Channel, Safeguard, is_safe_host
from leaktight.project import Project
from leaktight.project.deployment.containers import objects
from leaktight.rules.api import Example, NotPossible, Rule
from leaktight.source.deployment.words import Directive

_GOOD = """\
server {
    listen 443 ssl;
    location / {
        proxy_pass https://app.harbour-goods.com;
        proxy_ssl_verify on;
        proxy_ssl_trusted_certificate /etc/ssl/inner.pem;
        proxy_set_header X-Forwarded-Proto $scheme;
    }
}
"""

rule = Rule(
    __name__,
    severity=Severity.MEDIUM,
    cwe=(319, 295),
    step="S7",
    channel=Channel.CONNECTION,
    missing=(Safeguard.HTTPS, Safeguard.VERIFIED_TLS),
    message="what the proxy hands on is not protected: {why}",
    remedy="Hand on by HTTPS, and check the certificate of what is behind.",
    asvs=("12.3.1", "12.3.3"),
    unfixable=NotPossible("what is behind needs a certificate, which is not in the project"),
    examples=(
        Example(
            "A proxy that takes every certificate",
            bad={"nginx.conf": _GOOD.replace("proxy_ssl_verify on;", "proxy_ssl_verify off;  # finds: unprotected-upstream")},
            good={"nginx.conf": _GOOD},
        ),
    ),
)

_OFF = {
    "proxy_ssl_verify": "off",
    "uwsgi_ssl_verify": "off",
    "grpc_ssl_verify": "off",
    "sslproxyverify": "none",
    "sslproxycheckpeername": "off",
    "sslproxycheckpeercn": "off",
}
"""Directive → the word that switches the check off."""
_CLEAR = re.compile(r"^(?:http|grpc|uwsgi)://(?P<host>\[[^\]]*\]|[^/:$\s]+)(?=[/:\s]|$)")
_ADDRESS = re.compile(r"[\d.]+|\[.*\]")
_INGRESS = "nginx.ingress.kubernetes.io/proxy-ssl-verify"


@rule.project
def handed_on(project: Project) -> Iterator[Finding]:
    for file in project.deployment_files:
        if not file.is_public:
            continue
        groups = {name for one in _all(file.directives) if one.name == "upstream" for name in one.arguments[:1]}
        for one in _all(file.directives):
            found = _of(one, groups)
            if found is not None and one.place is not None:
                why, audience = found
                yield rule.finding(
                    one.place.span(one.path or file.path),
                    confidence=Confidence.HIGH if audience is Audience.DEFAULT else Confidence.MEDIUM,
                    audience=audience,
                    symbol=one.name,
                    why=why,
                )
        for document in objects(file.documents) if file.kind == "kubernetes" else ():
            annotations = document.get("metadata", "annotations")
            for key, value in annotations.entries() if annotations is not None else ():
                if key.text == _INGRESS and (value.text or "").lower() == "off":
                    yield rule.finding(
                        key.place.span(file.path),
                        confidence=Confidence.MEDIUM,
                        audience=Audience.STRICT,
                        symbol="proxy-ssl-verify",
                        why="`proxy-ssl-verify` is off",
                    )


def _all(directives: Sequence[Directive]) -> Iterator[Directive]:
    for one in directives:
        yield one
        yield from _all(one.inside)


def _of(one: Directive, groups: set[str]) -> tuple[str, Audience] | None:
    """Why what a directive hands on is not protected, and who should know."""
    if one.name in _OFF and one.text.lower() == _OFF[one.name]:
        return f"`{one.name} {one.text}` takes every certificate", Audience.STRICT
    if one.name == "tls_insecure_skip_verify":
        return f"`{one.name}` takes every certificate", Audience.STRICT
    if one.name in {"proxy_pass", "proxypass", "grpc_pass", "reverse_proxy"}:
        for argument in one.arguments:
            match = _CLEAR.match(argument)
            if match is not None and match["host"] not in groups and _is_elsewhere(match["host"]):
                return f"`{match['host']}` is another machine, and is reached in clear", Audience.STRICT
    return None


def _is_elsewhere(host: str) -> bool:
    """Tell the name of a machine that others can reach; an address is one of the own network as a rule."""
    return "." in host and not _ADDRESS.fullmatch(host) and is_safe_host(host) is None
