"""What the depot knows."""

from django.db import models


class Locker(models.Model):
    """A locker somebody rents."""

    name = models.CharField(max_length=80)
    pin_password = models.CharField(max_length=120, blank=True)
    api_key = models.CharField(max_length=120, blank=True)
    card_number = models.CharField(max_length=40, blank=True)


class Report(models.Model):
    """What the depot's doctor wrote down after an accident."""

    title = models.CharField(max_length=80)
    diagnosis = models.CharField(max_length=120)
