"""
## What it finds
A `SECURE_PROXY_SSL_HEADER` that can't do what it is for: no pair of name and value, a name that is not written the way WSGI has it
(`HTTP_X_FORWARDED_PROTO`), a value that plain HTTP has as well, or another header than the one the proxy is known to set.

## Why it matters
By this header Django knows whether a visitor came over HTTPS. When it never matches, Django takes every request for plain HTTP, and
people switch off redirects and secure cookies to make the site work. When it always matches, or can be sent by the visitor, plain HTTP
passes for HTTPS.

## How to fix it
Use the header your proxy sets on every request and removes from what visitors send, for most
`SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")`.

## When it is fine
There is no case in which a malformed pair does anything useful.
"""

from __future__ import annotations

from collections.abc import Iterator

from leaktight.edit import Desk, NotPossible, set_to, settings_at
from leaktight.model import Confidence, Edit, Finding, Safety, Severity
from leaktight.policy import Channel, Safeguard
from leaktight.project import Project
from leaktight.project.settings import UNKNOWN, SettingValue
from leaktight.rules.api import Example, Rule
from leaktight.rules.sessions import place
from leaktight.rules.transport.enforcement import of_production
from leaktight.rules.transport.sample import site

rule = Rule(
    __name__,
    severity=Severity.MEDIUM,
    cwe=(348, 319),
    step="S1",
    channel=Channel.REQUEST_BODY,
    missing=(Safeguard.HTTPS,),
    message="plain HTTP can't be told from HTTPS: {why}",
    remedy='Set it to the header your proxy sets, e.g. `("HTTP_X_FORWARDED_PROTO", "https")`.',
    asvs=("4.1.3", "12.2.1"),
    examples=(
        Example(
            "The name as it is on the wire",
            bad=site(
                'SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")',
                'SECURE_PROXY_SSL_HEADER = ("X-Forwarded-Proto", "https")  # finds: untrusted-proxy-header',
            ),
            good=site(),
        ),
    ),
)

_CLEAR = frozenset({"http", "off", "0", "", "80"})
"""Values of a header that say that the visitor did not come over HTTPS."""


@rule.project
def header_that_does_not_tell(project: Project) -> Iterator[Finding]:
    for settings in of_production(project):
        setting = settings.get("SECURE_PROXY_SSL_HEADER")
        why = _wrong(setting) or _another(setting, project)
        if why is not None:
            yield rule.finding(
                place(setting, settings), confidence=Confidence.HIGH, symbol=settings.module, related=setting.chain, why=why
            )


def _wrong(setting: SettingValue) -> str | None:
    value = setting.value
    if value is None or value is UNKNOWN:
        return None
    if not isinstance(value, list | tuple):
        return "`SECURE_PROXY_SSL_HEADER` is no pair of a header and a value"
    if len(value) != 2:
        # A list with a part that is not known may have any length.
        return None if UNKNOWN in value else "`SECURE_PROXY_SSL_HEADER` is no pair of a header and a value"
    header, secure = value
    if (
        isinstance(header, str)
        and header != "HTTPS"
        and (not header.startswith("HTTP_") or "-" in header or not header.isupper())
    ):
        return f"no header ever has the name `{header}`"
    if isinstance(secure, str) and secure.lower() in _CLEAR:
        return f"`{secure}` is what the header says for plain HTTP"
    return None


def _another(setting: SettingValue, project: Project) -> str | None:
    """The proxy is known to set another header, so this one is the visitor's own."""
    told = project.deployment.proxy_sets
    value = setting.value
    if not told or not isinstance(value, list | tuple) or len(value) != 2 or not isinstance(value[0], str):
        return None
    name = told.partition(":")[0].strip().upper().replace("-", "_").removeprefix("HTTP_")
    return None if value[0].removeprefix("HTTP_") == name else f"the proxy sets `{told}`, but `{value[0]}` is believed"


@rule.fix(
    Safety.UNSAFE,
    "name the header as WSGI has it",
    "requests count as HTTPS when the header says so: the proxy has to set it, and to remove it from what visitors send",
)
def named_well(finding: Finding, desk: Desk) -> Iterator[Edit]:
    settings = settings_at(desk, finding.span.path, finding.symbol)
    setting = settings.get("SECURE_PROXY_SSL_HEADER")
    told = desk.project.deployment.proxy_sets
    value = setting.value
    if told:
        header, _, secure = told.partition(":")
    elif isinstance(value, list | tuple) and len(value) == 2 and all(isinstance(part, str) for part in value):
        header, secure = value
    else:
        raise NotPossible("which header the proxy sets is not written in the project")
    name = header.strip().upper().replace("-", "_").removeprefix("HTTP_")
    secure = "https" if secure.strip().lower() in _CLEAR else secure.strip()
    document = desk.python(setting.span.path if setting.span is not None else settings.path)
    pair = f"({document.quoted(f'HTTP_{name}')}, {document.quoted(secure)})"
    yield from set_to(desk, settings, "SECURE_PROXY_SSL_HEADER", pair)
