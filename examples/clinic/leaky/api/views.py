"""The interface for partners' systems and our own front end."""

import logging

from django.contrib.auth import get_user_model
from django.http import JsonResponse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import ParseError
from rest_framework.pagination import CursorPagination
from rest_framework.permissions import IsAdminUser
from rest_framework.response import Response

from accounts.mixins import StaffMixin
from accounts.models import ApiClient
from api.serializers import ApiClientSerializer, ColleagueSerializer, SlotSerializer
from appointments.models import Appointment
from integrations.insurer import Cover
from integrations.video import open_room
from patients.models import Patient

logger = logging.getLogger(__name__)


class ByStart(CursorPagination):
    ordering = "starts"
    page_size = 50
    cursor_query_param = "page_token"


@method_decorator(never_cache, name="dispatch")
class SlotViewSet(viewsets.ReadOnlyModelViewSet):
    serializer_class = SlotSerializer
    pagination_class = ByStart

    def get_queryset(self):
        return Appointment.objects.upcoming()

    def list(self, request, *args, **kwargs):
        logger.info("slots asked for, page %s", request.query_params.get("page_token", "first"))
        return super().list(request, *args, **kwargs)

    @action(detail=True, methods=["post"], permission_classes=[IsAdminUser])
    def call_in(self, request, pk=None):
        """Open the room of a video appointment."""
        try:
            open_room(self.get_object())
        except Exception as problem:
            return Response({"detail": str(problem)}, status=502)  # leak: exception-text-in-response
        return Response({"detail": "open"})


@method_decorator(sensitive_post_parameters("password"), name="dispatch")
@method_decorator(never_cache, name="dispatch")
class ColleagueViewSet(mixins.CreateModelMixin, mixins.ListModelMixin, viewsets.GenericViewSet):
    """The staff; administrators add colleagues here."""

    serializer_class = ColleagueSerializer
    permission_classes = [IsAdminUser]
    queryset = get_user_model().objects.filter(is_staff=True).order_by("username")

    def perform_create(self, serializer):
        logger.info("new colleague: %s", serializer.validated_data)  # leak: secret-in-log
        serializer.save()


@method_decorator(never_cache, name="dispatch")
class ApiClientViewSet(viewsets.ReadOnlyModelViewSet):
    serializer_class = ApiClientSerializer
    permission_classes = [IsAdminUser]
    queryset = ApiClient.objects.order_by("name")


@method_decorator(never_cache, name="dispatch")
class CoverViewSet(viewsets.ViewSet):
    """Does an insurer pay for a treatment?"""

    permission_classes = [IsAdminUser]

    def create(self, request):
        if "treatment" not in request.data:
            logger.warning("incomplete question: %s", request.data)  # leak: whole-request-in-log
            raise ParseError("treatment is missing")
        patient = Patient.objects.select_related("account").get(national_id=request.data.get("national_id"))
        return Response({"covered": Cover(patient).ask(request.data["treatment"])})


class CliniciansView(StaffMixin, View):
    """For the picker of the booking page."""

    def get(self, request):
        clinicians = get_user_model().objects.filter(is_clinician=True, is_active=True)
        return JsonResponse({"clinicians": list(clinicians.values())})  # leak: overexposed-fields
