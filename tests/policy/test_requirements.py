"""What settings must be, and Django's defaults, which the installed Django confirms."""

from __future__ import annotations

from typing import Any

import django
import pytest
from django.conf import global_settings

from leaktight.policy import Requirement, django_defaults, requirements

ALL = [requirement for group in requirements().values() for requirement in group]
OF_DJANGO = [requirement for requirement in ALL if requirement.package == "django"]


def only(name: str) -> Requirement:
    (requirement,) = requirements()[name]
    return requirement


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECURE_SSL_REDIRECT", True),
        ("SECURE_HSTS_SECONDS", 31536000),
        ("SECURE_HSTS_SECONDS", 63072000),
        ("SECURE_REDIRECT_EXEMPT", []),
        ("SECURE_PROXY_SSL_HEADER", None),
        ("SECURE_PROXY_SSL_HEADER", ("HTTP_X_FORWARDED_PROTO", "https")),
        ("SESSION_COOKIE_SAMESITE", "Lax"),
        ("SESSION_COOKIE_SAMESITE", "strict"),
        ("SESSION_COOKIE_NAME", "__Host-sessionid"),
        ("SESSION_COOKIE_DOMAIN", None),
        ("SESSION_COOKIE_AGE", 3600),
        ("SESSION_ENGINE", "django.contrib.sessions.backends.cached_db"),
        ("SESSION_ENGINE", "shop.sessions"),
        ("CSRF_TRUSTED_ORIGINS", []),
        ("CSRF_TRUSTED_ORIGINS", ["https://shop.example", "https://*.shop.example"]),
        ("ALLOWED_HOSTS", ["shop.example"]),
        ("SECURE_REFERRER_POLICY", "same-origin"),
        ("SECURE_REFERRER_POLICY", "no-referrer, strict-origin-when-cross-origin"),
        ("SECURE_REFERRER_POLICY", ["origin"]),
        ("DEBUG", False),
        ("EMAIL_USE_TLS", True),
        ("PASSWORD_RESET_TIMEOUT", 3600),
        ("AWS_S3_URL_PROTOCOL", "https:"),
    ],
    ids=repr,
)
def test_a_good_value_meets_the_requirement(name: str, value: Any) -> None:
    assert only(name).is_met(value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECURE_SSL_REDIRECT", False),
        ("SECURE_SSL_REDIRECT", None),
        ("SECURE_HSTS_SECONDS", 1),
        ("SECURE_HSTS_SECONDS", None),
        ("SECURE_HSTS_SECONDS", True),
        ("SECURE_REDIRECT_EXEMPT", [".*"]),
        ("SECURE_PROXY_SSL_HEADER", ("HTTP_X_FORWARDED_PROTO", "http")),
        ("SESSION_COOKIE_SAMESITE", None),
        ("SESSION_COOKIE_SAMESITE", False),
        ("SESSION_COOKIE_SAMESITE", "None"),
        ("SESSION_COOKIE_NAME", "sessionid"),
        ("SESSION_COOKIE_DOMAIN", ".shop.example"),
        ("SESSION_ENGINE", "django.contrib.sessions.backends.signed_cookies"),
        ("CSRF_TRUSTED_ORIGINS", ["https://shop.example", "http://old.shop.example"]),
        ("ALLOWED_HOSTS", ["shop.example", "*"]),
        ("SECURE_REFERRER_POLICY", "unsafe-url"),
        ("SECURE_REFERRER_POLICY", None),
        ("SECURE_REFERRER_POLICY", "no-referrer, unsafe-url"),
        ("DEBUG", True),
        ("DEBUG", "False"),
        ("EMAIL_USE_TLS", False),
        ("SESAME_MAX_AGE", None),
    ],
    ids=repr,
)
def test_a_bad_value_does_not(name: str, value: Any) -> None:
    assert not only(name).is_met(value)


def test_either_setting_protects_the_mail_connection() -> None:
    assert only("EMAIL_USE_TLS").alternatives == ("EMAIL_USE_SSL",)
    assert only("EMAIL_USE_SSL").alternatives == ("EMAIL_USE_TLS",)


