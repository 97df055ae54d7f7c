"""The partners the clinic exchanges data with."""

from django.db import models


class Partner(models.Model):
    """Where a partner is reached and how we sign in there. The operator edits this in the admin."""

    name = models.CharField(max_length=80, unique=True)
    address = models.URLField()
    login = models.CharField(max_length=80)
    password = models.CharField(max_length=200)
    active = models.BooleanField(default=True)

    def __str__(self):
        return self.name
