"""One address."""

from django.urls import path

from safe.views import CombinationView

urlpatterns = [path("combination/", CombinationView.as_view(), name="combination")]
