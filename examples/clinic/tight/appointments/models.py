"""Appointments, in the house or by video."""

import secrets

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts.models import digest
from patients.models import Patient


class AppointmentQuerySet(models.QuerySet):
    def today(self):
        return self.filter(starts__date=timezone.localdate())

    def upcoming(self):
        return self.filter(starts__gte=timezone.now(), cancelled=False)


class Appointment(models.Model):
    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="appointments")
    clinician = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    starts = models.DateTimeField()
    room = models.CharField(max_length=20, blank=True)
    by_video = models.BooleanField(default=False)
    diagnosis = models.CharField("what it is about", max_length=200, blank=True)
    join_token = models.CharField(max_length=64, default=secrets.token_urlsafe, editable=False)
    passcode_digest = models.CharField(max_length=64, blank=True, editable=False)
    arrived = models.BooleanField(default=False)
    cancelled = models.BooleanField(default=False)

    objects = AppointmentQuerySet.as_manager()

    class Meta:
        ordering = ["starts"]

    def new_passcode(self):
        """Make the passcode of the day and remember only its digest."""
        passcode = f"{secrets.randbelow(10**8):08}"
        self.passcode_digest = digest(passcode)
        self.save(update_fields=["passcode_digest"])
        return passcode

    def has_passcode(self, passcode):
        return constant_time_compare(self.passcode_digest, digest(passcode))
