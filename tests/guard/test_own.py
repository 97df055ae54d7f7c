"""The site's own secrets are known from its settings and its environment, and ordinary settings are not taken for secrets."""

from __future__ import annotations

import logging

import pytest
from django.conf import global_settings, settings
from django.test import override_settings
from guardsite.exposure import holds
from guardsite.sinks import StreamSink

from leaktight.guard.outlets import logs
from leaktight.guard.values import own
from leaktight.guard.values.registry import PROCESS

pytestmark = [
    pytest.mark.filterwarnings("ignore:Overriding setting"),
    pytest.mark.filterwarnings("ignore:The EMAIL_HOST_PASSWORD setting is deprecated"),
]

SECRETS = {
    "EMAIL_HOST_PASSWORD": "mail-pw-1a2b3c",
    "SECRET_KEY_FALLBACKS": ["older-key-1a2b3c"],
    "DATABASES": {"default": {"ENGINE": "django.db.backends.sqlite3", "PASSWORD": "db-pw-1a2b3c"}},
    "DATABASE_URL": "postgres://app:url-pw-1a2b3c@db.internal:5432/app",
    "REPORTING_DSN": "mysql://app:dsn%2Fpw-1a2b3c@db/app",
    "CACHES": {"default": {"BACKEND": "x", "LOCATION": ["redis://:cache-pw-1a2b3c@cache:6379/0"]}},
    "SIMPLE_JWT": {"SIGNING_KEY": "jwt-key-1a2b3c", "AUTH_HEADER_TYPES": ("Bearer",)},
    "STRIPE_SECRET_KEY": "sk_test_1a2b3c",
    "HOOKS": {"billing": "https://hooks.example.org/?api_key=hook-key-1a2b3c"},
}
EXPECTED = [
    *("mail-pw-1a2b3c", "older-key-1a2b3c", "db-pw-1a2b3c", "url-pw-1a2b3c", "dsn/pw-1a2b3c", "dsn%2Fpw-1a2b3c"),
    *("cache-pw-1a2b3c", "jwt-key-1a2b3c", "sk_test_1a2b3c", "hook-key-1a2b3c"),
]
ORDINARY = {
    "AUTH_USER_MODEL": "auth.User",
    "TOKEN_MODEL": "django.contrib.auth.models.User",
    "SESSION_COOKIE_NAME": "sessionid",
    "CSRF_COOKIE_NAME": "csrftoken",
    "PASSWORD_RESET_TIMEOUT": 259200,
    "STRIPE_PUBLISHABLE_KEY": "pk_test_1a2b3c",
    "SECRET_KEY_FILE": "/run/secrets/key",
    "API_URL": "https://api.example.org/v1",
    "TOKEN_URL": "https://login.example.org/oauth/token",
    "CACHES": {"default": {"BACKEND": "x", "LOCATION": "redis://cache:6379/0"}},
}


def _found(settings_given: dict[str, object]) -> set[str]:
    with override_settings(**settings_given):
        return {text for _, text, _, _ in own._own_secrets()}


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_setting_is_known(name: str) -> None:
    before = _found({})
    assert any(text in EXPECTED for text in _found({name: SECRETS[name]}) - before)


def test_all_of_them_and_nothing_else() -> None:
    assert set(EXPECTED) <= _found(SECRETS)
    assert _found(SECRETS) - _found({}) == set(EXPECTED)


@pytest.mark.parametrize("name", ORDINARY)
def test_an_ordinary_setting_is_no_secret(name: str) -> None:
    assert not _found({name: ORDINARY[name]}) - _found({})


def test_djangos_defaults_hold_no_secret() -> None:
    assert settings.SECRET_KEY in _found({})
    assert not [
        name
        for name in dir(global_settings)
        if name.isupper() and list(own._secrets(name, getattr(global_settings, name), None, 0))
    ]


def test_the_environment_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BILLING_API_KEY", "env-key-1a2b3c")
    monkeypatch.setenv("BROKER_URL", "amqp://guest:env-pw-1a2b3c@broker//")
    monkeypatch.setenv("PWD", "/srv/site")
    assert {"env-key-1a2b3c", "env-pw-1a2b3c"} <= _found({})
    assert "/srv/site" not in _found({})


def test_own_secrets_are_masked_in_logs_without_any_request() -> None:
    logger = logging.getLogger("guardsite.own")
    logger.propagate = False
    handler = StreamSink()
    logger.addHandler(handler)
    try:
        logs.remove()
        logger.warning("connecting with db-pw-9z8y7x and %s", settings.SECRET_KEY)
        assert holds(handler.written(), settings.SECRET_KEY)
        logs.install()
        handler.stream.truncate(0)
        with override_settings(DATABASES={"default": {"ENGINE": "x", "PASSWORD": "db-pw-9z8y7x"}}):
            assert any(value.text == "db-pw-9z8y7x" for value in PROCESS)
            logger.warning("connecting with db-pw-9z8y7x and %s", settings.SECRET_KEY)
    finally:
        logs.install()
        logger.removeHandler(handler)
    assert "connecting" in handler.written()
    assert not holds(handler.written(), settings.SECRET_KEY)
    assert not holds(handler.written(), "db-pw-9z8y7x")
