"""Registering takes two pages: who you are, then your consent. Until then the account sleeps."""

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone

from patients.models import Patient

WAITING = "registration"


@transaction.atomic
def begin(session, answers):
    """Write down the answers of the first page for an account that cannot be used yet."""
    abandoned = Patient.objects.filter(national_id=answers["national_id"], consented=None)
    get_user_model().objects.filter(patient__in=abandoned, is_active=False).delete()
    account = get_user_model().objects.create_user(
        username=answers["email"],
        email=answers["email"],
        first_name=answers["first_name"],
        last_name=answers["last_name"],
        password=answers["password"],
        is_active=False,
    )
    patient = Patient.objects.create(
        account=account,
        national_id=answers["national_id"],
        birth_date=answers["birth_date"],
    )
    session[WAITING] = patient.pk


def is_waiting(session):
    return WAITING in session


@transaction.atomic
def finish(session):
    """Open the account, now that consent was given."""
    patient = Patient.objects.select_related("account").get(pk=session.pop(WAITING))
    patient.consented = timezone.now()
    patient.save(update_fields=["consented"])
    patient.account.is_active = True
    patient.account.save(update_fields=["is_active"])
    return patient
