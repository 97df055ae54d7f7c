"""
## What it finds
Encryption without a look at who is on the other side: `verify=False` and its relatives in HTTP clients, on sessions and connectors, SSL
contexts whose check is switched off, `starttls()`, `SMTP_SSL`, `IMAP4_SSL` or `FTP_TLS` without a context, clients of databases, caches,
brokers and directories told to accept any certificate, and the same in settings. The value is followed through parameters, keyword
dictionaries, attributes and settings; it is reported where it is decided. Variables that switch it off for a whole process (`PYTHONHTTPSVERIFY=0`) are
found in what starts a public site, and where the code sets them; so are programs that are started without a check (`curl -k`).

## Why it matters
Whoever is on the way can answer in the place of the other side, with a certificate made for the occasion. The connection is encrypted, to
the attacker: passwords, tokens and data are read and changed as if there were no encryption at all.

## How to fix it
Leave the check on. For a certificate of your own authority, name its file: `verify="/path/ca.pem"`,
`ssl.create_default_context(cafile=…)`, `sslmode=verify-full` with `sslrootcert`. Pass `context=ssl.create_default_context()` to the mail,
news and file clients of the standard library: without one they check nothing.

## When it is fine
A server does not ask its visitors for certificates; that is not reported. A test against a server on the same machine may do without.
What happens only when an option of the code asks for it (`if not verify_tls: …`) is shown to the strict audience. So is a request that carries
no login, no body, no headers but plain ones and nothing secret, and whose answer does not tell who somebody is: a public file that is
fetched, a site that is looked at to see whether it is up. Host keys of SSH that are
taken on first use, and silenced warnings about unverified requests, to auditors only.
"""

from __future__ import annotations

from collections.abc import Iterator

from leaktight.edit import Desk
from leaktight.flow.events import Call
from leaktight.model import Audience, Confidence, Edit, Finding, Safety, Severity
from leaktight.policy import Channel, Safeguard
from leaktight.project import Project
from leaktight.rules.api import Example, Rule
from leaktight.rules.commands import STARTED, commands
from leaktight.rules.judging import at_least
from leaktight.rules.outgoing.exposing import is_public_download
from leaktight.rules.outgoing.handed_on import handed_on
from leaktight.rules.outgoing.lookalikes import compared_by_ends
from leaktight.rules.outgoing.options import answer, is_asked_for, is_checked_by_hand, is_named_for_it
from leaktight.rules.outgoing.protections import given_up, giving_up, watched
from leaktight.rules.outgoing.services import services_unverified
from leaktight.rules.outgoing.started import is_taken_on_trust, unverifying
from leaktight.rules.outgoing.targets import sends
from leaktight.rules.outgoing.verifying import verify
from leaktight.rules.written import switches
from leaktight.source.code import Op

rule = Rule(
    __name__,
    severity=Severity.HIGH,
    cwe=(295, 297),
    step="S7",
    channel=Channel.CONNECTION,
    missing=(Safeguard.VERIFIED_TLS,),
    message="nobody checks who the other side is: {shown}",
    remedy="Leave the check of certificates on; name the file of your own authority if there is one.",
    asvs=("12.3.2", "12.3.4"),
    examples=(
        Example(
            "A session that accepts every certificate",
            bad={
                "shop/partner.py": """\
import requests


class Partner:
    def __init__(self):
        self.session = requests.Session()
        self.session.verify = False  # finds: unverified-tls

    def order(self, parcels):
        return self.session.post("https://orders.parcel-partner.net/v1", json=parcels, timeout=5).json()
"""
            },
            good={
                "shop/partner.py": """\
import requests


class Partner:
    def __init__(self):
        self.session = requests.Session()
        self.session.verify = "/etc/shop/partner-ca.pem"

    def order(self, parcels):
        return self.session.post("https://orders.parcel-partner.net/v1", json=parcels, timeout=5).json()
"""
            },
        ),
        Example(
            "STARTTLS with anybody",
            bad={
                "shop/letters.py": """\
import smtplib

from django.conf import settings


def connect():
    server = smtplib.SMTP("mail.harbour-goods.com", 587, timeout=10)
    server.starttls()  # finds: unverified-tls
    server.login("letters", settings.LETTERS_PASSWORD)
    return server
"""
            },
            good={
                "shop/letters.py": """\
import smtplib
import ssl

from django.conf import settings


def connect():
    server = smtplib.SMTP("mail.harbour-goods.com", 587, timeout=10)
    server.starttls(context=ssl.create_default_context())
    server.login("letters", settings.LETTERS_PASSWORD)
    return server
""",
                "requirements.txt": "Django>=5.2\n",
            },
        ),
    ),
)

_SWITCHES = {
    "PYTHONHTTPSVERIFY": "0",
    "NODE_TLS_REJECT_UNAUTHORIZED": "0",
    "GIT_SSL_NO_VERIFY": "1",
    "CURL_CA_BUNDLE": "",
    "REQUESTS_CA_BUNDLE": "",
}
"""Variables of the environment → the value by which they switch the check off."""
_NO_CHECK = frozenset({"ssl.CERT_NONE", "OpenSSL.SSL.VERIFY_NONE"})


