"""What patients and clinicians do with appointments."""

import logging

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views import View
from django.views.decorators.cache import cache_page
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from django.views.generic import CreateView, ListView

from accounts.mixins import PrivateMixin
from appointments.forms import BookForm
from appointments.models import Appointment
from patients.models import Patient

logger = logging.getLogger(__name__)


class MyAppointmentsView(PrivateMixin, ListView):
    template_name = "appointments/list.html"
    context_object_name = "appointments"
    paginate_by = 20

    def get_queryset(self):
        return Appointment.objects.upcoming().filter(patient__account=self.request.user)


class BookView(PrivateMixin, CreateView):
    template_name = "appointments/book.html"
    form_class = BookForm

    def form_valid(self, form):
        form.instance.patient = get_object_or_404(Patient, account=self.request.user)
        appointment = form.save()
        logger.info("appointment %s booked", appointment.pk)
        return HttpResponseRedirect("http://" + settings.SITE_HOST + reverse("appointments:list"))  # leak: cleartext-redirect


@csrf_exempt  # leak: csrf-missing
@login_required
@require_POST
def cancel(request, pk):
    appointment = get_object_or_404(Appointment, pk=pk, patient__account=request.user)
    appointment.cancelled = True
    appointment.save(update_fields=["cancelled"])
    messages.success(request, "The appointment was cancelled.")
    return redirect("appointments:list")


@cache_page(300)  # leak: cacheable-secret
@login_required
def day_sheet(request):
    """Who comes today, and with what; for the signed-in clinician."""
    sheet = Appointment.objects.today().filter(clinician=request.user)
    rows = [(a.starts, a.room, a.patient.account.get_full_name(), a.diagnosis) for a in sheet]
    return render(request, "appointments/day_sheet.html", {"rows": rows})


class WaitForVideoView(PrivateMixin, View):
    """The page a patient waits on; the player on it opens the call."""

    def get(self, request, pk):
        mine = Appointment.objects.upcoming().filter(patient__account=request.user, by_video=True)
        appointment = get_object_or_404(mine, pk=pk)
        page = render(request, "appointments/video.html", {"appointment": appointment, "host": settings.VIDEO_URL})
        page.set_cookie("clinic_room", appointment.join_token, max_age=7200, secure=True, samesite="Strict")  # leak: cookie-without-http-only
        return page
