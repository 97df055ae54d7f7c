"""Views that keep something: in the session, in the vault, and on the page that shows it once."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from leaktight.guard import sensitive
from leaktight.guard.pages import SecretPage, hand_over


@csrf_exempt
@sensitive("combination")
def keep(request: HttpRequest) -> HttpResponse:
    return hand_over(request, request.POST["combination"], to="secret")


def visit(request: HttpRequest) -> HttpResponse:
    request.session["visits"] = request.session.get("visits", 0) + 1
    return HttpResponse(str(request.session["visits"]))


urlpatterns = [
    path("keep/", keep),
    path("visit/", visit),
    path("secret/<str:handle>/", SecretPage.as_view(), name="secret"),
]
