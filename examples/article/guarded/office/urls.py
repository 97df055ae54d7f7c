"""Where the combination is handed over, and where it is shown once."""

from django.urls import path
from leaktight.guard.pages import SecretPage

from safe.views import CombinationView

urlpatterns = [
    path("combination/", CombinationView.as_view(), name="combination"),
    path("secret/<str:handle>/", SecretPage.as_view(), name="secret"),
]
