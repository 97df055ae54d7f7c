"""What happens to appointments overnight."""

import datetime
import logging

from celery import shared_task
from django.core.mail import EmailMessage
from django.utils import timezone

from appointments.models import Appointment
from integrations.sms import send_text

logger = logging.getLogger(__name__)


@shared_task
def remind():
    """Remind by mail the day before."""
    tomorrow = timezone.localdate() + datetime.timedelta(days=1)
    due = Appointment.objects.upcoming().filter(starts__date=tomorrow)
    for appointment in due.select_related("patient__account"):
        account = appointment.patient.account
        facts = {"name": account.first_name, "starts": appointment.starts, "about": appointment.diagnosis}
        EmailMessage("Your appointment", reminder_text(facts), to=[account.email]).send()  # leak: secret-in-mail
    logger.info("%d reminders sent", len(due))


@shared_task
def send_passcodes():
    """Send everybody who comes today the passcode for the kiosk."""
    for appointment in Appointment.objects.today().select_related("patient__account"):
        passcode = appointment.new_passcode()
        send_text(appointment.patient.account.phone, f"Your passcode for today is {passcode}. It works once.")


def reminder_text(facts):
    return f"Dear {facts['name']},\n\nwe look forward to seeing you on {facts['starts']:%d %B at %H:%M} about {facts['about']}.\n"
