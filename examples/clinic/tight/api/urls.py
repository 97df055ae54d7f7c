"""Addresses of the API."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from api import views

app_name = "api"

router = SimpleRouter()
router.register("slots", views.SlotViewSet, basename="slot")
router.register("colleagues", views.ColleagueViewSet, basename="colleague")
router.register("clients", views.ApiClientViewSet, basename="client")
router.register("cover", views.CoverViewSet, basename="cover")

urlpatterns = [
    path("", include(router.urls)),
    path("clinicians/", views.CliniciansView.as_view(), name="clinicians"),
]
