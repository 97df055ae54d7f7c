"""Patients in the admin."""

from django.contrib import admin

from patients.models import Note, Patient


@admin.register(Patient)
class PatientAdmin(admin.ModelAdmin):
    list_display = ["pk", "account", "insurer"]
    raw_id_fields = ["account"]


@admin.register(Note)
class NoteAdmin(admin.ModelAdmin):
    list_display = ["pk", "patient_id", "author", "created"]
    raw_id_fields = ["patient", "author"]
