"""
## What it finds
A `SECURE_REFERRER_POLICY` by which browsers tell other sites the whole address of the page a visitor comes from: `unsafe-url`, or
`no-referrer-when-downgrade`.

## Why it matters
Addresses hold what was put into them: a token of a reset link, a search for a name, the number of a record. With such a policy each link,
image and script of another site takes the address there.

## How to fix it
Leave the setting out, Django's own value is `same-origin`; or use `strict-origin-when-cross-origin` where other sites must know yours.

## When it is fine
The site has nothing but public pages, and its partners count on the whole address.
"""

from __future__ import annotations

from collections.abc import Iterator

from leaktight.edit import Desk, set_to, settings_at
from leaktight.model import Certainty, Confidence, Edit, Finding, Safety, Severity
from leaktight.policy import Channel, Safeguard
from leaktight.project.settings import Settings, SettingValue
from leaktight.rules.api import Example, Rule
from leaktight.rules.sessions import place
from leaktight.rules.transport.enforcement import is_public
from leaktight.rules.transport.sample import site

rule = Rule(
    __name__,
    severity=Severity.MEDIUM,
    cwe=(598, 201),
    step="S4",
    channel=Channel.REQUEST_URL,
    missing=(Safeguard.NO_REFERRER,),
    message="other sites are told the whole address visitors come from: the policy is `{policy}`",
    remedy="Leave the setting out, or use `strict-origin-when-cross-origin`.",
    asvs=("3.4.5",),
    examples=(
        Example(
            "The widest policy there is",
            bad=site('"same-origin"', '"unsafe-url"  # finds: leaky-referrer-policy'),
            good=site(),
        ),
    ),
)

_WHOLE_ADDRESS = frozenset({"unsafe-url", "no-referrer-when-downgrade"})


@rule.setting("SECURE_REFERRER_POLICY")
def tells_whole_address(settings: Settings, value: SettingValue) -> Iterator[Finding]:
    if not is_public(settings):
        return
    parts = (
        value.value.split(",") if isinstance(value.value, str) else value.value if isinstance(value.value, list | tuple) else []
    )
    # A browser uses the last one it knows; all of these are known everywhere.
    last = parts[-1].strip().lower() if parts and isinstance(parts[-1], str) else ""
    if last in _WHOLE_ADDRESS:
        sure = value.certainty is Certainty.KNOWN
        yield rule.finding(
            place(value, settings),
            severity=rule.severity if last == "unsafe-url" else Severity.LOW,
            confidence=Confidence.HIGH if sure else Confidence.MEDIUM,
            symbol=settings.module,
            related=value.chain,
            policy=last,
        )


@rule.fix(
    Safety.UNSAFE, "tell other sites the origin alone", "other sites see which site their visitors come from, and not which page"
)
def origin_alone(finding: Finding, desk: Desk) -> Iterator[Edit]:
    document = desk.python(finding.span.path)
    value = document.quoted("strict-origin-when-cross-origin")
    yield from set_to(desk, settings_at(desk, finding.span.path), "SECURE_REFERRER_POLICY", value)
