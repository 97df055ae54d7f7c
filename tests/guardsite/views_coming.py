"""Views that are asked in clear, by addresses that tell too much, and from other sites."""

from __future__ import annotations

import json

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from leaktight.guard import sensitive


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse("a page")


@csrf_exempt
@sensitive("card", label="card")
def pay(request: HttpRequest, card: str = "") -> HttpResponse:
    return HttpResponse("paid")


@csrf_exempt
def open_to_all(request: HttpRequest) -> HttpResponse:
    return HttpResponse("done")


class Api(View):
    @sensitive("pin")
    def post(self, request: HttpRequest) -> JsonResponse:
        return JsonResponse({"length": len(json.loads(request.body)["pin"])})


urlpatterns = [
    path("page/", page, name="page"),
    path("pay/", pay, name="pay"),
    path("pay/<str:card>/", pay),
    path("open/", open_to_all),
    path("api/", csrf_exempt(Api.as_view())),
]
