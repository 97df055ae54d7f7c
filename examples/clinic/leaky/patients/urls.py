"""Addresses of patients."""

from django.urls import path

from patients import views

app_name = "patients"

urlpatterns = [
    path("register/", views.RegisterView.as_view(), name="register"),
    path("consent/", views.ConsentView.as_view(), name="consent"),
    path("find/", views.FindView.as_view(), name="find"),
    path("me/", views.SummaryView.as_view(), name="summary"),
    path("me/notes.csv", views.export_notes, name="export-notes"),
    path("<int:pk>/", views.RecordView.as_view(), name="record"),
    path("kiosk/", views.KioskView.as_view(), name="kiosk"),
    path("kiosk/welcome/", views.KioskWelcomeView.as_view(), name="kiosk-welcome"),
]
