"""Where the test site's pages are."""

from django.urls import include, path

urlpatterns = [
    path("", include("guardsite.views_going")),
    path("", include("guardsite.views_keeping")),
    path("", include("guardsite.views_coming")),
    path("", include("guardsite.views_api")),
    path("", include("guardsite.views_errors")),
    path("", include("guardsite.views_corpus")),
    path("", include("guardsite.views_classes")),
]
