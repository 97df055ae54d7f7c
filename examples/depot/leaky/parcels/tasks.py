"""Tasks."""

import base64

from celery import shared_task
from django.http import HttpResponse

from parcels.ways import taking


@shared_task
def work(*given, **named):
    return None


@taking
def as_argument(request):
    work.delay(7, request.POST["password"])  # planted: task-queue
    return HttpResponse("done")


@taking
def by_name(request):
    work.apply_async(kwargs={"card": request.POST["card_number"]})  # planted: task-queue
    return HttpResponse("done")


@taking
def in_base64(request):
    work.delay(base64.b64encode(request.POST["api_key"].encode()).decode())  # planted: task-queue
    return HttpResponse("done")


VIEWS = [as_argument, by_name, in_base64]
