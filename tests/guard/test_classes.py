"""The guard's views: what is posted to them is declared, forged requests are refused, and a link's token does not stay in the address."""

from __future__ import annotations

import pytest
from asgiref.sync import async_to_sync
from django.conf import settings
from django.test import AsyncClient, Client, override_settings
from guardsite.exposure import holds

from leaktight.guard.classes import SensitiveView

CANARY = "k7Qz-9fWx2LmP3~tY"
GUARD = "leaktight.guard.middleware.GuardMiddleware"
UNGUARDED = override_settings(MIDDLEWARE=[name for name in settings.MIDDLEWARE if name != GUARD])

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("address", ["/slip/", "/slip/form/"])
def test_what_is_posted_to_a_sensitive_view_is_declared(address: str) -> None:
    with UNGUARDED:
        assert holds(Client().post(address, {"slip": CANARY}, secure=True).content, CANARY)
    answer = Client().post(address, {"slip": CANARY}, secure=True)
    assert not holds(answer.content, CANARY)
    assert b"You sent ***" in answer.content
    assert "no-store" in answer.headers["Cache-Control"]
    assert Client(enforce_csrf_checks=True).post(address, {"slip": CANARY}, secure=True).status_code == 403


def test_an_unknown_label_is_refused_when_a_view_is_defined() -> None:
    with pytest.raises(ValueError, match="unknown label"):
        type("Wrong", (SensitiveView,), {"sensitive_names": {"a": "colour"}})


def test_a_token_does_not_stay_in_the_address() -> None:
    client = Client()
    first = client.get(f"/linked/{CANARY}/", secure=True)
    assert (first.status_code, first.headers["Location"]) == (302, "/linked/in-session/")
    assert first.headers["Referrer-Policy"] == "no-referrer"
    assert "no-store" in first.headers["Cache-Control"]
    page = client.get("/linked/in-session/", secure=True)
    assert page.status_code == 200
    assert page.content.endswith(str(len(CANARY)).encode())
    assert Client().get("/linked/in-session/", secure=True).status_code == 404


def test_nor_in_async_code() -> None:
    client = AsyncClient()

    async def visit() -> list[int]:
        first = await client.get(f"/linked/async/{CANARY}/", secure=True)
        return [first.status_code, (await client.get(first.headers["Location"], secure=True)).status_code]

    assert async_to_sync(visit)() == [302, 200]
