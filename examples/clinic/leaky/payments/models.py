"""What patients paid. A card is known by its last four digits and the reference of the gateway."""

from django.db import models

from appointments.models import Appointment


class Payment(models.Model):
    OPEN, PAID, REFUNDED = "open", "paid", "refunded"

    appointment = models.ForeignKey(Appointment, on_delete=models.PROTECT, related_name="payments")
    amount = models.DecimalField(max_digits=8, decimal_places=2)
    card_type = models.CharField(max_length=20, blank=True)
    card_last4 = models.CharField(max_length=4, blank=True)
    reference = models.CharField(max_length=64, unique=True, null=True)
    status = models.CharField(max_length=10, default=OPEN)
    created = models.DateTimeField(auto_now_add=True)

    def __str__(self):
        return f"payment {self.pk} of {self.amount}, {self.status}"
