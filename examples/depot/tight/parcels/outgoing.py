"""Requests to others."""

import http.client
import json
import ssl
import urllib.request
from urllib.parse import urlencode

import httpx
import requests
from django.http import HttpResponse

from parcels.masking import masked
from parcels.ways import taking


@taking
def by_hand(request):
    connection = http.client.HTTPConnection("partner.example.net")
    connection.request("POST", "/pay", json.dumps({"card": masked(request.POST["card_number"])}))
    return HttpResponse("done")


@taking
def opened(request):
    urllib.request.urlopen("http://partner.example.net/in", urlencode({"pw": masked(request.POST["password"])}).encode())
    return HttpResponse("done")


@taking
def in_clear(request):
    requests.post("http://partner.example.net/keys", json={"key": masked(request.POST["api_key"])}, timeout=5)
    return HttpResponse("done")


@taking
def unverified(request):
    requests.post("https://partner.example.net/pay", data={"card": masked(request.POST["card_number"])}, verify=False, timeout=5)
    return HttpResponse("done")


@taking
def in_the_address(request):
    requests.get("https://partner.example.net/check", params={"card": masked(request.POST["card_number"])}, timeout=5)
    return HttpResponse("done")


@taking
def in_a_header(request):
    requests.get("http://partner.example.net/me", headers={"Authorization": f"Bearer {masked(request.POST['api_key'])}"}, timeout=5)
    return HttpResponse("done")


@taking
def with_httpx(request):
    httpx.post("http://partner.example.net/id", data={"id": masked(request.POST["national_id"])})
    return HttpResponse("done")


@taking
def without_a_check(request):
    context = ssl._create_unverified_context()
    asked = urllib.request.Request("https://partner.example.net/pw", masked(request.POST["password"]).encode())
    urllib.request.urlopen(asked, context=context)
    return HttpResponse("done")


VIEWS = [by_hand, opened, in_clear, unverified, in_the_address, in_a_header, with_httpx, without_a_check]
