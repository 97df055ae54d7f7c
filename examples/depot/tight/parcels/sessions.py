"""Sessions, which lie readable in the database."""

import base64

from django.http import HttpResponse

from parcels.masking import masked
from parcels.ways import taking


@taking
def plain(request):
    request.session["card"] = masked(request.POST["card_number"])
    return HttpResponse("done")


@taking
def nested(request):
    request.session["signup"] = {"name": request.POST.get("name"), "code": masked(request.POST["password"])}
    return HttpResponse("done")


@taking
def in_base64(request):
    request.session["held"] = base64.b64encode(masked(request.POST["national_id"]).encode()).decode()
    return HttpResponse("done")


@taking
def listed(request):
    request.session["recent"] = [masked(request.POST["api_key"]), 1]
    return HttpResponse("done")


VIEWS = [plain, nested, in_base64, listed]
