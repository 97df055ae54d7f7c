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
reported. An `http://` address to which nothing sensitive is known to be sent is shown to auditors only.
"""

from __future__ import annotations

from collections.abc import Iterator

from leaktight.flow.events import Arrival, Call
from leaktight.flow.knowledge import FunctionSpec
from leaktight.flow.outside import sink_of
from leaktight.flow.value import MISSING, Value, all_facts
from leaktight.model import Audience, Confidence, Finding, Severity
from leaktight.policy import LABELS, Channel, Safeguard, Strength, recognise
from leaktight.project import Project
from leaktight.rules.api import Example, Rule
from leaktight.rules.judging import at_least, harm
from leaktight.rules.outgoing.protections import argument, given_up, is_decided_by_callers, is_on, watched
from leaktight.rules.outgoing.services import services_in_clear
from leaktight.rules.outgoing.targets import Target, http_target, target

rule = Rule(
    __name__,
    severity=Severity.HIGH,
    cwe=(319, 523),
    step="S1",
    channel=Channel.CONNECTION,
    missing=(Safeguard.VERIFIED_TLS,),
    message="{what} in clear to {host}",
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
"""
            },
        ),
    ),
)


def _sends(spec: FunctionSpec) -> bool:
    to_web = any(sink.channel == Channel.OUTGOING_HTTP for sink in spec.sinks.values())
    return to_web or spec.connection is not None or any(unsafe.gives_up == "encryption" for unsafe in spec.unsafe)


@rule.call(*watched(_sends))
def sent_in_clear(call: Call) -> Iterator[Finding]:
    spec = call.spec
    if spec is None:
        return
    for given in given_up(call, "encryption"):
        yield rule.finding(
            given.span,
            severity=Severity.MEDIUM,
            confidence=given.confidence,
            audience=given.audience,
            symbol=call.symbol,
            flow=call.steps(),
            related=given.related,
            message=f"the connection is not encrypted: {given.shown}",
        )
    if spec.connection is None:
        where = http_target(call)
        if where is not None:
            yield from _judge(call, where, login=_credentials(call, ("auth",)), audience=Audience.AUDIT)
        return
    connection = spec.connection
    where = target(call, connection)
    if where is None or (not where.is_known and is_decided_by_callers(call)):
        return
    login = _credentials(call, tuple(connection.credentials)) or bool(call.of_same_object(*connection.signs_in_by))
    if not login and call.of_same_object(*connection.told_by):
        return
    if login or connection.audience != "none" or _gravest(call) is not None:
        audience = Audience.STRICT if connection.audience == "none" else Audience(connection.audience)
        yield from _judge(call, where, login=login, audience=audience)


def _judge(call: Call, where: Target, *, login: bool, audience: Audience) -> Iterator[Finding]:
    """One finding for the connection, about the gravest data that is known to leave over it."""
    arrival = _gravest(call)
    login = login or where.has_account
    if arrival is not None:
        confidence, audience = arrival.confidence, Audience.DEFAULT if login else arrival.audience
    else:
        confidence, audience = (Confidence.HIGH, Audience.DEFAULT) if login else (Confidence.LOW, audience)
    if where.setting is not None or not where.is_known:
        confidence = min(confidence, Confidence.MEDIUM, key=lambda item: item.rank)
    if not where.is_known and not (login and call.spec is not None and call.spec.connection is not None and not call.spec.connection.schemes):
        audience = at_least(audience, Audience.STRICT)
    is_web = call.spec is not None and any(sink.channel == Channel.OUTGOING_HTTP for sink in call.spec.sinks.values())
    yield rule.finding(
        call.place(where.parameter) if where.parameter in call.places else call.span,
        label=arrival.label if arrival is not None else None,
        channel=Channel.OUTGOING_HTTP if is_web else None,
        missing=(Safeguard.HTTPS,) if is_web else None,
        severity=Severity.HIGH if login or (arrival is not None and harm(arrival.label) is Severity.HIGH) else Severity.MEDIUM,
        confidence=confidence,
        audience=audience,
        symbol=call.symbol,
        flow=arrival.flow if arrival is not None else call.steps(),
        related=where.related,
        what=f"{LABELS[arrival.label].title if arrival.label in LABELS else arrival.label} is sent" if arrival is not None else "a login is sent" if login else "the connection is",
        host=where.shown,
    )


def _gravest(call: Call) -> Arrival | None:
    """The gravest labelled data the call sends, surest first."""
    found = [
        Arrival(call, parameter, sink, fact, value)
        for parameter, value in call.arguments.items()
        if call.spec is not None and (sink := sink_of(call.spec, parameter)) is not None
        for fact in all_facts(value)
        if fact.state.is_readable and fact.label not in {"error-detail", "request-data"}
    ]
    return max(found, key=lambda item: (-item.audience.rank, harm(item.label).rank, item.confidence.rank, item.label), default=None)


def _credentials(call: Call, parameters: tuple[str, ...]) -> bool:
    """Tell whether a login goes along: in a parameter made for it, or in a header with an unmistakable name."""
    if "self" in parameters or any(_is_given(argument(call, name)) for name in parameters):
        return True
    headers = argument(call, "headers")
    for name, value in (headers.fields or {}).items() if headers is not None else ():
        match = recognise(name) if isinstance(name, str) else None
        if match is not None and match.strength is Strength.STRONG and _is_given(value):
            return True
    return False


def _is_given(value: Value | None) -> bool:
    """Tell whether something is passed, not nothing and not perhaps nothing."""
    return value is not None and is_on(value) and (value.const is not MISSING or not value.is_clean or value.type is not None or value.ref is not None)


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
            what=service.what,
            host=service.host,
        )
