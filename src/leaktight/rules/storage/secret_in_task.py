"""
## What it finds
A password, a key, a card number or another secret given to a background task as an argument.

## Why it matters
Arguments of a task are written to the broker, often without encryption, are kept until a worker takes them, are logged by workers and
monitors, and are stored with the result. Whoever reads the queue reads the secret.

## How to fix it
Give the task the id of the record, and let it read or make the secret itself; or encrypt the argument with a key the workers have.

## When it is fine
The argument is encrypted or hashed. Tokens and codes that run out soon are less harmful and are reported as such.
"""

from __future__ import annotations

from collections.abc import Iterator

from leaktight.flow.events import Arrival
from leaktight.model import Audience, Finding, Severity
from leaktight.policy import Channel, Safeguard
from leaktight.rules.api import Example, NotPossible, Rule
from leaktight.rules.judging import EXPIRING, at_least, harm, is_grave, milder

rule = Rule(
    __name__,
    severity=Severity.MEDIUM,
    cwe=(312,),
    step="S7",
    channel=Channel.TASK_QUEUE,
    missing=(Safeguard.ENCRYPTED,),
    message="{label} is written to the task queue",
    remedy="Give the task an id and let it read the secret itself.",
    asvs=("14.2.4", "13.3.1"),
    unfixable=NotPossible("the worker has to find the value by an id"),
    examples=(
        Example(
            "A first password on its way to the mail",
            bad={
                "shop/tasks.py": """\
from celery import shared_task

from shop.directory import create


@shared_task
def create_account(name, first):
    create(name, first)
""",
                "shop/views.py": """\
from django.shortcuts import redirect
from django.views.decorators.debug import sensitive_post_parameters

from shop.tasks import create_account


@sensitive_post_parameters("password")
def sign_up(request):
    create_account.delay(request.POST["name"], request.POST["password"])  # finds: secret-in-task
    return redirect("home")
""",
            },
            good={
                "shop/tasks.py": """\
from celery import shared_task

from shop.directory import create


@shared_task
def create_account(user_id):
    create(user_id)
""",
                "shop/views.py": """\
from django.contrib.auth.models import User
from django.shortcuts import redirect
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from shop.tasks import create_account


@sensitive_post_parameters("password")
@csrf_protect
@require_POST
def sign_up(request):
    user = User.objects.create_user(request.POST["name"], password=request.POST["password"])
    create_account.delay(user.pk)
    return redirect("home")
""",
            },
        ),
    ),
)


@rule.flow(Channel.TASK_QUEUE)
def queued(arrival: Arrival) -> Iterator[Finding]:
    fact = arrival.fact
    if not is_grave(fact.label) or not fact.state.is_readable:
        return
    severity, audience = milder(harm(fact.label)), arrival.audience
    if fact.label in EXPIRING or fact.label == "bank-account":  # a bank account is what payments are made with
        audience = at_least(audience, Audience.STRICT)
    yield rule.finding(
        arrival.span,
        label=fact.label,
        severity=severity,
        confidence=arrival.confidence,
        audience=audience,
        symbol=arrival.call.symbol,
        flow=arrival.flow,
    )
