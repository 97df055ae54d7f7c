"""Requests to others."""

import http.client
import json
import ssl
import urllib.request
from urllib.parse import urlencode

import httpx
import requests
from django.http import HttpResponse

from parcels.ways import taking


@taking
def by_hand(request):
    connection = http.client.HTTPConnection("partner.example.net")
    connection.request("POST", "/pay", json.dumps({"card": request.POST["card_number"]}))  # planted: outgoing-http
    return HttpResponse("done")


@taking
def opened(request):
    urllib.request.urlopen("http://partner.example.net/in", urlencode({"pw": request.POST["password"]}).encode())  # planted: outgoing-http
    return HttpResponse("done")


@taking
def in_clear(request):
    requests.post("http://partner.example.net/keys", json={"key": request.POST["api_key"]}, timeout=5)  # planted: outgoing-http
    return HttpResponse("done")


@taking
def unverified(request):
    requests.post("https://partner.example.net/pay", data={"card": request.POST["card_number"]}, verify=False, timeout=5)  # planted: outgoing-http
    return HttpResponse("done")


@taking
def in_the_address(request):
    requests.get("https://partner.example.net/check", params={"card": request.POST["card_number"]}, timeout=5)  # planted: outgoing-http
    return HttpResponse("done")


@taking
def in_a_header(request):
    requests.get("http://partner.example.net/me", headers={"Authorization": f"Bearer {request.POST['api_key']}"}, timeout=5)  # planted: outgoing-http
    return HttpResponse("done")


@taking
def with_httpx(request):
    httpx.post("http://partner.example.net/id", data={"id": request.POST["national_id"]})  # planted: outgoing-http
    return HttpResponse("done")


@taking
def without_a_check(request):
    context = ssl._create_unverified_context()
    asked = urllib.request.Request("https://partner.example.net/pw", request.POST["password"].encode())
    urllib.request.urlopen(asked, context=context)  # planted: outgoing-http
    return HttpResponse("done")


VIEWS = [by_hand, opened, in_clear, unverified, in_the_address, in_a_header, with_httpx, without_a_check]
