"""Endpoints of Django REST framework and django-ninja that send back what they are sent."""

from __future__ import annotations

from typing import Any

import brotli
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI, Schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from leaktight.guard import sensitive


@sensitive("gate_word")
class Echo(APIView):
    authentication_classes: list[Any] = []  # noqa: RUF012 - as the framework has it
    permission_classes: list[Any] = []  # noqa: RUF012

    def post(self, request: Request) -> Response:
        return Response({"echo": request.data["gate_word"]})


class Payment(Schema):
    gate_word: str


api = NinjaAPI(docs_url=None, openapi_url=None)


@api.post("echo/")
@sensitive("gate_word")
def echo(request: HttpRequest, payment: Payment) -> dict[str, str]:
    return {"echo": payment.gate_word}


@csrf_exempt
@sensitive("gate_word")
def packed(request: HttpRequest) -> HttpResponse:
    return HttpResponse(brotli.compress(request.body), headers={"Content-Encoding": "br"})


urlpatterns = [path("rest/", Echo.as_view()), path("ninja/", api.urls), path("brotli/", packed)]
