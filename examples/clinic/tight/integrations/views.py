"""What the staff sees of the partners."""

import logging

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.views import View
from django.views.decorators.cache import never_cache

from accounts.mixins import StaffMixin
from integrations.insurer import claim_url, is_member
from integrations.lab import fetch_result
from integrations.models import Partner
from patients.models import Patient

logger = logging.getLogger(__name__)


class PartnerListView(StaffMixin, View):
    def get(self, request):
        partners = Partner.objects.order_by("name")
        return JsonResponse({"partners": [{"id": p.pk, "name": p.name, "active": p.active} for p in partners]})


class PartnerView(StaffMixin, View):
    """One partner, for the page on which the operator tries a connection out."""

    def get(self, request, pk):
        partner = get_object_or_404(Partner, pk=pk)
        facts = {"name": partner.name, "address": partner.address, "login": partner.login}
        facts["has_password"] = bool(partner.password)
        return JsonResponse(facts)


class LabResultView(StaffMixin, View):
    def get(self, request, number):
        try:
            return JsonResponse({"observations": fetch_result(number)})
        except OSError as problem:
            logger.error("lab result %s: %s", number, type(problem).__name__)
            return JsonResponse({"error": "The laboratory does not answer."}, status=502)


@login_required
@never_cache
def new_claim(request):
    """Send the patient on to the insurer's site."""
    patient = get_object_or_404(Patient, account=request.user)
    if not is_member(patient):
        messages.error(request, "Your insurer does not know you; please ask at the desk.")
        return redirect("patients:summary")
    return redirect(claim_url(patient))
