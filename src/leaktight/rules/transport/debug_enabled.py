"""
## What it finds
`DEBUG` that is on in the settings production loads, or on unless a variable of the environment switches it off, or a text, which is true
whatever it says; and `DEBUG_PROPAGATE_EXCEPTIONS`.

## Why it matters
With `DEBUG` on, every error shows the visitor a page with the source code around it, the local variables of every function on the way,
the request and the settings. Passwords and tokens are among the variables; only some names are hidden.

## How to fix it
Write `DEBUG = False` in the settings of production. When the environment decides, let the default be off and read it as a truth value:
`env.bool("DEBUG", default=False)`.

## When it is fine
Settings of a developer's machine or of tests; those are not looked at, as long as production does not load them.
"""

from __future__ import annotations

from collections.abc import Iterator

from leaktight.model import Audience, Certainty, Confidence, Finding, Severity
from leaktight.policy import Channel, Safeguard
from leaktight.project.settings import Settings, SettingValue
from leaktight.rules.api import Example, Rule
from leaktight.rules.sessions import place
from leaktight.rules.transport.enforcement import is_base, is_public
from leaktight.rules.transport.sample import site

rule = Rule(
    __name__,
    severity=Severity.HIGH,
    cwe=(489, 215, 209),
    step="S2",
    channel=Channel.RESPONSE_BODY,
    missing=(Safeguard.MASKED,),
    message="{why}, so visitors see variables and settings when something fails",
    remedy="Write `DEBUG = False` for production, or let the environment's default be off.",
    asvs=("13.4.2", "16.5.1"),
    examples=(
        Example(
            "A default that is on",
            bad=site("DEBUG = False", 'import os\n\nDEBUG = os.environ.get("DEBUG", "1") == "1"  # finds: debug-enabled'),
            good=site("DEBUG = False", 'import os\n\nDEBUG = os.environ.get("DEBUG", "0") == "1"'),
        ),
    ),
)


@rule.setting("DEBUG")
def debug_is_on(settings: Settings, value: SettingValue) -> Iterator[Finding]:
    if not value.value or not is_public(settings):
        return
    if isinstance(value.value, str) and value.certainty is Certainty.DEFAULTED:
        why = "`DEBUG` is a text, which is true whatever it says"
    elif value.certainty is Certainty.DEFAULTED:
        why = f"`DEBUG` is on unless `{value.env or 'the environment'}` says otherwise"
    else:
        why = "`DEBUG` is on"
    # What is written may be overridden by settings that were not read, or by those that build on these.
    is_open = value.env in settings.overridden_by or (
        value.certainty is Certainty.KNOWN and (bool(settings.incomplete) or is_base(settings))
    )
    yield rule.finding(
        place(value, settings.path),
        confidence=Confidence.HIGH if value.certainty is Certainty.KNOWN and not is_open else Confidence.MEDIUM,
        audience=Audience.STRICT if is_open else Audience.DEFAULT,
        symbol=settings.module,
        related=value.chain,
        why=why,
    )


@rule.setting("DEBUG_PROPAGATE_EXCEPTIONS")
def errors_are_passed_on(settings: Settings, value: SettingValue) -> Iterator[Finding]:
    if value.value and is_public(settings):
        yield rule.finding(
            place(value, settings.path),
            severity=Severity.MEDIUM,
            confidence=Confidence.MEDIUM,
            symbol=settings.module,
            related=value.chain,
            why="`DEBUG_PROPAGATE_EXCEPTIONS` is on and leaves errors to the server",
        )
