"""
## What it finds
Sensitive data or a login that leaves over a connection without encryption: an HTTP client that sends it to an `http://` address, a login
to a mail, file or directory server that has not switched to TLS, a client of a database, cache or broker, and the settings for those
(`DATABASES`, `CACHES`, `EMAIL_…`, broker and directory addresses) when they lead to another machine in clear.

## Why it matters
Everybody on the way can read along, and can change what is sent and what comes back, without leaving a trace. A password read once opens
the account until somebody changes it.

## How to fix it
Use the encrypted form of the protocol: `https://`, `rediss://`, `amqps://`, `ldaps://`, `SMTP_SSL` or `starttls()` before the login, SFTP
instead of FTP, `sslmode=verify-full`, `EMAIL_USE_TLS`. Let a client refuse to go on when the other side offers no encryption.

## When it is fine
The other side is the same machine, a socket in the file system, or a name that only a closed network of containers knows; those are not
reported. Where encryption is switched off for such a name, the strict are told. An `http://` address to which nothing sensitive is known to be sent is shown to auditors only. A default in
clear of a variable that a file of the deployment sets to an encrypted address, or takes from a store, is shown to the strict, and so is one that the
sample of an environment asks to be filled in.
"""

from __future__ import annotations

from collections.abc import Iterator

from leaktight.edit import Desk
from leaktight.flow.events import Call
from leaktight.flow.knowledge import ConnectionSpec
from leaktight.model import Audience, Confidence, Edit, Finding, Safety, Severity
from leaktight.policy import Channel, Safeguard, is_safe_host
from leaktight.project import Project
from leaktight.project.settings import Settings, SettingValue
from leaktight.rules.api import Example, Rule
from leaktight.rules.judging import at_least, at_most_medium, harm
from leaktight.rules.outgoing.carried import gravest, sends_login, title
from leaktight.rules.outgoing.encrypting import EFFECT, TITLE, over_tls
from leaktight.rules.outgoing.protections import given_up, is_decided_by_callers, watched
from leaktight.rules.outgoing.services import services_in_clear
from leaktight.rules.outgoing.targets import Target, http_target, is_given_otherwise, sends, target
from leaktight.rules.transport.enforcement import is_public

rule = Rule(
    __name__,
    severity=Severity.HIGH,
    doubted=True,
    cwe=(319, 523),
    step="S1",
    channel=Channel.CONNECTION,
    missing=(Safeguard.VERIFIED_TLS,),
    message="{what}",
    remedy="Use the encrypted form of the protocol, and refuse to go on without it.",
    asvs=("12.3.1", "12.2.1", "12.3.3"),
    examples=(
        Example(
            "A password sent to a partner over plain HTTP",
            bad={
                "shop/stock.py": """\
import requests
from django.conf import settings


def sign_in():
    form = {"user": "shop", "password": settings.STOCK_PASSWORD}
    return requests.post("http://stock.parcel-partner.net/sign-in", data=form, timeout=5)  # finds: cleartext-connection
"""
            },
            good={
                "shop/stock.py": """\
import requests
from django.conf import settings


def sign_in():
    form = {"user": "shop", "password": settings.STOCK_PASSWORD}
    return requests.post("https://stock.parcel-partner.net/sign-in", data=form, timeout=5)
"""
            },
        ),
        Example(
            "A login at a mail server before TLS begins",
            bad={
                "shop/letters.py": """\
import smtplib

from django.conf import settings


def send(message):
    with smtplib.SMTP("mail.harbour-goods.com", 587, timeout=10) as server:
        server.login("letters", settings.LETTERS_PASSWORD)  # finds: cleartext-connection
        server.send_message(message)
"""
            },
            good={
                "shop/letters.py": """\
import smtplib
import ssl

from django.conf import settings


def send(message):
    with smtplib.SMTP("mail.harbour-goods.com", 587, timeout=10) as server:
        server.starttls(context=ssl.create_default_context())
        server.login("letters", settings.LETTERS_PASSWORD)
        server.send_message(message)
""",
                "requirements.txt": "Django>=5.2\n",
            },
        ),
    ),
)


@rule.call(*watched(sends))
def sent_in_clear(call: Call) -> Iterator[Finding]:
    for given in given_up(call, "encryption"):
        yield rule.finding(
            given.span,
            severity=Severity.MEDIUM,
            confidence=at_most_medium(given.confidence),  # which network it goes over is seldom known here
            audience=at_least(given.audience, Audience.STRICT) if _stays_at_home(call) else given.audience,
            symbol=call.symbol,
            flow=call.steps(),
            related=given.related,
            message=f"the connection is not encrypted: {given.shown}",
        )
    if call.spec is not None and call.spec.connection is not None:
        yield from _connected_in_clear(call, call.spec.connection)
    elif (where := http_target(call)) is not None:
        yield _finding(call, where, login=where.has_account or sends_login(call, ("auth",)), otherwise=Audience.AUDIT)


