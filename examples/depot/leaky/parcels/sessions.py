"""Sessions, which lie readable in the database."""

import base64

from django.http import HttpResponse

from parcels.ways import taking


@taking
def plain(request):
    request.session["card"] = request.POST["card_number"]  # planted: session
    return HttpResponse("done")


@taking
def nested(request):
    request.session["signup"] = {"name": request.POST.get("name"), "code": request.POST["password"]}  # planted: session
    return HttpResponse("done")


@taking
def in_base64(request):
    request.session["held"] = base64.b64encode(request.POST["national_id"].encode()).decode()  # planted: session
    return HttpResponse("done")


@taking
def listed(request):
    request.session["recent"] = [request.POST["api_key"], 1]  # planted: session
    return HttpResponse("done")


VIEWS = [plain, nested, in_base64, listed]
