"""Cookies."""

import base64
import json
from urllib.parse import quote

from django.contrib import messages
from django.http import HttpResponse

from parcels.masking import masked
from parcels.ways import taking

FLAGS = {"secure": True, "httponly": True, "samesite": "Strict"}


@taking
def plain(request):
    answer = HttpResponse("done")
    answer.set_cookie("__Host-card", masked(request.POST["card_number"]), **FLAGS)
    return answer


@taking
def signed(request):
    answer = HttpResponse("done")
    answer.set_signed_cookie("__Host-id", masked(request.POST["national_id"]), **FLAGS)
    return answer


@taking
def in_base64(request):
    answer = HttpResponse("done")
    answer.set_cookie("__Host-state", base64.b64encode(masked(request.POST["password"]).encode()).decode(), **FLAGS)
    return answer


@taking
def as_json(request):
    answer = HttpResponse("done")
    answer.set_cookie("__Host-basket", json.dumps({"pay, with": masked(request.POST["card_number"])}), **FLAGS)
    return answer


@taking
def in_percents(request):
    answer = HttpResponse("done")
    answer.set_cookie("__Host-last", quote(json.dumps([masked(request.POST["password"])])), **FLAGS)
    return answer


@taking
def in_hex(request):
    answer = HttpResponse("done")
    answer.set_cookie("__Host-h", masked(request.POST["national_id"]).encode().hex(), **FLAGS)
    return answer


@taking
def as_a_message(request):
    messages.info(request, f"Card {masked(request.POST['card_number'])} was charged.")
    return HttpResponse("done")


@taking
def json_in_base64(request):
    visit = json.dumps({"room": 4, "national_id": masked(request.POST["national_id"])})
    answer = HttpResponse("done")
    answer.set_cookie("__Host-visit", base64.urlsafe_b64encode(visit.encode()).decode(), **FLAGS)
    return answer


VIEWS = [plain, signed, in_base64, as_json, in_percents, in_hex, as_a_message, json_in_base64]
