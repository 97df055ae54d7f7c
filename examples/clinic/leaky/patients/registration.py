"""Registering takes two pages: who you are, then your consent. What the first page said waits here."""

import datetime

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone

from patients.models import Patient

WAITING = "registration"


def begin(session, answers):
    """Keep the answers of the first page until the second one is sent."""
    session[WAITING] = {name: str(value) for name, value in answers.items()}  # leak: clear-secret-in-session


def is_waiting(session):
    return WAITING in session


@transaction.atomic
def finish(session):
    """Open the account and the record, now that consent was given."""
    answers = session.pop(WAITING)
    account = get_user_model().objects.create_user(
        username=answers["email"],
        email=answers["email"],
        first_name=answers["first_name"],
        last_name=answers["last_name"],
        password=answers["password"],
    )
    return Patient.objects.create(
        account=account,
        national_id=answers["national_id"],
        birth_date=datetime.date.fromisoformat(answers["birth_date"]),
        consented=timezone.now(),
    )
