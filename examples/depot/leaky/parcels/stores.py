"""Caches and the database."""

from django.core.cache import cache
from django.db import connection
from django.http import HttpResponse

from parcels.models import Locker
from parcels.ways import taking


@taking
def cached(request):
    cache.set("last-card", request.POST["card_number"], 60)  # planted: cache
    return HttpResponse("done")


@taking
def cached_inside(request):
    cache.set("last-visit", {"number": 7, "who": [request.POST["national_id"]]}, 60)  # planted: cache
    return HttpResponse("done")


@taking
def cached_as_a_key(request):
    cache.set(f"tries:{request.POST['api_key']}", 1, 60)  # planted: cache
    return HttpResponse("done")


@taking
def cached_many(request):
    cache.set_many({"a": 1, "b": request.POST["password"]}, 60)  # planted: cache
    return HttpResponse("done")


@taking
def a_password_in_a_column(request):
    Locker.objects.create(name="a", pin_password=request.POST["password"])  # planted: database
    return HttpResponse("done")


@taking
def a_key_in_a_column(request):
    Locker.objects.update_or_create(name="b", defaults={"api_key": request.POST["api_key"]})  # planted: database
    return HttpResponse("done")


@taking
def a_card_by_hand(request):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE parcels_locker SET card_number = %s WHERE name = %s", [request.POST["card_number"], "b"])  # planted: database
    return HttpResponse("done")


VIEWS = [cached, cached_inside, cached_as_a_key, cached_many, a_password_in_a_column, a_key_in_a_column, a_card_by_hand]
