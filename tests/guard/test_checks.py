"""`check --deploy` with the guard names every fault that Django's own misses, and is silent about settings that are right."""

from __future__ import annotations

from typing import Any

import django
import pytest
from django.conf import settings
from django.core.checks import run_checks
from django.test import override_settings

pytestmark = pytest.mark.filterwarnings("ignore:Overriding setting DATABASES")
KEY = "a-key-of-the-ring-" + "1" * 32
GUARD = "leaktight.guard.middleware.GuardMiddleware"


def _smtp(host: str, **options: Any) -> dict[str, Any]:
    backend = "django.core.mail.backends.smtp.EmailBackend"
    if django.VERSION >= (6, 1):
        return {"MAILERS": {"default": {"BACKEND": backend, "OPTIONS": {"host": host, **options}}}}
    return {"EMAIL_BACKEND": backend, "EMAIL_HOST": host, **{f"EMAIL_{key.upper()}": value for key, value in options.items()}}


POSTGRES = {"ENGINE": "django.db.backends.postgresql", "HOST": "db.harbourview-clinic.org", "NAME": "clinic"}
RIGHT: dict[str, Any] = {
    "SECRET_KEY": "s3cr3t-of-the-test-" + "abcdefghijklmnopqrstuvwxyz0123456789",
    "ALLOWED_HOSTS": ["clinic.harbourview-clinic.org"],
    "SECURE_HSTS_SECONDS": 63072000,
    "SECURE_HSTS_INCLUDE_SUBDOMAINS": True,
    "SECURE_HSTS_PRELOAD": True,
    "SECURE_SSL_REDIRECT": True,
    "SESSION_ENGINE": "leaktight.guard.sessions.db",
    "SESSION_COOKIE_SECURE": True,
    "SESSION_COOKIE_NAME": "__Host-sessionid",
    "CSRF_COOKIE_SECURE": True,
    "CSRF_COOKIE_NAME": "__Host-csrftoken",
    "MESSAGE_STORAGE": "django.contrib.messages.storage.session.SessionStorage",
    "MIDDLEWARE": [*settings.MIDDLEWARE, "django.middleware.clickjacking.XFrameOptionsMiddleware"],
    "LEAKTIGHT": {"KEYS": [KEY]},
    **_smtp("smtp.harbourview-clinic.org", use_tls=True),
}
REFERENCES: dict[str, dict[str, Any]] = {
    "behind a proxy": {
        "SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https"),
        "SECURE_REDIRECT_EXEMPT": [r"^health$"],
        "CACHES": {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://localhost:6379/1"}},
    },
    "direct TLS": {
        "DATABASES": {"default": {**POSTGRES, "OPTIONS": {"sslmode": "verify-full", "sslrootcert": "/etc/ssl/ca.pem"}}},
        "STATIC_URL": "https://static.harbourview-clinic.org/",
        "SECURE_REFERRER_POLICY": "no-referrer",
    },
    "an API": {
        "CELERY_BROKER_URL": "amqps://user:password@broker.harbourview-clinic.org//",
        "LOGGING": {
            "version": 1,
            "handlers": {
                "local": {"class": "logging.handlers.SysLogHandler", "address": "/dev/log"},
                "mail": {"class": "django.utils.log.AdminEmailHandler"},
            },
            "loggers": {"django.db.backends": {"level": "INFO"}},
        },
    },
    "with a content policy": {
        "SECURE_CSP": {"default-src": ["'self'"]},
        "CSRF_TRUSTED_ORIGINS": ["https://pay.harbourview-clinic.org"],
    },
    "several tenants": {
        "ALLOWED_HOSTS": [".harbourview-clinic.org"],
        "LANGUAGE_COOKIE_SECURE": True,
        "MIDDLEWARE": [*RIGHT["MIDDLEWARE"], "django.middleware.locale.LocaleMiddleware"],
        "CACHES": {
            "default": {
                "BACKEND": "django.core.cache.backends.redis.RedisCache",
                "LOCATION": ["rediss://:pw@cache.harbourview-clinic.org/0"],
            }
        },
    },
}
SEVENTEEN: dict[str, tuple[str, dict[str, Any]]] = {
    "HSTS of a second": ("W011", {"SECURE_HSTS_SECONDS": 1}),
    "everything exempt from the redirect": ("W031", {"SECURE_REDIRECT_EXEMPT": [".*"]}),
    "referrer unsafe-url": ("W012", {"SECURE_REFERRER_POLICY": "unsafe-url"}),
    "a proxy header that means http": ("W013", {"SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "http")}),
    "sessions in a cookie": ("W014", {"SESSION_ENGINE": "django.contrib.sessions.backends.signed_cookies"}),
    "session SameSite None": ("W015", {"SESSION_COOKIE_SAMESITE": "None"}),
    "session on the parent domain": ("W016", {"SESSION_COOKIE_DOMAIN": ".harbourview-clinic.org"}),
    "CSRF SameSite None": ("W017", {"CSRF_COOKIE_SAMESITE": "None"}),
    "a trusted origin in clear": ("W019", {"CSRF_TRUSTED_ORIGINS": ["http://*.harbourview-clinic.org"]}),
    "a language cookie that is not secure": ("W020", {"LANGUAGE_COOKIE_SECURE": False}),
    "messages in a cookie": ("W021", {"MESSAGE_STORAGE": "django.contrib.messages.storage.cookie.CookieStorage"}),
    "SMTP in clear with a password": ("W045", _smtp("smtp.harbourview-clinic.org", use_tls=False)),
    "a cache in clear with a password": (
        "W042",
        {
            "CACHES": {
                "default": {
                    "BACKEND": "django.core.cache.backends.redis.RedisCache",
                    "LOCATION": "redis://:pw@cache.harbourview-clinic.org/0",
                }
            }
        },
    ),
    "error mails in HTML": (
        "W033",
        {"LOGGING": {"version": 1, "handlers": {"mail": {"class": "django.utils.log.AdminEmailHandler", "include_html": True}}}},
    ),
    "SQL in the log": ("W034", {"LOGGING": {"version": 1, "loggers": {"django.db.backends": {"level": "DEBUG"}}}}),
    "static files in clear": ("W032", {"STATIC_URL": "http://static.harbourview-clinic.org/"}),
    "any host": ("W022", {"ALLOWED_HOSTS": ["*"]}),
}
"""What `check --deploy` of Django is silent about."""

CONNECTIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "a database without TLS": ("W041", {"DATABASES": {"default": {**POSTGRES, "OPTIONS": {"sslmode": "disable"}}}}),
    "a database nobody checks": ("W041", {"DATABASES": {"default": {**POSTGRES, "OPTIONS": {"sslmode": "require"}}}}),
    "a broker in clear": ("W043", {"CELERY_BROKER_URL": "amqp://user:password@broker.harbourview-clinic.org//"}),
    "a cache nobody checks": (
        "W044",
        {
            "CACHES": {
                "default": {
                    "BACKEND": "django.core.cache.backends.redis.RedisCache",
                    "LOCATION": "rediss://cache.harbourview-clinic.org",
                    "OPTIONS": {"ssl_cert_reqs": None},
                }
            }
        },
    ),
    "a log over UDP": (
        "W046",
        {
            "LOGGING": {
                "version": 1,
                "handlers": {"far": {"class": "logging.handlers.SysLogHandler", "address": ["logs.harbourview-clinic.org", 514]}},
            }
        },
    ),
    "a reporter of its own": ("W035", {"DEFAULT_EXCEPTION_REPORTER_FILTER": "builtins.object"}),
}
FAULTS = SEVENTEEN | CONNECTIONS


def _found(**changed: Any) -> tuple[set[str], set[str]]:
    """The ids of our warnings, and of Django's own."""
    with override_settings(LOGGING_CONFIG=None), override_settings(**{**RIGHT, **changed}):  # a log server is not to be looked up
        ids = {str(message.id) for message in run_checks(include_deployment_checks=True, tags=["security"])}
    ours = {name.removeprefix("leaktight.") for name in ids if name.startswith("leaktight.")}
    return ours, {name for name in ids if name.startswith("security.")}


def test_there_are_seventeen_faults_and_five_right_settings() -> None:
    assert (len(SEVENTEEN), len(REFERENCES)) == (17, 5)
    assert len(FAULTS) == 17 + len(CONNECTIONS)


def _joined(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    both = {key: {**one[key], **other[key]} for key in one.keys() & other.keys() if isinstance(one[key], dict)}
    return {**one, **other, **both}


def test_django_itself_is_silent_about_all_seventeen_at_once() -> None:
    together: dict[str, Any] = {}
    for _, changed in SEVENTEEN.values():
        for key, value in changed.items():
            known = together.get(key, {})
            together[key] = _joined(known, value) if isinstance(known, dict) and isinstance(value, dict) else value
    ours, django_ = _found(**together)
    assert django_ == set()
    assert ours == {found for found, _ in SEVENTEEN.values()}


@pytest.mark.parametrize("name", REFERENCES)
def test_right_settings_are_silent(name: str) -> None:
    assert _found(**REFERENCES[name]) == (set(), set())


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_that_django_misses_is_named(name: str) -> None:
    expected, changed = FAULTS[name]
    ours, django_ = _found(**changed)
    assert ours == {expected}
    assert django_ == set()


def test_the_set_up_of_the_guard() -> None:
    without = [name for name in RIGHT["MIDDLEWARE"] if name != GUARD]
    assert _found(MIDDLEWARE=without)[0] == {"E002"}
    assert _found(MIDDLEWARE=[*without, GUARD])[0] == {"W003"}
    assert _found(LEAKTIGHT={})[0] == {"W004"}
    assert _found(LEAKTIGHT={"KEYS": ["short"]})[0] == {"E005"}
    assert _found(LEAKTIGHT={"KEYS": [RIGHT["SECRET_KEY"]]})[0] == {"E005"}
    assert _found(LEAKTIGHT={"KEY": []})[0] == {"E001"}
    assert _found(LEAKTIGHT={"MODES": {"log": "hide"}})[0] == {"E001"}
