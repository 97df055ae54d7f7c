"""Log lines."""

import base64
import json
import logging
import sys

from django.http import HttpResponse, JsonResponse

from parcels.ways import taking

logger = logging.getLogger(__name__)
audit = logging.getLogger("audit")


def done():
    return HttpResponse("done")


@taking
def with_argument(request):
    password = request.POST["password"]
    logger.info("locker opened with %s", password)  # planted: log
    return done()


@taking
def in_a_text(request):
    card_number = request.POST["card_number"]
    logger.warning(f"paid with {card_number}")  # planted: log
    return done()


@taking
def as_extra(request):
    api_key = request.POST["api_key"]
    audit.info("partner called", extra={"partner": api_key})  # planted: log
    return done()


@taking
def with_traceback(request):
    national_id = request.POST["national_id"]
    try:
        int("x" + national_id)
    except ValueError:
        logger.warning("number not read", exc_info=True)  # planted: log
    return done()


@taking
def in_base64(request):
    password = request.POST["password"]
    logger.info("header %s", base64.b64encode(f"depot:{password}".encode()).decode())  # planted: log
    return done()


@taking
def in_hex(request):
    api_key = request.POST["api_key"]
    logger.info("frame %s", api_key.encode().hex())  # planted: log
    return done()


@taking
def in_a_dictionary(request):
    facts = {"who": request.POST.get("name"), "code": request.POST["national_id"]}
    logger.info("asked: %s", facts)  # planted: log
    return done()


@taking
def as_json(request):
    card_number = request.POST["card_number"]
    logger.info(json.dumps({"event": "pay", "card": card_number}))  # planted: log
    return done()


@taking
def all_fields(request):
    logger.info("posted %s", request.POST)  # planted: log
    return done()


@taking
def whole_body(request):
    logger.debug("not shown %s", request.body)
    logger.info("body %s", request.body)  # planted: log
    return done()


@taking
def printed(request):
    password = request.POST["password"]
    print("got", password)  # planted: log
    return done()


@taking
def to_the_error_stream(request):
    diagnosis = request.POST["diagnosis"]
    sys.stderr.write(f"accident: {diagnosis}\n")  # planted: log
    return done()


@taking
def of_a_header(request):
    logger.info("key %s", request.headers.get("X-Api-Key"))  # planted: log
    return done()


@taking
def of_a_cookie(request):
    logger.info("cookie %s", request.COOKIES.get("api_key"))  # planted: log
    return done()


@taking
def of_a_json_key(request):
    asked = json.loads(request.body)
    logger.info("sign in: %r", asked["password"])  # planted: log
    return JsonResponse({"done": True})


@taking
def as_bytes(request):
    password = request.POST["password"].encode()
    logger.info("bytes %r", password)  # planted: log
    return done()


@taking
def grouped(request):
    card_number = request.POST["card_number"]
    logger.info("card %s", " ".join(card_number[at : at + 4] for at in range(0, len(card_number), 4)))  # planted: log
    return done()


VIEWS = [with_argument, in_a_text, as_extra, with_traceback, in_base64, in_hex, in_a_dictionary, as_json, all_fields, whole_body,
         printed, to_the_error_stream, of_a_header, of_a_cookie, of_a_json_key, as_bytes, grouped]
