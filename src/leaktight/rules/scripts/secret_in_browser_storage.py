"""
## What it finds
A password, token, card number or the like that a script keeps in `localStorage`, `sessionStorage` or `document.cookie`.

## Why it matters
Every script of the page can read what is kept there, those of other companies too. One hole that lets a stranger's script in gives away the
secrets of all visitors at once, and what `localStorage` keeps is still there when the visitor has long gone.

## How to fix it
Let the server keep it: a session cookie with `HttpOnly` signs the visitor in, and no script needs to see it.

## When it is fine
A value that everybody may know, a choice of colours for one. What only its name calls a secret is shown to the strict audience.
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
    severity=Severity.HIGH,
    doubted=True,
    cwe=(922, 312, 315),
    step="S5",
    channel=Channel.BROWSER_STORAGE,
    missing=(Safeguard.SERVER_SIDE,),
    message="a {label}, {how}, is kept in `{what}`, where every script of the page can read it",
    remedy="Keep it on the server, and sign the visitor in by a cookie with `HttpOnly`.",
    asvs=("14.3.3",),
    unfixable=NotPossible("where the script has it from next time is for its makers to choose"),
    examples=(
        Example(
            "A token that every script can read",
            bad={
                "shop/static/shop/account.js": 'fetch("/api/login/", { method: "POST", body: form })\n    .then((answer) => answer.json())\n    .then((data) => {\n        localStorage.setItem("token", data.access_token);  // finds: secret-in-browser-storage\n    });\n'
            },
            good={
                "shop/static/shop/account.js": 'fetch("/api/login/", { method: "POST", body: form }).then(() => {\n    localStorage.setItem("theme", "dark");\n});\n'
            },
        ),
    ),
)


@rule.project
def let_go(project: Project) -> Iterator[Finding]:
    yield from leaving(rule, project, "storage", weak_names=True)
