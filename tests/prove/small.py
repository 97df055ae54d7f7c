"""A small project that is written, proved and thrown away."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

_MANAGE = """\
import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "site_settings")
if __name__ == "__main__":
    from django.core.management import execute_from_command_line
    execute_from_command_line(sys.argv)
"""
_SETTINGS = """\
from pathlib import Path

SECRET_KEY = "of-the-test-only"
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "shop"]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
ROOT_URLCONF = "shop.urls"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": [Path(__file__).parent / "templates"]}]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": Path(__file__).parent / "site.sqlite3"}}
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = True
LOGIN_URL = "/accounts/login/"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
"""


def write(folder: Path, *, urls: str, views: str, settings: str = "", **files: str) -> Path:
    """Write a project; further files are named by their path with `__` for `/` and `_dot_` for `.`."""
    given = {
        "manage.py": _MANAGE,
        "site_settings.py": _SETTINGS + settings,
        "shop/__init__.py": "",
        "shop/urls.py": f"from django.urls import path\nfrom shop import views\n\nurlpatterns = [\n{urls}\n]\n",
        "shop/views.py": views,
    }
    given |= {name.replace("__", "/").replace("_dot_", "."): text for name, text in files.items()}
    for name, text in given.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def prove(folder: Path, *options: str) -> tuple[dict[str, Any], int]:
    """Prove a project, however busy the machine is; return the JSON and the exit status."""
    command = [sys.executable, "-m", "leaktight", "prove", str(folder), "--format", "json", "--seconds", "3000", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | {"SENTRY_DSN": ""})
    assert done.stdout, done.stderr
    return json.loads(done.stdout), done.returncode


def leaks(told: dict[str, Any]) -> set[tuple[str, str, str]]:
    """Return the leaks: rule, channel, label."""
    return {(one["rule"], one["channel"], one["label"]) for one in told["verdicts"] if one["outcome"] == "leaking"}


def outcome_of(told: dict[str, Any], method: str, path: str) -> set[str]:
    """Return how the verdicts about one endpoint ended."""
    return {
        one["outcome"]
        for one in told["verdicts"]
        if one["request"] and (one["request"]["method"], one["request"]["path"]) == (method, path)
    }


def run_pytest(folder: Path, *words: str, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run pytest in a folder, with nothing of ours but what the words name; `path` is where modules are found as well."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-c",
        os.devnull,
        "-p",
        "no:cacheprovider",
        "-p",
        "no:randomly",
        "-p",
        "no:xdist",
    ]
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    if path is not None:
        environment["PYTHONPATH"] = os.pathsep.join([str(path), environment.get("PYTHONPATH", "")])
    return subprocess.run([*command, *words], capture_output=True, text=True, check=False, env=environment, cwd=folder)
