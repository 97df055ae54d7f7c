"""A site without the guard, and without care: it takes every POST, and shows a secret once without a word about keeping it."""

from __future__ import annotations

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path

SECRET = "7 left 21 right 4 left k7Qz9fWx2"
_left = [SECRET]


def combination(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"<p>taken: {request.POST.get('sensitive_info')}</p>")


def secret(_: HttpRequest) -> HttpResponse:
    return HttpResponse(f"<p id=secret>{_left.pop() if _left else 'Nothing to show'}</p>")


urlpatterns = [path("combination/", combination), path("secret/", secret), path("", lambda _: HttpResponse("home"))]

settings.configure(SECRET_KEY="test-only-" + "k" * 40, ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, MIDDLEWARE=[])
application = get_wsgi_application()
