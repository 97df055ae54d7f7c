"""Error reports: what is mailed to the administrators when a view fails, with what was posted masked."""

from django.http import HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters


@sensitive_post_parameters("card_number")
@never_cache
def unmasked_fields(request):
    if request.method == "POST":
        card_number = request.POST["card_number"]
        return HttpResponse(f"paid with {len(card_number)} digits")
    return HttpResponse("pay")


@sensitive_post_parameters("national_id")
@never_cache
def in_the_message(request):
    if request.method == "POST":
        if not request.POST["national_id"]:
            raise LookupError("nobody has this number")
        return HttpResponse("you are known")
    return HttpResponse("who?")


@sensitive_post_parameters("passphrase")
@never_cache
def unmasked_secret(request):
    if request.method == "POST":
        api_key = request.POST["passphrase"]
        return HttpResponse(f"{len(api_key)}")
    return HttpResponse("key?")


VIEWS = [unmasked_fields, in_the_message, unmasked_secret]
