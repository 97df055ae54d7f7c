"""
## What it finds
A password, token or the like that a script puts into the query of an address: of `fetch`, `axios`, `XMLHttpRequest`, `sendBeacon`, `WebSocket`,
`EventSource`, or of the page it goes to.

## Why it matters
Addresses are written into logs of servers and proxies, kept in the history of the browser, and told to other sites as the page they were
called from.

## How to fix it
Send it in the body of a POST request, or in a header. For a WebSocket, send it as the first message, or let the session cookie do.

## When it is fine
A value that is worth nothing to others, the place in a list for one. What only its name calls a secret is shown to the strict audience.
"""

from __future__ import annotations

from collections.abc import Iterator

from leaktight.model import Finding, Severity
from leaktight.policy import Channel, Safeguard
from leaktight.project import Project
from leaktight.rules.api import Example, NotPossible, Rule
from leaktight.rules.scripts.judging import leaving

rule = Rule(
    __name__,
    severity=Severity.MEDIUM,
    cwe=(598, 319),
    step="S4",
    channel=Channel.REQUEST_URL,
    missing=(Safeguard.POST,),
    message="a {label}, {how}, becomes part of an address by `{what}`",
    remedy="Send it in the body of a POST request or in a header.",
    asvs=("14.2.1",),
    unfixable=NotPossible("the view it asks has to take the value otherwise first"),
    examples=(
        Example(
            "A password in the query",
            bad={
                "shop/static/shop/account.js": 'const password = document.querySelector("input[type=password]").value;\nfetch("/api/check/?password=" + password);  // finds: secret-in-script-url\n'
            },
            good={
                "shop/static/shop/account.js": 'const password = document.querySelector("input[type=password]").value;\nfetch("/api/check/", { method: "POST", body: JSON.stringify({ password }) });\n'
            },
        ),
    ),
)


@rule.project
def let_go(project: Project) -> Iterator[Finding]:
    yield from leaving(rule, project, "url")
