"""Addresses about partners."""

from django.urls import path

from integrations import views

app_name = "integrations"

urlpatterns = [
    path("", views.PartnerListView.as_view(), name="partners"),
    path("<int:pk>/", views.PartnerView.as_view(), name="partner"),
    path("lab/<slug:number>/", views.LabResultView.as_view(), name="lab-result"),
    path("claim/", views.new_claim, name="new-claim"),
]
