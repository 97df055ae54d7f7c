"""
## What it finds
A password, a key, a card number, an identity number or a health record in the subject or the text of a mail, also through the template it
is rendered from.

## Why it matters
Mail is stored for years, by the sender, by the receiver and by every server on the way, often in clear. A password that was mailed once is
still there when the mailbox is broken into, and it still works unless somebody changed it.

## How to fix it
Mail a link that works once and runs out soon, as Django's own password reset does, and let people choose the password themselves. Of a
record say that there is something new, and show it after signing in.

## When it is fine
Codes and links that work once are what mail is for, and the one to whom a mail goes may read the own name and address in it. The account of a
bank, which mostly goes to the one whose it is, is for the strict. A token is reported when its name says that it gives access for long, such as an API key.
"""

from __future__ import annotations

from collections.abc import Iterator

from leaktight.flow.events import Arrival
from leaktight.flow.value import all_facts
from leaktight.model import Audience, Finding, Severity
from leaktight.policy import Channel, Safeguard, State
from leaktight.rules.api import Example, NotPossible, Rule
from leaktight.rules.judging import at_least, harm, is_grave
from leaktight.rules.messages.tokens import is_lasting

_MADE_TO_BE_SENT = frozenset({"one-time-code"})

rule = Rule(
    __name__,
    severity=Severity.HIGH,
    doubted=True,
    cwe=(319, 312),
    step="S7",
    channel=Channel.MAIL,
    missing=(Safeguard.MASKED,),
    message="{label} is sent by mail",
    remedy="Mail a link that works once instead of the value.",
    asvs=("6.4.1", "14.2.4"),
    unfixable=NotPossible("what the mail says in its place, a link that runs out, needs a page of its own"),
    examples=(
        Example(
            "A password made for a new user",
            bad={
                "shop/accounts.py": """\
from django.core.mail import send_mail
from django.utils.crypto import get_random_string


def invite(user):
    password = get_random_string(12)
    user.set_password(password)
    user.save()
    send_mail("Welcome", f"Your password is {password}", None, [user.email])  # finds: secret-in-mail
"""
            },
            good={
                "shop/accounts.py": """\
from django.contrib.auth.tokens import default_token_generator
from django.core.mail import send_mail
from django.urls import reverse


def invite(user, site):
    link = site + reverse("choose-password", args=[user.pk, default_token_generator.make_token(user)])
    send_mail("Welcome", f"Choose your password: {link}", None, [user.email])
"""
            },
        ),
    ),
)


_TEXTS = frozenset({"body", "message", "html_message"})
"""Parameters that hold the text of a mail."""


@rule.flow(Channel.MAIL)
def mailed(arrival: Arrival) -> Iterator[Finding]:
    fact = arrival.fact
    if not is_grave(fact.label) or not fact.state.is_readable or fact.label in _MADE_TO_BE_SENT:
        return
    if (fact.label == "token" and not is_lasting(fact.word)) or _is_in_text_as_well(arrival):
        return
    audience = arrival.audience
    if fact.label in {"secret", "session-id", "bank-account"} or fact.state is State.SIGNED:
        audience = at_least(audience, Audience.STRICT)
    yield rule.finding(
        arrival.span,
        label=fact.label,
        severity=harm(fact.label),
        confidence=arrival.confidence,
        audience=audience,
        symbol=arrival.call.symbol,
        flow=arrival.flow,
    )


def _is_in_text_as_well(arrival: Arrival) -> bool:
    """Tell a subject made of the same data as the text of the mail: it is one leak, told where the text is."""
    texts = [value for name, value in arrival.call.arguments.items() if name in _TEXTS]
    return arrival.parameter == "subject" and any(fact.key == arrival.fact.key for value in texts for fact in all_facts(value))