@rule.call(*dict.fromkeys((*giving_up("verification"), *watched(sends))))
def verification_given_up(call: Call) -> Iterator[Finding]:
    for given in given_up(call, "verification"):
        # What is written as `verify=False` is meant; other ways to say it are now and then a fallback, or an option of the site.
        sure = (
            given.confidence if "=False" in given.shown else min(given.confidence, Confidence.MEDIUM, key=lambda item: item.rank)
        )
        audience, confidence = given.audience, sure
        if is_asked_for(call) or is_checked_by_hand(call) or is_named_for_it(call):
            # Who switches the option on knows; who looks at the certificate may pin it.
            audience, confidence = at_least(audience, Audience.STRICT), Confidence.LOW
        elif is_public_download(call):
            # Who answers in the place of the other side learns nothing, and changes what everybody may write anyway.
            audience, confidence = at_least(audience, Audience.STRICT), min(sure, Confidence.MEDIUM, key=lambda item: item.rank)
        yield rule.finding(
            given.span,
            confidence=confidence,
            audience=audience,
            symbol=call.symbol,
            flow=call.steps(),
            related=given.related,
            shown=given.shown,
        )


@rule.call("OpenSSL.SSL.Context.set_verify")
def every_certificate_is_accepted(call: Call) -> Iterator[Finding]:
    """The callback that has the last word says yes to everything."""
    callback = call.argument("callback")
    if callback is not None and answer(call.machine, callback) is True:
        yield rule.finding(
            call.place("callback"), symbol=call.symbol, flow=call.steps(), shown="the callback accepts every certificate"
        )


@rule.project
def handed_on_to_something(project: Project) -> Iterator[Finding]:
    """The word for no check goes into a call nothing is known about."""
    for place in handed_on(project, _NO_CHECK):
        yield rule.finding(
            place.span,
            confidence=Confidence.MEDIUM,
            audience=Audience.STRICT,
            symbol=place.symbol,
            shown=f"`{place.name}` is handed on",
        )


@rule.project
def decided_by_the_look_of_a_name(project: Project) -> Iterator[Finding]:
    """Some hosts are believed, and anybody can have a name that begins or ends like theirs."""
    for ref, code, host in compared_by_ends(project.program):
        yield rule.finding(
            project.span(ref.path, code[1]),
            confidence=Confidence.MEDIUM,
            symbol=project.symbol(ref.path, ref),
            shown=f"the check is left out for every `{host}` that looks like one of ours at one end",
        )


@rule.call(*STARTED)
def switched_off_in_a_command(call: Call) -> Iterator[Finding]:
    """A program of its own is started with the check switched off: `curl -k`, `ssh -o StrictHostKeyChecking=no`."""
    for words in commands(call):
        word = unverifying(words)
        if word is not None:
            yield rule.finding(
                call.place("args"),
                confidence=Confidence.MEDIUM,
                audience=Audience.AUDIT if is_taken_on_trust(word) else Audience.STRICT,
                symbol=call.symbol,
                flow=call.steps(),
                shown=f"`{words[0]}` is started with `{word}`",
            )


@rule.project
def switched_off_for_the_process(project: Project) -> Iterator[Finding]:
    """The code itself sets a variable by which a library, or a program it starts, checks nobody."""
    for path in sorted(project.program.modules):
        for switch in switches(project, path, _SWITCHES):
            if switch.value[0] == Op.CONST and str(switch.value[2]) == _SWITCHES[switch.name]:
                yield rule.finding(
                    switch.span,
                    confidence=Confidence.MEDIUM,
                    audience=Audience.STRICT,
                    symbol=switch.symbol,
                    shown=f"`{switch.name}` switches the check off for the whole process",
                )


@rule.project
def services(project: Project) -> Iterator[Finding]:
    """Databases, caches, brokers and directories of the settings that are believed whoever they are."""
    for service in services_unverified(project.settings):
        yield rule.finding(
            service.span,
            severity=service.severity,
            confidence=service.confidence,
            audience=service.audience,
            related=service.related,
            shown=service.what,
        )


@rule.project
def switched_off_from_outside(project: Project) -> Iterator[Finding]:
    """A variable set for a public site makes every connection of a library unverified."""
    for file in project.deployment_files:
        for variable in file.variables if file.is_public and file.kind != "env" else ():
            value = variable.value
            if value is not None and variable.name in _SWITCHES and value.strip() in {_SWITCHES[variable.name], '""', "''"}:
                yield rule.finding(
                    variable.place.span(file.path),
                    confidence=Confidence.MEDIUM,
                    symbol=variable.name,
                    shown=f"`{variable.name}` switches the check off for the whole process",
                )


@rule.fix(
    Safety.UNSAFE,
    "let it be verified",
    "who has no certificate that can be verified is refused: name its authority instead",
    uncovers=("weak-tls",),
)
def verified(finding: Finding, desk: Desk) -> Iterator[Edit]:
    yield from verify(finding, desk)
