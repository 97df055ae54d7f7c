"""Caches and the database."""

from django.core.cache import cache
from django.db import connection
from django.http import HttpResponse

from parcels.masking import masked
from parcels.models import Locker
from parcels.ways import taking


@taking
def cached(request):
    cache.set("last-card", masked(request.POST["card_number"]), 60)
    return HttpResponse("done")


@taking
def cached_inside(request):
    cache.set("last-visit", {"number": 7, "who": [masked(request.POST["national_id"])]}, 60)
    return HttpResponse("done")


@taking
def cached_as_a_key(request):
    cache.set(f"tries:{masked(request.POST['api_key'])}", 1, 60)
    return HttpResponse("done")


@taking
def cached_many(request):
    cache.set_many({"a": 1, "b": masked(request.POST["password"])}, 60)
    return HttpResponse("done")


@taking
def a_password_in_a_column(request):
    Locker.objects.create(name="a", pin_password=masked(request.POST["password"]))
    return HttpResponse("done")


@taking
def a_key_in_a_column(request):
    Locker.objects.update_or_create(name="b", defaults={"api_key": masked(request.POST["api_key"])})
    return HttpResponse("done")


@taking
def a_card_by_hand(request):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE parcels_locker SET card_number = %s WHERE name = %s", [masked(request.POST["card_number"]), "b"])
    return HttpResponse("done")


VIEWS = [cached, cached_inside, cached_as_a_key, cached_many, a_password_in_a_column, a_key_in_a_column, a_card_by_hand]