_HOSTS = ("endpoint", "endpoint_url", "host", "url", "address", "target", "dsn")


def _stays_at_home(call: Call) -> bool:
    """Tell a connection to this machine, or to a name that only a closed network knows, which its arguments spell out."""
    known = [value.text for name in _HOSTS if (value := call.argument(name)) is not None and isinstance(value.const, str)]
    return any(text is not None and is_safe_host(text) for text in known)


def _connected_in_clear(call: Call, connection: ConnectionSpec) -> Iterator[Finding]:
    where = target(call, connection)
    if where is None or (not where.is_known and is_decided_by_callers(call)):
        return
    login = where.has_account or sends_login(call, connection.credentials) or bool(call.of_same_object(*connection.signs_in_by))
    if login:
        # A protocol that is never encrypted is told whatever the host; services often stay at home.
        otherwise = Audience.STRICT if connection.schemes or (connection.local and not connection.never) else Audience.DEFAULT
        yield _finding(call, where, login=True, otherwise=otherwise)
    elif not any(_is_told(other) for other in call.of_same_object(*connection.told_by)):
        if connection.audience != "none":
            yield _finding(call, where, login=False, otherwise=Audience(connection.audience))
        elif gravest(call) is not None:
            yield _finding(call, where, login=False, otherwise=Audience.STRICT)


def _is_told(call: Call) -> bool:
    """Tell whether a call is reported itself: nobody signs in anonymously in clear."""
    connection = call.spec.connection if call.spec is not None else None
    silent = connection is not None and connection.audience == "none" and not sends_login(call, connection.credentials)
    return not silent or gravest(call) is not None


def _finding(call: Call, where: Target, *, login: bool, otherwise: Audience) -> Finding:
    """One finding for the connection, about the gravest data that is known to leave over it.

    `otherwise` is who should see it when neither data nor a host says so.
    """
    arrival = gravest(call)
    what, audience, confidence, severity = (
        f"the connection to {where.shown} is in clear",
        otherwise,
        Confidence.LOW,
        Severity.MEDIUM,
    )
    if login:
        what, confidence, severity = f"a login is sent in clear to {where.shown}", Confidence.HIGH, Severity.HIGH
        audience = Audience.DEFAULT if where.is_known else otherwise
    if arrival is not None:
        what, confidence = f"{title(arrival.label)} is sent in clear to {where.shown}", arrival.confidence
        severity = max(severity, harm(arrival.label), key=lambda item: item.rank)
        audience = audience if login else arrival.audience if where.is_known else at_least(arrival.audience, Audience.STRICT)
    if where.is_sample:
        audience, confidence = Audience.AUDIT, Confidence.LOW
    if is_given_otherwise(call.project, where):
        audience = at_least(audience, Audience.STRICT)
    if where.setting is not None or not where.is_known:
        confidence = min(confidence, Confidence.MEDIUM, key=lambda item: item.rank)
    is_web = call.spec is not None and any(sink.channel == Channel.OUTGOING_HTTP for sink in call.spec.sinks.values())
    made = where.made
    return rule.finding(
        call.place(where.parameter) if made is None else call.machine.span(made.path, made.span),
        label=arrival.label if arrival is not None else None,
        channel=Channel.OUTGOING_HTTP if is_web else None,
        missing=(Safeguard.HTTPS,) if is_web else None,
        severity=severity,
        confidence=confidence,
        audience=audience,
        symbol=call.symbol,
        flow=arrival.flow if arrival is not None else call.steps(),
        related=where.related,
        what=what,
    )


@rule.project
def services(project: Project) -> Iterator[Finding]:
    """Databases, caches, brokers, mail and directory servers named in the settings of production."""
    for service in services_in_clear(project.settings):
        yield rule.finding(
            service.span,
            severity=service.severity,
            confidence=service.confidence,
            audience=service.audience,
            related=service.related,
            what=f"{service.what} is reached in clear",
        )


@rule.setting("EMAIL_USE_TLS", "EMAIL_USE_SSL")
def mail(settings: Settings, value: SettingValue) -> Iterator[Finding]:
    """Lines of settings that belong to no site say nothing of the host."""
    switches = [settings.get(name).value for name in ("EMAIL_USE_TLS", "EMAIL_USE_SSL")]
    if settings.is_loose and value.span is not None and is_public(settings) and all(switch is False for switch in switches):
        yield rule.finding(value.span, confidence=Confidence.LOW, what="the mail server is reached in clear")


@rule.fix(Safety.UNSAFE, TITLE, EFFECT, uncovers=("unverified-tls", "weak-tls"))
def encrypted(finding: Finding, desk: Desk) -> Iterator[Edit]:
    yield from over_tls(finding, desk)
