"""The guard runs in production: it loads nothing of the scanner, and no library the site has not loaded itself."""

from __future__ import annotations

import subprocess
import sys

import pytest

SCRIPT = """
import sys
{how}
print("\\n".join(sorted(sys.modules)))
"""
IMPORT = "import leaktight.guard"
SETUP = """
import django
from django.conf import settings
settings.configure(
    SECRET_KEY="s" * 50,
    INSTALLED_APPS=["django.contrib.sessions", "leaktight.guard"],
    MIDDLEWARE=["leaktight.guard.middleware.GuardMiddleware"],
    LEAKTIGHT={"KEYS": ["k" * 40]},
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
)
django.setup()
from django.test import RequestFactory
from leaktight.guard.middleware import GuardMiddleware
from django.http import HttpResponse
GuardMiddleware(lambda request: HttpResponse("fine"))(RequestFactory().post("/", {"password": "k7Qz-9fWx2LmP3"}, secure=True))
"""
OTHERS = {
    "sentry_sdk",
    "structlog",
    "loguru",
    "celery",
    "requests",
    "urllib3",
    "httpx",
    "aiohttp",
    "rest_framework",
    "ninja",
    "redis",
}


def _loaded(how: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.replace("{how}", how)], capture_output=True, text=True, check=True, timeout=300
    )
    return set(done.stdout.split())


@pytest.mark.parametrize("how", [IMPORT, SETUP])
def test_the_guard_loads_no_part_of_the_scanner(how: str) -> None:
    loaded = _loaded(how)
    assert "leaktight.guard" in loaded
    floors = {name.split(".")[1] for name in loaded if name.startswith("leaktight.")}
    assert floors <= {"guard", "policy", "model"}
    assert not OTHERS & {name.partition(".")[0] for name in loaded}


def test_the_scanner_would_be_noticed() -> None:
    assert "source" in {name.split(".")[1] for name in _loaded("import leaktight.source.lower") if name.startswith("leaktight.")}
