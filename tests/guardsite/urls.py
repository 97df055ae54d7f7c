"""Where the test site's pages are."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
