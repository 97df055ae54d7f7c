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
