"""Addresses of appointments."""

from django.urls import path

from appointments import views

app_name = "appointments"

urlpatterns = [
    path("", views.MyAppointmentsView.as_view(), name="list"),
    path("book/", views.BookView.as_view(), name="book"),
    path("today/", views.day_sheet, name="day-sheet"),
    path("<int:pk>/cancel/", views.cancel, name="cancel"),
    path("<int:pk>/video/", views.WaitForVideoView.as_view(), name="video"),
]
