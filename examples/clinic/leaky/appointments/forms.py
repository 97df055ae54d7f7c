"""Booking."""

from django import forms

from appointments.models import Appointment


class BookForm(forms.ModelForm):
    class Meta:
        model = Appointment
        fields = ["clinician", "starts", "by_video"]
        widgets = {"starts": forms.DateTimeInput(attrs={"type": "datetime-local"})}
