"""Every address of the site."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from clinic.health import healthz

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="appointments:list")),
    path("admin/", admin.site.urls),
    path("accounts/", include("accounts.urls")),
    path("patients/", include("patients.urls")),
    path("appointments/", include("appointments.urls")),
    path("payments/", include("payments.urls")),
    path("partners/", include("integrations.urls")),
    path("api/", include("api.urls")),
    path("healthz", healthz),
]
