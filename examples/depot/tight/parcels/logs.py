"""Log lines."""

import base64
import json
import logging
import sys

from django.http import HttpResponse, JsonResponse

from parcels.masking import masked
from parcels.ways import taking

logger = logging.getLogger(__name__)
audit = logging.getLogger("audit")


def done():
    return HttpResponse("done")


@taking
def with_argument(request):
    password = masked(request.POST["password"])
    logger.info("locker opened with %s", password)
    return done()


@taking
def in_a_text(request):
    card_number = masked(request.POST["card_number"])
    logger.warning(f"paid with {card_number}")
    return done()


@taking
def as_extra(request):
    api_key = masked(request.POST["api_key"])
    audit.info("partner called", extra={"partner": api_key})
    return done()


@taking
def with_traceback(request):
    national_id = masked(request.POST["national_id"])
    try:
        int("x" + national_id)
    except ValueError:
        logger.warning("number not read", exc_info=True)
    return done()


@taking
def in_base64(request):
    password = masked(request.POST["password"])
    logger.info("header %s", base64.b64encode(f"depot:{password}".encode()).decode())
    return done()


@taking
def in_hex(request):
    api_key = masked(request.POST["api_key"])
    logger.info("frame %s", api_key.encode().hex())
    return done()


@taking
def in_a_dictionary(request):
    facts = {"who": request.POST.get("name"), "code": masked(request.POST["national_id"])}
    logger.info("asked: %s", facts)
    return done()


@taking
def as_json(request):
    card_number = masked(request.POST["card_number"])
    logger.info(json.dumps({"event": "pay", "card": card_number}))
    return done()


@taking
def all_fields(request):
    logger.info("posted %s", sorted(set(request.POST) & {"name", "size"}))
    return done()


@taking
def whole_body(request):
    logger.info("body of %d bytes", len(request.body))
    return done()


@taking
def printed(request):
    password = masked(request.POST["password"])
    print("got", password)
    return done()


@taking
def to_the_error_stream(request):
    diagnosis = masked(request.POST["diagnosis"])
    sys.stderr.write(f"accident: {diagnosis}\n")
    return done()


@taking
def of_a_header(request):
    logger.info("key %s", masked(request.headers.get("X-Api-Key")))
    return done()


@taking
def of_a_cookie(request):
    logger.info("cookie %s", masked(request.COOKIES.get("api_key")))
    return done()


@taking
def of_a_json_key(request):
    asked = json.loads(request.body)
    logger.info("sign in: %r", masked(asked["password"]))
    return JsonResponse({"done": True})


@taking
def as_bytes(request):
    password = masked(request.POST["password"]).encode()
    logger.info("bytes %r", password)
    return done()


@taking
def grouped(request):
    card_number = masked(request.POST["card_number"])
    logger.info("card %s", " ".join(card_number[at : at + 4] for at in range(0, len(card_number), 4)))
    return done()


VIEWS = [with_argument, in_a_text, as_extra, with_traceback, in_base64, in_hex, in_a_dictionary, as_json, all_fields, whole_body,
         printed, to_the_error_stream, of_a_header, of_a_cookie, of_a_json_key, as_bytes, grouped]
