"""
## What it finds
`sentry_sdk.init` with `send_default_pii=True` and nothing that scrubs events before they are sent.

## Why it matters
With this switch every error report holds the user's id, name, mail address and IP address, all cookies and headers, and the body of the
request. Which fields of a body are sensitive only the project knows; the built-in list of names misses most of them.

## How to fix it
Leave the switch off and add the id of the user where it is needed, or give `before_send` or `event_scrubber` and mask there.

## When it is fine
`before_send`, `before_send_transaction` or an `event_scrubber` is given, or the switch is read from the environment and off by default.
Whoever runs the site may want its tracker to know who was signed in, so that the rest is for the strict.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from leaktight.edit import Desk, NotPossible
from leaktight.flow.events import Call
from leaktight.model import Audience, Edit, Finding, Safety, Severity
from leaktight.policy import Channel, Safeguard
from leaktight.rules.api import Example, Rule
from leaktight.rules.messages.scrubbers import INIT, has_scrubber

rule = Rule(
    __name__,
    severity=Severity.MEDIUM,
    cwe=(359, 201),
    step="S2",
    channel=Channel.THIRD_PARTY,
    missing=(Safeguard.MASKED,),
    message="the error tracker is sent users, cookies, headers and request bodies with every error",
    remedy="Leave `send_default_pii` off, or mask events in `before_send`.",
    asvs=("14.2.3", "16.2.5"),
    examples=(
        Example(
            "The switch is on",
            bad={
                "shop/settings.py": """\
import os

import sentry_sdk

sentry_sdk.init(dsn=os.environ["SENTRY_DSN"], send_default_pii=True)  # finds: error-tracker-sends-personal-data
"""
            },
            good={
                "shop/errors.py": """\
import os

import sentry_sdk

from shop.masks import mask

sentry_sdk.init(dsn=os.environ["SENTRY_DSN"], send_default_pii=True, before_send=mask)
sentry_sdk.init(dsn=os.environ["SENTRY_DSN"])
"""
            },
        ),
    ),
)


@rule.call(INIT)
def starts(call: Call) -> Iterator[Finding]:
    if call.constant("send_default_pii", default=False) is not True:
        return
    if has_scrubber(call):
        return
    yield rule.finding(
        call.place("send_default_pii"),
        audience=Audience.STRICT,
        symbol=call.symbol,
    )


@rule.fix(Safety.UNSAFE, "send none by itself", "reports do not tell any more who was signed in, and from where")
def not_by_itself(finding: Finding, desk: Desk) -> Iterator[Edit]:
    document = desk.python(finding.span.path)
    value = document.at(finding.span, ast.Constant)
    if not isinstance(value, ast.Constant) or value.value is not True:
        raise NotPossible("it is switched on elsewhere")
    yield document.replace(value, "False")
