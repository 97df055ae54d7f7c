"""Error reports: what is mailed to the administrators when a view fails."""

from django.http import HttpResponse
from django.views.decorators.cache import never_cache


@never_cache
def unmasked_fields(request):
    if request.method == "POST":
        card_number = request.POST["card_number"]
        return HttpResponse(f"paid with {len(card_number)} digits")  # planted: error-report
    return HttpResponse("pay")


@never_cache
def in_the_message(request):
    if request.method == "POST":
        national_id = request.POST["national_id"]
        raise LookupError(f"nobody is {national_id}")  # planted: error-report
    return HttpResponse("who?")


@never_cache
def unmasked_secret(request):
    if request.method == "POST":
        api_key = request.POST["passphrase"]
        return HttpResponse(f"{len(api_key)}")  # planted: error-report
    return HttpResponse("key?")


VIEWS = [unmasked_fields, in_the_message, unmasked_secret]
