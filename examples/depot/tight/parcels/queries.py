"""What is not taken from the address, but from what is posted."""

from django.http import HttpResponse

from parcels.ways import taking


@taking
def a_password(request):
    wanted = request.POST.get("password", "")
    return HttpResponse("yes" if len(wanted) > 8 else "no")


@taking
def a_key(request):
    if "api_key" in request.POST:
        return HttpResponse("welcome")
    return HttpResponse("no")


@taking
def a_card(request):
    number = request.POST.get("card_number")
    return HttpResponse(f"{len(number or '')} digits")


@taking
def a_number(request):
    return HttpResponse("known" if request.POST.get("national_id") else "unknown")


VIEWS = [a_password, a_key, a_card, a_number]
