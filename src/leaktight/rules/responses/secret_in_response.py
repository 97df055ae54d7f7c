"""
## What it finds
A password or its hash, a key, a stored token, card data or an identity number that becomes part of an answer: the body of a response, what
a serializer gives out, what a template prints into the page, or a message shown on the next page; all variables of the environment as well.

## Why it matters
What is in an answer is on the screen, in the page's source, in the browser's cache and history of requests, in every proxy and log that
keeps bodies, and open to each script and extension of the page. A secret that the site holds for somebody has no reason to go back to a
browser; a secret of the site itself has none at all.

## How to fix it
Answer with what the page needs: whether there is a password, the last four digits of a card, the name of a key. Let people replace a
secret instead of reading it. Show a new key once, in the answer to the POST that made it.

## When it is fine
The record of a patient on a page behind a login is what the page is for: for auditors. So is a token handed to the client that just signed
in for it, in the answer to a POST, a token or key that came in by the same request, and a key made for browsers (maps, captchas).

For the strict only: a password or card number that the same request brought, since the one who reads it sent it; what lies in the session
of the one who asks; a code or token on a page, where people read what they have to type elsewhere; a token or key that was just made, in the
answer to a GET; a new private key for the one who asks; a password that is only proposed; the token of the REST framework, which people copy
from where they see it; what only administrators, or people with a permission named after it, may read; a token that whoever is signed in gets
from a view called after it (`get_auth_token`); what only its key names a secret in an answer that refuses something; the access key of a
pair, whose other half signs what is sent; a bank account, which is for who pays; a bare `token` or `secret`, which is as often an identifier; health data of which no view is known; and personal data, except
names, mail addresses and places, which most pages are about: for auditors.
"""

from __future__ import annotations

from collections.abc import Iterator

from leaktight.edit import Desk
from leaktight.flow.events import Arrival
from leaktight.model import Audience, Confidence, Edit, Finding, Safety, Severity, Style
from leaktight.policy import Channel, Safeguard
from leaktight.rules.api import Example, Rule
from leaktight.rules.judging import at_least, at_most_medium, harm
from leaktight.rules.permitted import is_for_permitted
from leaktight.rules.requests.posting import (
    EFFECT,
    GUARDED_EFFECT,
    GUARDED_TITLE,
    TITLE,
    UNCOVERED,
    post_and_hand_over,
    post_and_redirect,
)
from leaktight.rules.responses.disclosure import disclosed, is_literal_answer

rule = Rule(
    __name__,
    severity=Severity.HIGH,
    doubted_if_unsure=True,
    cwe=(201, 200, 359),
    step="S0",
    channel=Channel.RESPONSE_BODY,
    missing=(Safeguard.MASKED,),
    message="{what} (`{word}`) is {done} in full",
    remedy="Answer with what the page needs: whether there is one, its last four characters, or an id.",
    asvs=("14.2.6", "15.3.1"),
    examples=(
        Example(
            "A view that tells the password of a partner's account",
            bad={
                "shop/models.py": """\
from django.db import models


class Supplier(models.Model):
    name = models.CharField(max_length=80)
    password = models.CharField(max_length=80)
""",
                "shop/views.py": """\
from django.contrib.auth.decorators import login_required
from django.http import JsonResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST

from shop.models import Supplier


@login_required
@require_POST
def supplier(request, pk):
    found = get_object_or_404(Supplier, pk=pk)
    return JsonResponse({"name": found.name, "password": found.password})  # finds: secret-in-response
""",
            },
            good={
                "shop/models.py": """\
from django.db import models
from encrypted_model_fields.fields import EncryptedCharField


class Supplier(models.Model):
    name = models.CharField(max_length=80)
    password = EncryptedCharField(max_length=80)
""",
                "shop/views.py": """\
from django.contrib.auth.decorators import login_required
from django.http import JsonResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST

from shop.models import Supplier


@login_required
@require_POST
def supplier(request, pk):
    found = get_object_or_404(Supplier, pk=pk)
    return JsonResponse({"name": found.name, "has_password": bool(found.password)})
""",
            },
        ),
    ),
)

_DONE = {
    Channel.RESPONSE_BODY: "sent to the client",
    Channel.RESPONSE_HEADER: "sent to the client in a header",
    Channel.PAGE: "printed into the page",
}


@rule.flow(Channel.RESPONSE_BODY, Channel.RESPONSE_HEADER, Channel.PAGE)
def sent_to_the_client(arrival: Arrival) -> Iterator[Finding]:
    if arrival.channel is Channel.RESPONSE_HEADER and str(arrival.call.constant("key")).lower() in {"location", "set-cookie"}:
        return
    verdict = disclosed(arrival)
    if verdict is None:
        return
    is_permitted = is_for_permitted(arrival.project, arrival.call.function)
    yield rule.finding(
        arrival.span,
        label=arrival.label,
        channel=arrival.channel,
        severity=harm(arrival.label),
        confidence=Confidence.HIGH if is_literal_answer(arrival) else at_most_medium(verdict.confidence),
        audience=at_least(verdict.audience, Audience.STRICT) if is_permitted else verdict.audience,
        symbol=arrival.call.symbol,
        flow=arrival.flow,
        what=verdict.what,
        word=arrival.fact.word,
        done="shown in a message" if arrival.sink.part == "flash" else _DONE[arrival.channel],
    )


@rule.flow(Channel.RESPONSE_BODY)
def all_of_the_environment(arrival: Arrival) -> Iterator[Finding]:
    """Whatever is in it: keys, passwords and addresses of databases are what it is used for."""
    if arrival.label == "request-data" and arrival.fact.source == "environment" and arrival.fact.state.is_readable:
        yield rule.finding(
            arrival.span,
            label=arrival.label,
            channel=arrival.channel,
            severity=Severity.HIGH,
            confidence=arrival.confidence,
            audience=arrival.audience,
            symbol=arrival.call.symbol,
            flow=arrival.flow,
            what="all variables of the environment",
            word="os.environ",
            done=_DONE[arrival.channel],
        )


@rule.fix(Safety.UNSAFE, GUARDED_TITLE, GUARDED_EFFECT, uncovers=UNCOVERED, style=Style.GUARD)
def handed_over(finding: Finding, desk: Desk) -> Iterator[Edit]:
    yield from post_and_hand_over(finding, desk)


@rule.fix(Safety.UNSAFE, TITLE, EFFECT, uncovers=UNCOVERED)
def shown_once_after_a_post(finding: Finding, desk: Desk) -> Iterator[Edit]:
    yield from post_and_redirect(finding, desk)
