"""
## What it finds
A password, token or the like that a script writes to the console of the browser.

## Why it matters
The console is read by extensions, by services that record errors and sessions of visitors, and by whoever sits down at the machine.

## How to fix it
Take the line out, or write how long the value is instead of the value.

## When it is fine
While developing, in a script that is not served. What only its name calls a secret is shown to the strict audience.
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
    severity=Severity.LOW,
    cwe=(532, 215),
    step="S2",
    channel=Channel.LOG,
    missing=(Safeguard.MASKED,),
    message="a {label}, {how}, is written to the console by `{what}`",
    remedy="Take the line out.",
    asvs=("16.2.5",),
    unfixable=NotPossible("scripts are read and not rewritten: take the line out"),
    examples=(
        Example(
            "What the visitor typed",
            bad={
                "shop/static/shop/account.js": 'const password = $("#id_password").val();\nconsole.log("trying", password);  // finds: secret-in-browser-console\n'
            },
            good={
                "shop/static/shop/account.js": 'const password = $("#id_password").val();\nconsole.log("trying", password.length);\n'
            },
        ),
    ),
)


@rule.project
def let_go(project: Project) -> Iterator[Finding]:
    yield from leaving(rule, project, "console")
