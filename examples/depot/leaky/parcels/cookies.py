"""Cookies."""

import base64
import json
from urllib.parse import quote

from django.contrib import messages
from django.http import HttpResponse

from parcels.ways import taking

FLAGS = {"secure": True, "httponly": True, "samesite": "Strict"}


@taking
def plain(request):
    answer = HttpResponse("done")
    answer.set_cookie("__Host-card", request.POST["card_number"], **FLAGS)  # planted: cookie
    return answer


@taking
def signed(request):
    answer = HttpResponse("done")
    answer.set_signed_cookie("__Host-id", request.POST["national_id"], **FLAGS)  # planted: cookie
    return answer


@taking
def in_base64(request):
    answer = HttpResponse("done")
    answer.set_cookie("__Host-state", base64.b64encode(request.POST["password"].encode()).decode(), **FLAGS)  # planted: cookie
    return answer


@taking
def as_json(request):
    answer = HttpResponse("done")
    answer.set_cookie("__Host-basket", json.dumps({"pay, with": request.POST["card_number"]}), **FLAGS)  # planted: cookie
    return answer


@taking
def in_percents(request):
    answer = HttpResponse("done")
    answer.set_cookie("__Host-last", quote(json.dumps([request.POST["password"]])), **FLAGS)  # planted: cookie
    return answer


@taking
def in_hex(request):
    answer = HttpResponse("done")
    answer.set_cookie("__Host-h", request.POST["national_id"].encode().hex(), **FLAGS)  # planted: cookie
    return answer


@taking
def as_a_message(request):
    messages.info(request, f"Card {request.POST['card_number']} was charged.")
    return HttpResponse("done")  # planted: cookie


@taking
def json_in_base64(request):
    visit = json.dumps({"room": 4, "national_id": request.POST["national_id"]})
    answer = HttpResponse("done")
    answer.set_cookie("__Host-visit", base64.urlsafe_b64encode(visit.encode()).decode(), **FLAGS)  # planted: cookie
    return answer


VIEWS = [plain, signed, in_base64, as_json, in_percents, in_hex, as_a_message, json_in_base64]
