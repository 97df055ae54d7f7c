"""Facts about the deployment, told in the configuration, change what the settings mean."""

from __future__ import annotations

from pathlib import Path

import pytest
from literate import write_project

from leaktight.config import Config, Deployment, TlsEnd
from leaktight.engine import scan
from leaktight.model import Audience

WSGI = """\
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
application = get_wsgi_application()
"""
SETTINGS = """\
DEBUG = False
ROOT_URLCONF = "shop.urls"
MIDDLEWARE = ["django.middleware.security.SecurityMiddleware"]
"""


def found(folder: Path, settings: str, deployment: Deployment, rule: str) -> list[int]:
    project = write_project({"shop/settings.py": settings, "shop/wsgi.py": WSGI}, folder)
    result = scan([project], config=Config(deployment=deployment), audience=Audience.AUDIT, rules=[rule])
    return [finding.span.line for finding in result.findings]


@pytest.mark.parametrize(
    ("rule", "settings", "line"),
    [("https-not-enforced", SETTINGS, 3), ("weak-hsts", SETTINGS + "SECURE_SSL_REDIRECT = True\n", 4)],
)
def test_a_proxy_that_redirects_makes_up_for_django(tmp_path: Path, rule: str, settings: str, line: int) -> None:
    proxy = Deployment(tls_ends_at=TlsEnd.PROXY, http_redirected_by_proxy=True)
    assert found(tmp_path, settings, Deployment(), rule) == [line]
    assert found(tmp_path, settings, Deployment(tls_ends_at=TlsEnd.PROXY), rule) == [line]
    assert found(tmp_path, settings, proxy, rule) == []


@pytest.mark.parametrize(
    ("told", "lines"), [(None, []), ("X-Forwarded-Proto", []), ("X-Forwarded-Proto: https", []), ("X-Scheme", [4])]
)
def test_only_the_header_the_proxy_sets_can_be_believed(tmp_path: Path, told: str | None, lines: list[int]) -> None:
    settings = SETTINGS + 'SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")\n'
    assert found(tmp_path, settings, Deployment(proxy_sets=told), "untrusted-proxy-header") == lines
