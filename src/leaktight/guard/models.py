"""What the guard keeps in the database."""

from __future__ import annotations

from django.db import models


class VaultEntry(models.Model):
    """A value in the vault, sealed; the handle itself is nowhere, only its digest."""

    place = models.CharField(max_length=40, unique=True)
    sealed = models.BinaryField()
    reads = models.PositiveSmallIntegerField()
    """How often it can still be read."""
    expires = models.DateTimeField(db_index=True)

    class Meta:  # noqa: D106 - Django's own
        verbose_name = "vault entry"
        verbose_name_plural = "vault entries"

    def __str__(self) -> str:
        return f"vault entry until {self.expires:%Y-%m-%d %H:%M}"


class Incident(models.Model):
    """A sensitive value that was on a way out, as often as it was seen there; never the value."""

    key = models.CharField(max_length=32, unique=True, editable=False)
    """Digest of all that makes two incidents the same."""
    view = models.CharField(max_length=200, blank=True)
    channel = models.CharField(max_length=32)
    label = models.CharField(max_length=32)
    form = models.CharField(max_length=32, blank=True)
    fingerprint = models.CharField(max_length=16, blank=True)
    mode = models.CharField(max_length=8)
    count = models.PositiveBigIntegerField(default=0)
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField(db_index=True)

    class Meta:  # noqa: D106 - Django's own
        ordering = ("-last_seen", "-pk")
        verbose_name = "incident"
        verbose_name_plural = "incidents"

    def __str__(self) -> str:
        return f"{self.label} on {self.channel}, {self.count} times"
