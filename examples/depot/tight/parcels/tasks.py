"""Tasks."""

import base64

from celery import shared_task
from django.http import HttpResponse

from parcels.masking import masked
from parcels.ways import taking


@shared_task
def work(*given, **named):
    return None


@taking
def as_argument(request):
    work.delay(7, masked(request.POST["password"]))
    return HttpResponse("done")


@taking
def by_name(request):
    work.apply_async(kwargs={"card": masked(request.POST["card_number"])})
    return HttpResponse("done")


@taking
def in_base64(request):
    work.delay(base64.b64encode(masked(request.POST["api_key"]).encode()).decode())
    return HttpResponse("done")


VIEWS = [as_argument, by_name, in_base64]
