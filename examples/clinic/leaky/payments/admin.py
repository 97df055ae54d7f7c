"""Payments in the admin."""

from django.contrib import admin

from payments.models import Payment


@admin.register(Payment)
class PaymentAdmin(admin.ModelAdmin):
    list_display = ["pk", "amount", "card_type", "card_last4", "status", "created"]
    list_filter = ["status"]
    raw_id_fields = ["appointment"]
