"""Where the combination is handed over, and where one is sent afterwards."""

from django.urls import path

from safe.views import CombinationView, SecurePageView

urlpatterns = [
    path("combination/", CombinationView.as_view(), name="combination"),
    path("secure-page/", SecurePageView.as_view(), name="secure-page"),
]
