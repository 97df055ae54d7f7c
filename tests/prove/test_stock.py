"""What lies in the database while a project is proved: columns that are called after what their model is, and groups nobody made."""

import pytest
from prove.small import leaks, outcome_of, prove, write

pytestmark = pytest.mark.xdist_group("endings")
APP = """
from django.db import models


class ApiKey(models.Model):
    key = models.CharField(max_length=40)
    note = models.CharField(max_length=40)


class Setting(models.Model):
    key = models.CharField(max_length=40)
"""
VIEWS = """
from django.contrib.auth.decorators import user_passes_test
from django.http import HttpResponse, HttpResponseForbidden
from shop.models import ApiKey, Setting


def keys(request):
    return HttpResponse(" ".join(ApiKey.objects.values_list("key", flat=True)))


def notes(request):
    return HttpResponse(" ".join([*ApiKey.objects.values_list("note", flat=True), *Setting.objects.values_list("key", flat=True)]))


@user_passes_test(lambda user: user.groups.filter(name="Editors").exists())
def desk(request):
    return HttpResponse("in")


def office(request):
    if not request.user.is_authenticated or not request.user.groups.filter(name__in=["Chiefs", "Deputies"]).exists():
        return HttpResponseForbidden()
    return HttpResponse("in")


def vault(request):
    if "Keepers" not in [group.name for group in request.user.groups.all()]:
        return HttpResponseForbidden()
    return HttpResponse("in")
"""
URLS = "\n".join(f"path('{name}/', views.{name})," for name in ("keys", "notes", "desk", "office", "vault"))


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stock")
    return prove(write(folder, urls=URLS, views=VIEWS, shop__models_dot_py=APP))[0]


def test_a_key_of_an_api_key_is_watched_and_that_of_a_setting_is_not(told):
    assert ("secret-in-response", "page", "secret-key") in leaks(told)
    assert {label for _, _, label in leaks(told)} == {"secret-key"}
    assert "leaking" in outcome_of(told, "GET", "/keys/")
    assert "leaking" not in outcome_of(told, "GET", "/notes/")


def test_who_may_do_everything_is_in_the_groups_a_view_looks_for(told):
    assert outcome_of(told, "GET", "/desk/") == {"tight"}
    assert outcome_of(told, "GET", "/office/") == {"tight"}
    assert outcome_of(told, "GET", "/vault/") == {"inconclusive"}  # it asks for all, and says to nobody which one it wants