def test_a_setting_may_give_several_safeguards() -> None:
    assert [str(requirement.safeguard) for requirement in requirements()["MIDDLEWARE"]] == ["https", "csrf"]
    tls, csrf = requirements()["MIDDLEWARE"]
    assert csrf.is_met(["django.middleware.csrf.CsrfViewMiddleware"])
    assert not tls.is_met(["django.middleware.csrf.CsrfViewMiddleware"])


@pytest.mark.parametrize("requirement", ALL, ids=lambda requirement: f"{requirement.name}-{requirement.safeguard}")
def test_a_requirement_names_the_standards(requirement: Requirement) -> None:
    assert requirement.cwe
    assert all(number.startswith("v5.0.0-") for number in requirement.asvs)
    assert requirement.asvs


@pytest.mark.parametrize("requirement", OF_DJANGO, ids=lambda requirement: f"{requirement.name}-{requirement.safeguard}")
def test_every_setting_of_django_has_a_default(requirement: Requirement) -> None:
    assert requirement.name in django_defaults()


@pytest.mark.parametrize("value", [None, True, 0, 1, "", "x", [], ["x"], (), {}, {"x": 1}, 1.5, b"x"], ids=repr)
@pytest.mark.parametrize("requirement", ALL, ids=lambda requirement: f"{requirement.name}-{requirement.safeguard}")
def test_any_value_is_judged(requirement: Requirement, value: Any) -> None:
    assert requirement.is_met(value) in {True, False}


def test_the_installed_django_has_these_defaults() -> None:
    packages = {requirement.name for requirement in ALL if requirement.package != "django"}
    for name, value in django_defaults(django.VERSION[:2]).items():
        if name not in packages:
            real = getattr(global_settings, name)
            assert (list(real) if isinstance(real, tuple) else real) == value, name


@pytest.mark.parametrize(
    ("version", "name", "value"),
    [
        ((2, 2), "SECURE_CONTENT_TYPE_NOSNIFF", False),
        ((3, 0), "SECURE_CONTENT_TYPE_NOSNIFF", True),
        ((2, 2), "X_FRAME_OPTIONS", "SAMEORIGIN"),
        ((3, 0), "SECURE_REFERRER_POLICY", None),
        ((3, 1), "SECURE_REFERRER_POLICY", "same-origin"),
        ((2, 1), "SESSION_COOKIE_SAMESITE", "Lax"),
        ((1, 11), "SESSION_COOKIE_SECURE", False),
        ((4, 1), "CSRF_COOKIE_MASKED", False),
        ((3, 2), "PASSWORD_RESET_TIMEOUT_DAYS", 3),
        (None, "SECURE_CSP", {}),
        (None, "CORS_ALLOW_ALL_ORIGINS", False),
    ],
)
def test_defaults_change_with_the_version(version: tuple[int, int] | None, name: str, value: Any) -> None:
    assert django_defaults(version)[name] == value


@pytest.mark.parametrize(
    ("version", "name"),
    [
        ((2, 0), "SESSION_COOKIE_SAMESITE"),
        ((2, 2), "SECURE_REFERRER_POLICY"),
        ((2, 2), "LANGUAGE_COOKIE_SECURE"),
        ((3, 0), "PASSWORD_RESET_TIMEOUT"),
        ((4, 0), "PASSWORD_RESET_TIMEOUT_DAYS"),
        ((4, 0), "CSRF_COOKIE_MASKED"),
        ((5, 0), "CSRF_COOKIE_MASKED"),
        ((5, 2), "SECURE_CSP"),
        ((5, 1), "DEFAULT_FILE_STORAGE"),
        (None, "MIDDLEWARE_CLASSES"),
    ],
)
def test_a_setting_that_means_nothing_to_a_version_has_no_default(version: tuple[int, int] | None, name: str) -> None:
    assert name not in django_defaults(version)
