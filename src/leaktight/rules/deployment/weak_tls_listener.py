"""
## What it finds
A server in front of the site, as nginx, Apache or Caddy are told in files of the repository, or Gunicorn, uvicorn and their like on the command line
that starts them, that accepts SSL 3, TLS 1.0 or TLS 1.1, or ciphers
without encryption, without proof of who answers, or with keys or blocks that are too short.

## Why it matters
Who stands between a visitor and the site can lead both to the weakest they share, and then read what is sent.

## How to fix it
`ssl_protocols TLSv1.2 TLSv1.3;` in nginx, `SSLProtocol -all +TLSv1.2 +TLSv1.3` in Apache, and no list of ciphers of one's own.

## When it is fine
There are no browsers left that need more. A file of nginx all of whose servers listen in clear is shown to the strict: what it says of TLS
counts only for servers of other files. So is a list of ciphers: OpenSSL leaves those that are broken out since 1.1.0, unless it is built with them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from leaktight.model import Audience, Confidence, Finding, Severity
from leaktight.policy import Channel, Safeguard
from leaktight.project import Project
from leaktight.rules.api import Example, NotPossible, Rule
from leaktight.rules.deployment.started import options
from leaktight.source.deployment.words import Directive

rule = Rule(
    __name__,
    severity=Severity.MEDIUM,
    doubted_if_unsure=True,
    cwe=(327, 326),
    step="S7",
    channel=Channel.REQUEST_BODY,
    missing=(Safeguard.MODERN_TLS,),
    message="visitors may be led to talk with weak encryption: {why}",
    remedy="Accept TLS 1.2 and 1.3 only, with the ciphers the server chooses.",
    asvs=("12.1.1", "12.1.2"),
    unfixable=NotPossible("which clients still have to come in decides what is asked of them"),
    examples=(
        Example(
            "Versions of the last century",
            bad={
                "nginx.conf": "server {\n    listen 443 ssl;\n    ssl_protocols TLSv1 TLSv1.1 TLSv1.2;  # finds: weak-tls-listener\n}\n"
            },
            good={"nginx.conf": "server {\n    listen 443 ssl;\n    ssl_protocols TLSv1.2 TLSv1.3;\n}\n"},
        ),
    ),
)

_OLD = {
    "sslv2": "SSL 2",
    "sslv3": "SSL 3",
    "tlsv1": "TLS 1.0",
    "tlsv1.0": "TLS 1.0",
    "tlsv1.1": "TLS 1.1",
    "tls1.0": "TLS 1.0",
    "tls1.1": "TLS 1.1",
}
_WEAK = re.compile(r"NULL|ADH|AECDH|EXP(?:ORT)?\d*|RC4|RC2|DES-CBC3|3DES|DES|LOW|MD5", re.IGNORECASE)
_VERSIONS = {"nginx": "ssl_protocols", "apache": "sslprotocol", "caddy": "protocols"}
_CIPHERS = {"nginx": "ssl_ciphers", "apache": "sslciphersuite"}


@rule.project
def old_versions_and_ciphers(project: Project) -> Iterator[Finding]:
    for file in project.deployment_files:
        if file.kind not in _VERSIONS or not file.is_public:
            continue
        whole = Directive("", (), file.directives[0].place, file.directives) if file.directives else None
        audience = (
            Audience.STRICT if file.kind == "nginx" and whole is not None and _is_clear(whole, file.path, project) else None
        )
        for one in whole.below(_VERSIONS[file.kind]) if whole is not None else ():
            old = _old_versions(file.kind, one.arguments)
            if old:
                why = f"it accepts {' and '.join(old)}"
                yield rule.finding(one.place.span(file.path), confidence=Confidence.HIGH, audience=audience, why=why)
        for one in whole.below(_CIPHERS.get(file.kind, "-")) if whole is not None else ():
            weak = _weak_ciphers(one.arguments)
            if weak:
                why = f"it accepts the ciphers {weak}"
                yield rule.finding(one.place.span(file.path), confidence=Confidence.MEDIUM, audience=audience, why=why)


def _is_clear(whole: Directive, path: str, project: Project) -> bool:
    """Tell a file all of whose servers listen in clear, so that what it says of TLS counts for none of them.

    For a file without servers, those of the files beside and below it count, which it may take in.
    """
    folder = path[: path.rfind("/") + 1]
    beside = [file for file in project.deployment_files if file.kind == "nginx" and file.path.startswith(folder)]
    asked = [whole] if _listens(whole) else [one for file in beside for one in file.directives]
    is_encrypted = any("ssl" in listen.arguments or "quic" in listen.arguments for one in asked for listen in _listens(one))
    switched = any(switch.arguments[:1] == ("on",) for one in asked for switch in one.below("ssl"))
    certified = any(next(one.below("ssl_certificate"), None) for one in asked)
    return any(map(_listens, asked)) and not (is_encrypted or switched or certified)


def _listens(whole: Directive) -> list[Directive]:
    # Within `upstream`, a `server` is an address.
    servers = [whole] if whole.name == "server" else list(whole.below("server"))
    return [listen for server in servers if server.inside for listen in server.below("listen")]


_OLD_OPTION = {
    "SSLv2": "SSL 2",
    "SSLv3": "SSL 3",
    "TLSv1": "TLS 1.0",
    "TLSv1_1": "TLS 1.1",
    "1": "SSL 3",
    "3": "TLS 1.0",
    "4": "TLS 1.1",
}
"""Names of versions, and the numbers Python's `ssl` has for them."""


@rule.project
def started_with_old_versions(project: Project) -> Iterator[Finding]:
    for option in options(project):
        if option.name == "ssl-version" and (version := option.value.strip().rpartition("PROTOCOL_")[2]) in _OLD_OPTION:
            yield rule.finding(option.span, confidence=Confidence.HIGH, why=f"it accepts {_OLD_OPTION[version]}")
        elif option.name == "ciphers" and (weak := _weak_ciphers([option.value])):
            yield rule.finding(option.span, confidence=Confidence.MEDIUM, why=f"it accepts the ciphers {weak}")


def _old_versions(kind: str, words: Sequence[str]) -> list[str]:
    if kind == "apache":
        # `all` has been TLS 1.0 and later since SSL 3 was taken out of it.
        accepted: dict[str, None] = {}
        for word in map(str.lower, words):
            bare = word.lstrip("+-")
            names = ["tlsv1", "tlsv1.1", "tlsv1.2", "tlsv1.3"] if bare == "all" else [bare]
            for name in names:
                if word.startswith("-"):
                    accepted.pop(name, None)
                else:
                    accepted[name] = None
        words = list(accepted)
    elif kind == "caddy":
        words = words[:1]  # the lowest; Caddy has no older ones than those named
    return list(dict.fromkeys(_OLD[word.lower()] for word in words if word.lower() in _OLD))


def _weak_ciphers(words: Sequence[str]) -> str | None:
    suites = [suite for word in words for suite in re.split(r"[:, ]", word) if suite and suite[0] not in "!-@"]
    return next((match[0] for suite in suites if (match := _WEAK.search(suite)) is not None), None)
