"""What a project finds when it is proved: its own settings but for where things go."""

import os
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
