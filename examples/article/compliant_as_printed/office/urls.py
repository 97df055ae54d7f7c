"""Where the combination is left, and where one is sent afterwards."""

from django.urls import path

from safe.views import CombinationView, SecurePageView

urlpatterns = [
    path("combination/", CombinationView.as_view(), name="combination"),
    path("secure_page", SecurePageView.as_view(), name="secure-page"),
]
