"""Values in a form that nobody else uses: homemade ciphers hide nothing."""

import hashlib
import logging
from itertools import cycle

from django.conf import settings
from django.http import HttpResponse, JsonResponse

from parcels.ways import taking

log = logging.getLogger("depot.computed")
_KEY = b"parcel"
_SHIFTED = {chr(at): chr((at - 97 + 13) % 26 + 97) for at in range(97, 123)}


def _turned(text):
    return "".join(_SHIFTED.get(character, character) for character in text)


def _mixed(text):
    return bytes(one ^ key for one, key in zip(text.encode(), cycle(_KEY))).hex()


@taking
def turned(request):
    password = request.POST["password"]
    return HttpResponse(f"Your code is {_turned(password)}.", content_type="text/plain")  # planted: response-body


@taking
def mixed(request):
    api_key = request.POST["api_key"]
    log.info("key %s", _mixed(api_key))  # planted: log
    return JsonResponse({"done": True})


@taking
def shuffled(request):
    card_number = request.POST["card_number"]
    response = JsonResponse({"done": True})
    response["X-Card"] = card_number[1::2] + card_number[::2]  # planted: response-header
    return response


@taking
def shown(request):
    card_number, password = request.POST["card_number"], request.POST["password"]
    digest = hashlib.sha256(f"{settings.SECRET_KEY}{password}".encode()).hexdigest()
    return JsonResponse({"card": f"{'*' * 12}{card_number[-4:]}", "length": len(password), "digest": digest})


VIEWS = (turned, mixed, shuffled, shown)
