"""Error trackers."""

import sentry_sdk
from django.http import HttpResponse

from parcels.ways import taking


@taking
def a_message(request):
    sentry_sdk.capture_message(f"odd card {request.POST['card_number']}")  # planted: third-party
    return HttpResponse("done")


@taking
def an_extra(request):
    with sentry_sdk.new_scope() as scope:
        scope.set_context("visit", {"number": request.POST["national_id"]})
        sentry_sdk.capture_message("visit")  # planted: third-party
    return HttpResponse("done")


VIEWS = [a_message, an_extra]
