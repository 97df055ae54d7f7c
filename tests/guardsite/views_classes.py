"""Class-based views of the guard, and views behind links with a token."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import path

from leaktight.guard.classes import SensitiveFormView, SensitiveView, token_from_session


class SlipForm(forms.Form):
    slip = forms.CharField(max_length=40)


class Slip(SensitiveView):
    sensitive_names = ("slip",)

    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("a form")

    def post(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse(f"You sent {request.POST['slip']}")


class SlipOfForm(SensitiveFormView):
    sensitive_names = {"slip": "card"}  # noqa: RUF012 - as views have it
    form_class = SlipForm
    success_url = "/done/"

    def form_valid(self, form: Any) -> HttpResponse:
        return HttpResponse(f"You sent {form.cleaned_data['slip']}")


@token_from_session("token")
def linked(request: HttpRequest, token: str) -> HttpResponse:
    return HttpResponse(f'<a href="https://other.example/">x</a> {len(token)}')


@token_from_session("token")
async def linked_async(request: HttpRequest, token: str) -> HttpResponse:
    return HttpResponse(f"{len(token)}")


urlpatterns = [
    path("slip/", Slip.as_view()),
    path("slip/form/", SlipOfForm.as_view()),
    path("linked/<str:token>/", linked, name="linked"),
    path("linked/async/<str:token>/", linked_async, name="linked-async"),
]
