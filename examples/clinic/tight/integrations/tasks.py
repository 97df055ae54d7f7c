"""What is exchanged with partners in the background."""

import logging
from email import message_from_bytes
from pathlib import Path

from celery import shared_task
from django.conf import settings
from django.contrib.auth import get_user_model

from appointments.models import Appointment
from integrations import directory, live
from integrations.lab import Lab
from integrations.relay import Relay
from patients.models import Patient

logger = logging.getLogger(__name__)


@shared_task
def refresh_staff():
    staff = get_user_model().objects.filter(is_staff=True, is_active=True)
    logger.info("%d phone numbers refreshed", directory.refresh(staff))


@shared_task
def order_test(patient_id, test):
    patient = Patient.objects.get(pk=patient_id)
    logger.info("order %s for patient %s", Lab().order(patient, test), patient_id)


@shared_task
def forward_letters():
    """Hand over the letters the clinicians' programs put into the folder."""
    letters = sorted(Path(settings.LETTERS_DIR).glob("*.eml"))
    if not letters:
        return
    with Relay() as relay:
        for path in letters:
            relay.send(message_from_bytes(path.read_bytes()))
            path.unlink()
    logger.info("%d letters forwarded", len(letters))


@shared_task
def call_next(room):
    """Show on the screens who comes next."""
    waiting = Appointment.objects.today().filter(arrived=True, room=room).first()
    if waiting is not None:
        live.call_in(waiting)
