"""The people we treat, and the parts of their record this site shows."""

from django.conf import settings
from django.db import models


class Patient(models.Model):
    account = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    national_id = models.CharField("health service number", max_length=16, unique=True)
    birth_date = models.DateField()
    blood_type = models.CharField(max_length=3, blank=True)
    insurer = models.CharField(max_length=80, blank=True)
    consented = models.DateTimeField(null=True, blank=True)

    def __str__(self):
        return f"{self.account.get_full_name()} ({self.national_id})"


class Note(models.Model):
    """What a clinician wrote down."""

    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="notes")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    diagnosis = models.CharField(max_length=200)
    text = models.TextField(blank=True)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created"]
