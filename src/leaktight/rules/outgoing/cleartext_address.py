"""
## What it finds
An address in the code that begins with `http://`, `ws://`, `ftp://` or `telnet://` and leads to another machine, whatever is done with it: a
constant, a default, the beginning of a text, the link of a page, a word of a command line. Where a login or sensitive data is known to be sent to it, the finding says so.

## Why it matters
An address is copied to where it is used next, and nobody looks at its scheme again. What is sent there, and what comes back, can be read and
changed by everybody on the way.

## How to fix it
Write `https://`, `wss://` or `sftp://`, and see that the other side answers to it.

## When it is fine
The address is only a name (of an XML namespace, a schema, a licence), or nothing goes there that has to be kept secret or unchanged. The rule is
for auditors: what is known to be sent in clear is reported by `cleartext-connection`. The own machine, names inside a cluster and well-known
namespaces are not reported, nor are addresses the code only compares with, and those of tests; a domain reserved for documentation is, where the code sends to it.
"""

from __future__ import annotations

from collections.abc import Iterator

from leaktight.edit import Desk
from leaktight.flow.events import Call
from leaktight.model import Audience, Confidence, Edit, Finding, Safety, Severity
from leaktight.policy import Channel, Safeguard
from leaktight.project import Project
from leaktight.project.templates import Element, Template
from leaktight.rules.api import Example, Rule
from leaktight.rules.commands import STARTED, commands
from leaktight.rules.https import EFFECT, TITLE, to_https
from leaktight.rules.outgoing.addresses import addresses
from leaktight.rules.outgoing.carried import gravest, sends_login, title
from leaktight.rules.outgoing.protections import argument, watched
from leaktight.rules.outgoing.targets import http_target, of_address, sends, texts
from leaktight.rules.pages.sending import cleartext_origins, shown
from leaktight.source.code import begins_in_clear
from leaktight.source.roles import is_in_tests

rule = Rule(
    __name__,
    severity=Severity.LOW,
    cwe=(319,),
    step="S1",
    channel=Channel.OUTGOING_HTTP,
    missing=(Safeguard.HTTPS,),
    message="an address in clear: {what}",
    remedy="Write `https://`, `wss://` or `sftp://`.",
    asvs=("12.3.1", "12.2.1"),
    examples=(
        Example(
            "A default that is copied from place to place",
            bad={
                "shop/places.py": """\
STOCK = "http://stock.parcel-partner.net/v1"  # finds: cleartext-address
"""
            },
            good={
                "shop/places.py": """\
STOCK = "https://stock.parcel-partner.net/v1"
"""
            },
        ),
    ),
)


@rule.project
def written(project: Project) -> Iterator[Finding]:
    """Every address in clear of another machine."""
    for path in sorted(project.program.modules):
        if is_in_tests(path):
            continue  # as invented as the rest of a test
        for address in addresses(project, path):
            where = of_address(address.text, whole=True)
            if where is not None and not where.is_sample:
                yield rule.finding(
                    address.span,
                    confidence=Confidence.LOW,
                    audience=Audience.AUDIT,
                    symbol=address.symbol,
                    what=f"nothing is known to be sent to {where.shown}",
                )


@rule.call(*watched(sends))
def sent_to(call: Call) -> Iterator[Finding]:
    """Addresses of this file a client sends to, where the call does not hold the address itself."""
    where = http_target(call)
    if where is None or (value := argument(call, where.parameter)) is None:
        return
    arrival = gravest(call)
    login = where.has_account or sends_login(call, ("auth",))
    if not login and arrival is None and not where.is_sample:
        return
    what = "a login" if login else title(arrival.label) if arrival is not None else "a request"
    known = {text for text, _, _ in texts(value)}
    around = (call.symbol, call.machine.symbol(call.path, None))
    for address in addresses(call.project, call.path):
        if (
            address.symbol in around
            and any(text.startswith(address.text) for text in known)
            and of_address(address.text, whole=False) is not None
        ):
            yield rule.finding(
                address.span,
                confidence=Confidence.MEDIUM,
                audience=Audience.AUDIT,
                symbol=address.symbol,
                what=f"{what} is sent to {where.shown}",
            )


@rule.call(*STARTED)
def asked_by_a_command(call: Call) -> Iterator[Finding]:
    """`os.system("curl http://…")`: the address stands inside a text, behind the program that asks it."""
    for command in commands(call):
        for word in command[1:]:
            where = of_address(word, whole=False) if begins_in_clear(word) else None
            if where is not None and not _is_written_alone(call, word):
                yield rule.finding(
                    call.place("args"),
                    confidence=Confidence.LOW,
                    audience=Audience.AUDIT,
                    symbol=call.symbol,
                    what=f"`{command[0]}` is started with {where.shown}",
                )
                break


def _is_written_alone(call: Call, word: str) -> bool:
    """Tell an address that is a text of its own in the file, and is told where it stands."""
    value = call.argument("args")
    return (value is None or value.text is None) and any(
        word.startswith(address.text) for address in addresses(call.project, call.path)
    )


@rule.tag("a", "area")
def linked(element: Element, template: Template, _project: Project) -> Iterator[Finding]:
    """A link of a page: whoever follows it asks in clear."""
    href = element.attribute("href")
    reached = cleartext_origins(href) if href is not None else ()
    if href is not None and reached:
        yield rule.finding(
            href.span,
            confidence=Confidence.LOW,
            audience=Audience.AUDIT,
            symbol=template.path,
            what=f"whoever follows the link asks {shown(reached[0])}",
        )


@rule.fix(Safety.UNSAFE, TITLE, EFFECT)
def over_https(finding: Finding, desk: Desk) -> Iterator[Edit]:
    yield from to_https(finding, desk)
