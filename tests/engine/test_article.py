"""The view the story begins with, repaired: the scan falls silent, and the project runs and tells the secret once, to whom has posted."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import leaktight
from leaktight.config import Config
from leaktight.engine import repair
from leaktight.engine.write import write_files
from leaktight.model import Audience, Safety, Style

ORIGINAL = Path(__file__).parents[2] / "examples/article/original"

VISIT = r"""
import re
import django
django.setup()
from django.core.management import call_command
from django.test import Client

call_command("migrate", verbosity=0)
client = Client(enforce_csrf_checks=True, headers={"Referer": "https://testserver/"})
from django.conf import settings
settings.ALLOWED_HOSTS = ["testserver"]

clear = client.get("/combination/")
assert (clear.status_code, clear["Location"]) == (301, "https://testserver/combination/"), clear
asked = client.get("/combination/", secure=True)
assert "21 right" not in asked.content.decode()
token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', asked.content.decode())[1]
assert client.post("/combination/", secure=True).status_code == 403
assert client.get("/combination/secure/", secure=True)["Location"] == "/combination/"
posted = client.post("/combination/", {"csrfmiddlewaretoken": token}, secure=True)
assert (posted.status_code, posted["Location"], posted.content) == (302, "/combination/secure/", b""), posted
assert posted.cookies["sessionid"]["secure"] and posted.cookies["sessionid"]["httponly"]
stranger = Client().get("/combination/secure/", secure=True)
assert stranger.status_code == 302
shown = client.get("/combination/secure/", secure=True)
assert "21 right" in shown.content.decode()
assert "no-store" in shown["Cache-Control"]
assert client.get("/combination/secure/", secure=True).status_code == 302
print("told once")
"""


VISIT_GUARDED = r"""
import re
import django
django.setup()
from django.core.management import call_command
from django.test import Client

call_command("migrate", verbosity=0)
client = Client(enforce_csrf_checks=True, headers={"Referer": "https://testserver/"})
from django.conf import settings
settings.ALLOWED_HOSTS = ["testserver"]
token = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')

clear = client.get("/combination/")
assert "21 right" not in clear.content.decode() and clear.status_code in (301, 403), clear
asked = client.get("/combination/", secure=True)
assert "21 right" not in asked.content.decode()
assert client.post("/combination/", secure=True).status_code == 403
posted = client.post("/combination/", {"csrfmiddlewaretoken": token.search(asked.content.decode())[1]}, secure=True)
assert (posted.status_code, posted.content) == (303, b""), posted
page = posted["Location"]
assert re.fullmatch(r"/combination/secure/[\w.-]+/", page), page
assert Client().get(page, secure=True).content.decode().count("Nothing to show")
button = client.get(page, secure=True).content.decode()
assert "21 right" not in button
shown = client.post(page, {"csrfmiddlewaretoken": token.search(button)[1]}, secure=True)
assert "21 right" in shown.content.decode() and "no-store" in shown["Cache-Control"]
from django.db import connection
assert not [row for table in connection.introspection.table_names() for row in connection.cursor().execute(f"select * from {table}") if "21 right" in str(row)]
again = client.post(page, {"csrfmiddlewaretoken": token.search(button)[1]}, secure=True)
assert (again.status_code, "21 right" in again.content.decode()) == (410, False)
print("told once")
"""


def test_the_article_is_repaired_with_the_guard_and_runs(tmp_path: Path) -> None:
    root = tmp_path / "office"
    shutil.copytree(ORIGINAL, root)
    done = repair(root, Config(), level=Safety.UNSAFE, audience=Audience.DEFAULT, style=Style.GUARD)
    assert done.undone == []
    assert b"hand_over(" in done.after["safe/views.py"]
    write_files(root, done.after, done.before)
    assert leaktight.scan(root, audience=Audience.DEFAULT).findings == ()
    assert repair(root, Config(), level=Safety.UNSAFE, audience=Audience.DEFAULT, style=Style.GUARD).fixes == []
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "office.settings", "PYTHONPATH": str(root)}
    environment |= {"LEAKTIGHT_KEYS": "k" * 43}
    told = subprocess.run(
        [sys.executable, "-c", VISIT_GUARDED], cwd=root, env=environment, capture_output=True, text=True, check=False
    )
    assert told.stdout.strip() == "told once", told.stderr


def test_the_article_is_repaired_and_runs(tmp_path: Path) -> None:
    root = tmp_path / "office"
    shutil.copytree(ORIGINAL, root)
    found = {finding.rule for finding in leaktight.scan(root, audience=Audience.DEFAULT).findings}
    assert found == {"secret-on-get", "secret-in-response", "https-not-enforced", "cookie-without-secure"}
    done = repair(root, Config(), level=Safety.UNSAFE, audience=Audience.DEFAULT)
    assert done.undone == []
    write_files(root, done.after, done.before)
    assert leaktight.scan(root, audience=Audience.DEFAULT).findings == ()
    again = repair(root, Config(), level=Safety.UNSAFE, audience=Audience.DEFAULT)
    assert again.fixes == []
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "office.settings", "PYTHONPATH": str(root)}
    told = subprocess.run([sys.executable, "-c", VISIT], cwd=root, env=environment, capture_output=True, text=True, check=False)
    assert (told.stdout.strip(), told.stderr) == ("told once", ""), told.stderr
