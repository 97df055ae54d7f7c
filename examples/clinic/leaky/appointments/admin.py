"""Appointments in the admin."""

from django.contrib import admin

from appointments.models import Appointment


@admin.register(Appointment)
class AppointmentAdmin(admin.ModelAdmin):
    list_display = ["pk", "clinician", "starts", "room", "arrived", "cancelled"]
    list_filter = ["by_video", "arrived"]
    raw_id_fields = ["patient", "clinician"]
