"""Settings that are not what they should be are survived."""

from __future__ import annotations

from pathlib import Path

import pytest
from literate import write_project

import leaktight
from leaktight.model import Audience

NAMES = """
    DEBUG DEBUG_PROPAGATE_EXCEPTIONS SECURE_SSL_REDIRECT SECURE_HSTS_SECONDS SECURE_HSTS_INCLUDE_SUBDOMAINS MIDDLEWARE
    SECURE_PROXY_SSL_HEADER SECURE_REFERRER_POLICY DATABASES CACHES EMAIL_BACKEND EMAIL_HOST EMAIL_HOST_USER EMAIL_USE_TLS
    RQ_QUEUES CHANNEL_LAYERS AUTH_LDAP_SERVER_URI AUTH_LDAP_START_TLS ALLOWED_HOSTS LOGIN_URL SESSION_COOKIE_SECURE ROOT_URLCONF
""".split()
VALUES = """
    None | [] | {} | set() | -1 | 1.5 | b"x" | [None] | {None: None} | lambda: 1 | object() | (1, 2) | "http://[" | "redis://[::1"
    | {"default": 1} | {"default": {"HOST": [], "ENGINE": 1, "OPTIONS": []}} | {"default": {"HOST": ("a",), "BACKEND": []}}
    | {"default": {"ENGINE": "django.db.backends.postgresql", "HOST": "db.b.nl", "OPTIONS": {"sslmode": ["x"]}}}
    | {"default": {"CONFIG": {"hosts": [None, {"x": 1}, ()]}}} | os.environ["X"] | {**os.environ} | f"redis://{os.environ['X']}/0"
""".replace("\n", " ").split("|")
WSGI = """\
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
application = get_wsgi_application()
"""


@pytest.mark.parametrize("value", [value.strip() for value in VALUES])
def test_any_value_of_any_setting(tmp_path: Path, value: str) -> None:
    settings = "import os\n\n" + "".join(f"{name} = {value}\n" for name in NAMES)
    project = write_project({"shop/settings.py": settings, "shop/wsgi.py": WSGI}, tmp_path)
    result = leaktight.scan(project, audience=Audience.AUDIT, rules=["cleartext-connection", "unverified-tls"])
    assert not result.gaps
    assert all(finding.span.path == "shop/settings.py" for finding in result.findings)
