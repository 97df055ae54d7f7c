"""Registration, the search of the desk, the record, and the screen in the waiting room."""

import csv
import logging

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import DetailView, FormView, TemplateView

from accounts.mixins import PrivateMixin, StaffMixin
from patients import registration
from patients.forms import FindForm, RegisterForm
from patients.models import Note, Patient

logger = logging.getLogger(__name__)

PASSCODE_TRIES = 5


@method_decorator(sensitive_post_parameters("password", "national_id"), name="dispatch")
@method_decorator(never_cache, name="dispatch")
class RegisterView(View):
    """First page: who are you?"""

    def get(self, request):
        return render(request, "patients/register.html", {"form": RegisterForm()})

    def post(self, request):
        form = RegisterForm(request.POST)
        if not form.is_valid():
            return render(request, "patients/register.html", {"form": form})
        registration.begin(request.session, form.cleaned_data)
        return redirect("patients:consent")


@method_decorator(never_cache, name="dispatch")
class ConsentView(TemplateView):
    """Second page: may we keep your record?"""

    template_name = "patients/consent.html"

    def dispatch(self, request, *args, **kwargs):
        if not registration.is_waiting(request.session):
            return redirect("patients:register")
        return super().dispatch(request, *args, **kwargs)

    def post(self, request):
        patient = registration.finish(request.session)
        logger.info("patient %s registered", patient.pk)
        messages.success(request, "You are registered. Please sign in.")
        return redirect("accounts:login")


@method_decorator(sensitive_post_parameters("national_id"), name="dispatch")
class FindView(StaffMixin, FormView):
    """The desk looks somebody up."""

    template_name = "patients/find.html"
    form_class = FindForm

    def form_valid(self, form):
        patient = Patient.objects.filter(national_id=form.cleaned_data["national_id"]).first()
        if patient is None:
            messages.error(self.request, "Nobody has this number.")
            return redirect("patients:find")
        return redirect("patients:record", pk=patient.pk)


class RecordView(StaffMixin, DetailView):
    template_name = "patients/record.html"
    queryset = Patient.objects.select_related("account").prefetch_related("notes")


@login_required
@never_cache
def export_notes(request):
    """My own notes as a table."""
    patient = get_object_or_404(Patient, account=request.user)
    response = HttpResponse(content_type="text/csv")
    response["Content-Disposition"] = 'attachment; filename="notes.csv"'
    rows = csv.writer(response)
    rows.writerow(["date", "diagnosis"])
    for note in Note.objects.filter(patient=patient):
        rows.writerow([note.created.date(), note.diagnosis])
    return response


@method_decorator(sensitive_post_parameters("passcode"), name="dispatch")
@method_decorator(never_cache, name="dispatch")
class KioskView(TemplateView):
    """Check in without queueing: the passcode of the day was sent by text message."""

    template_name = "patients/kiosk.html"

    def post(self, request):
        passcode = request.POST.get("passcode", "")
        tries = request.session.get("passcode_tries", 0)
        if tries >= PASSCODE_TRIES:
            raise Http404
        appointment = arriving_today(passcode)
        if appointment is None:
            request.session["passcode_tries"] = tries + 1
            logger.info("kiosk: wrong passcode, try %d, length %d", tries + 1, len(passcode))
            return redirect("patients:kiosk")
        return self.welcome(appointment)

    def welcome(self, appointment):
        logger.info("checked in: %s", appointment.patient)
        appointment.arrived = True
        appointment.save(update_fields=["arrived"])
        self.request.session["visit"] = appointment.pk
        return redirect("patients:kiosk-welcome")


class KioskWelcomeView(TemplateView):
    template_name = "patients/kiosk_welcome.html"


class SummaryView(PrivateMixin, TemplateView):
    """What we know about the signed-in patient."""

    template_name = "patients/summary.html"

    def get_context_data(self, **kwargs):
        patient = get_object_or_404(Patient, account=self.request.user)
        notes = patient.notes.all()[:5]
        return {**super().get_context_data(**kwargs), "patient": patient, "notes": notes}


def arriving_today(passcode):
    """The appointment of today that was given this passcode."""
    from appointments.models import Appointment

    for appointment in Appointment.objects.today().filter(arrived=False).select_related("patient__account"):
        if appointment.has_passcode(passcode):
            return appointment
    return None
