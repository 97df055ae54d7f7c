"""Django REST framework and django-ninja behind the guard: what is declared on their endpoints does not come back."""

from __future__ import annotations

from typing import Any

import brotli
import pytest
from django.conf import settings
from django.test import Client, override_settings
from guardsite.exposure import holds

CANARY = "k7Qz-9fWx2LmP3~tY"
GUARD = "leaktight.guard.middleware.GuardMiddleware"
UNGUARDED = override_settings(MIDDLEWARE=[name for name in settings.MIDDLEWARE if name != GUARD])


def _post(path: str) -> Any:
    return Client().post(path, {"gate_word": CANARY}, content_type="application/json", secure=True)


@pytest.mark.parametrize("path", ["/rest/", "/ninja/echo/"])
def test_a_declared_value_does_not_come_back(path: str) -> None:
    with UNGUARDED:
        assert _post(path).json() == {"echo": CANARY}
    response = _post(path)
    assert response.json() == {"echo": "***"}
    assert response.headers["Cache-Control"] == "no-store, private"


@pytest.mark.parametrize("path", ["/rest/", "/ninja/echo/"])
def test_an_address_with_it_and_a_request_in_clear_are_refused(path: str) -> None:
    with UNGUARDED:
        assert Client().get(path, {"gate_word": CANARY}, secure=True).status_code == 405
    assert Client().get(path, {"gate_word": CANARY}, secure=True).status_code == 400
    assert Client().post(path, {"gate_word": CANARY}, content_type="application/json").status_code == 403


def test_a_body_packed_with_brotli_is_looked_into() -> None:
    with UNGUARDED:
        assert holds(brotli.decompress(_post("/brotli/").content), CANARY)
    response = _post("/brotli/")
    assert "Content-Encoding" not in response.headers
    assert response.content == b'{"gate_word": "***"}'
