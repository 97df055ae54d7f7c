"""What a project finds when it is proved: its own settings but for where things go."""

import os
import subprocess
import sys

import pytest
from prove.small import outcome_of, prove, write

pytestmark = pytest.mark.xdist_group("surroundings")

SETTINGS = """
import os

CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://cache", "TIMEOUT": 60}}
DATABASES["default"]["ENGINE"] = os.environ["SHOP_ENGINE"]
"""
VIEWS = """
from django.conf import settings
from django.http import HttpResponse


def front(request):
    return HttpResponse(f"kept for {settings.CACHES['default']['TIMEOUT']} seconds for {len(request.GET.get('name', ''))}")
"""


def test_settings_that_a_view_reads_are_there_and_what_is_made_up_is_told_as_that(tmp_path):
    told, _ = prove(write(tmp_path / "shop", urls="path('', views.front),", views=VIEWS, settings=SETTINGS))
    assert outcome_of(told, "GET", "/") == {"tight"}
    assert [note for note in told["notes"] if "SHOP_ENGINE" in note]
    assert not [note for note in told["notes"] if "instead of" in note]


def test_what_had_no_turn_is_counted(tmp_path):
    project = write(
        tmp_path / "shop", urls="path('', views.front), path('again/', views.front),", views=VIEWS.replace("TIMEOUT", "LOCATION")
    )
    told, status = prove(project, "--max-requests", "1")
    assert [note for note in told["notes"] if note.startswith("the allowance was used up")]
    assert status == 3


BACKENDS = """
AUTHENTICATION_BACKENDS = ["shop.backends.Refusing", "django.contrib.auth.backends.ModelBackend"]
"""
BACKEND = """
from django.contrib.auth.backends import BaseBackend


class Refusing(BaseBackend):
    pass
"""
OWN = """
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse


@login_required
def own(request):
    return HttpResponse(f"hello {request.GET.get('name', '')}")
"""


def test_who_is_signed_in_is_known_again_although_another_backend_comes_first(tmp_path):
    project = write(
        tmp_path / "shop", urls="path('own/', views.own),", views=OWN, settings=BACKENDS, shop__backends_dot_py=BACKEND
    )
    told, _ = prove(project)
    assert outcome_of(told, "GET", "/own/") == {"tight"}


MODELS = """
from django.contrib.auth import get_user_model
from django.db import models
from django.db.models.signals import pre_save


class Plan(models.Model):
    name = models.CharField(max_length=20)


def plan(sender, instance, **kwargs):
    Plan.objects.get(pk=1)
    {MORE}


pre_save.connect(plan, sender=get_user_model())
"""


def test_a_row_that_signals_look_for_is_made_before_the_user(tmp_path):
    urls = "path('own/', views.own),"
    told, _ = prove(write(tmp_path / "shop", urls=urls, views=OWN, shop__models_dot_py=MODELS.replace("{MORE}", "")))
    assert outcome_of(told, "GET", "/own/") == {"tight"}
    never = MODELS.replace("{MORE}", "raise ValueError")
    told, _ = prove(write(tmp_path / "other", urls=urls, views=OWN, shop__models_dot_py=never))
    assert outcome_of(told, "GET", "/own/") == {"inconclusive"}
    assert [note for note in told["notes"] if note.startswith("no user could be made (ValueError at shop/models.py:")]


@pytest.mark.skipif(os.name == "nt", reason="a script stands for the interpreter")
def test_an_interpreter_is_looked_for_where_we_are(tmp_path, monkeypatch):
    own = tmp_path / "env/bin/python"
    own.parent.mkdir(parents=True)
    own.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    own.chmod(0o755)
    project = write(
        tmp_path / "shop", urls="path('', views.front),", views=VIEWS, settings='CACHES = {"default": {"TIMEOUT": 60}}'
    )
    monkeypatch.chdir(tmp_path)
    told, _ = prove(project, "--python", "env/bin/python")
    assert outcome_of(told, "GET", "/") == {"tight"}


def test_an_application_that_is_not_installed_is_named(tmp_path):
    project = write(
        tmp_path / "shop", urls="path('', views.front),", views=VIEWS, settings='INSTALLED_APPS += ["nowhere_at_all"]'
    )
    done = subprocess.run(
        [sys.executable, "-m", "leaktight", "prove", str(project)], capture_output=True, text=True, check=False, env=os.environ
    )
    assert "there is no module nowhere_at_all in" in done.stderr
