"""What is taken from the address."""

from django.http import HttpResponse
from django.views.decorators.cache import never_cache


@never_cache
def a_password(request):
    wanted = request.GET.get("password", "")  # planted: request-url
    return HttpResponse("yes" if len(wanted) > 8 else "no")


@never_cache
def a_key(request):
    if "api_key" in request.GET:  # planted: request-url
        return HttpResponse("welcome")
    return HttpResponse("no")


@never_cache
def a_card(request):
    number = request.GET.get("card_number")  # planted: request-url
    return HttpResponse(f"{len(number or '')} digits")


@never_cache
def a_number(request):
    return HttpResponse("known" if request.GET.get("national_id") else "unknown")  # planted: request-url


VIEWS = [a_password, a_key, a_card, a_number]
