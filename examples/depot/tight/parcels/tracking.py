"""Error trackers."""

import sentry_sdk
from django.http import HttpResponse

from parcels.masking import masked
from parcels.ways import taking


@taking
def a_message(request):
    sentry_sdk.capture_message(f"odd card {masked(request.POST['card_number'])}")
    return HttpResponse("done")


@taking
def an_extra(request):
    with sentry_sdk.new_scope() as scope:
        scope.set_context("visit", {"number": masked(request.POST["national_id"])})
        sentry_sdk.capture_message("visit")
    return HttpResponse("done")


VIEWS = [a_message, an_extra]
