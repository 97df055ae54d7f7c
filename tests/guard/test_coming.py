"""What comes in: nothing in clear, nothing sensitive in an address, nothing forged; and whoever sends nothing sensitive is left alone."""

from __future__ import annotations

import asyncio
import logging
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import AsyncClient, Client, RequestFactory, override_settings
from guardsite.exposure import holds

from leaktight.guard.answers import refusal
from leaktight.guard.incidents import cleartext_credential_seen
from leaktight.guard.middleware import GuardMiddleware
from leaktight.guard.values.registry import MOST_VALUES

CANARY = "k7Qz-9fWx2LmP3~tY"
GUARD = "leaktight.guard.middleware.GuardMiddleware"
UNGUARDED = override_settings(MIDDLEWARE=[name for name in settings.MIDDLEWARE if name != GUARD], SECURE_SSL_REDIRECT=True)
FORM = "application/x-www-form-urlencoded"
HTML = {"Accept": "text/html,*/*"}

CARRYING: dict[str, dict[str, Any]] = {
    "a declared value": {"path": "/pay/", "data": {"card": CANARY}, "method": "post"},
    "a declared value in JSON": {"path": "/pay/", "data": {"card": CANARY}, "method": "post", "content_type": "application/json"},
    "a bearer token": {"path": "/page/", "headers": {"Authorization": f"Bearer {CANARY}"}, "method": "get"},
    "an API key": {"path": "/page/", "headers": {"X-Api-Key": CANARY}, "method": "get"},
    "a password nobody declared": {"path": "/open/", "data": {"password": CANARY}, "method": "post"},
    "a query": {"path": "/pay/", "data": {"card": CANARY}, "method": "get", "headers": HTML},
}


def _ask(client: Any, asked: dict[str, Any], **more: Any) -> Any:
    asked = dict(asked)
    method = getattr(client, asked.pop("method"))
    return method(asked.pop("path"), asked.pop("data", None), **asked, **more)


@pytest.mark.parametrize("what", CARRYING)
def test_what_comes_in_clear_with_something_sensitive_is_refused_and_told(what: str) -> None:
    heard: list[Any] = []

    def listen(incident: Any, request: Any, **_: Any) -> None:
        heard.append(incident)

    with UNGUARDED:
        assert _ask(Client(), CARRYING[what]).status_code == 301
    cleartext_credential_seen.connect(listen)
    try:
        response = _ask(Client(), CARRYING[what])
    finally:
        cleartext_credential_seen.disconnect(listen)
    assert response.status_code == 403
    assert "Location" not in response.headers
    assert response.headers["Connection"] == "close"
    assert not holds(str(response.headers).encode() + response.content, CANARY)
    assert heard
    assert all(len(incident.fingerprint) == 16 and not holds(repr(incident), CANARY) for incident in heard)
    with override_settings(MIDDLEWARE=settings.MIDDLEWARE):
        assert _ask(Client(), CARRYING[what], secure=True).status_code in {200, 400}


def test_a_session_cookie_in_clear_is_refused(db: None) -> None:
    client = Client()
    client.cookies["sessionid"] = "s" * 32
    assert client.get("/page/", headers=HTML).status_code == 403
    assert client.get("/page/", headers=HTML, secure=True).status_code == 200


def test_a_visit_is_redirected_without_its_query() -> None:
    with UNGUARDED:
        assert Client().get("/page/?next=/a&code=123456", headers=HTML).headers["Location"].endswith("code=123456")
    response = Client().get("/page/?next=/a&code=123456", headers=HTML)
    assert (response.status_code, response.headers["Location"]) == (301, "https://testserver/page/")


@pytest.mark.parametrize("asked", [{"method": "get"}, {"method": "post", "data": {"a": "b"}}, {"method": "delete"}])
def test_what_is_no_visit_to_a_page_is_refused_in_clear(asked: dict[str, Any]) -> None:
    response = _ask(Client(), {"path": "/page/", **asked}, headers={"Accept": "application/json"})
    assert response.status_code == 403
    assert response.headers["Content-Type"] == "application/problem+json"


def test_a_health_check_may_come_in_clear_while_it_carries_nothing() -> None:
    with override_settings(SECURE_REDIRECT_EXEMPT=[r"^page/$"]):
        assert Client().get("/page/").status_code == 200
        assert Client().get("/page/", headers={"Authorization": "Bearer abc"}).status_code == 403


@pytest.mark.parametrize("changed", [{"DEBUG": True}, {"LEAKTIGHT": {"HTTPS": False}}])
def test_development_works_in_clear(changed: dict[str, Any]) -> None:
    with override_settings(**changed):
        assert Client().post("/pay/", {"card": CANARY}).status_code == 200


def test_a_proxy_that_says_https_is_believed_only_when_the_settings_say_so() -> None:
    told = {"X-Forwarded-Proto": "https", "Authorization": "Bearer abc"}
    assert Client().get("/page/", headers=told).status_code == 403
    with override_settings(SECURE_PROXY_SSL_HEADER=("HTTP_X_FORWARDED_PROTO", "https")):
        assert Client().get("/page/", headers=told).status_code == 200
        assert Client().get("/page/", headers={**told, "X-Forwarded-Proto": "http"}).status_code == 403


ADDRESSES = {
    "a query": f"/pay/?card={quote(CANARY)}",
    "a query, encoded": "/pay/?card=" + "".join(f"%{ord(c):02x}" for c in CANARY),
    "a name in capitals": f"/pay/?CARD={quote(CANARY)}",
    "a path": f"/pay/{quote(CANARY)}/",
    "a query without the slash": f"/pay?card={quote(CANARY)}",
    "a password nobody declared": f"/page/?password={quote(CANARY)}",
}


@pytest.mark.parametrize("what", ADDRESSES)
def test_a_value_in_an_address_is_refused(what: str, caplog: pytest.LogCaptureFixture) -> None:
    with UNGUARDED:
        assert Client().get(ADDRESSES[what], secure=True).status_code in {200, 301}
    caplog.clear()
    with caplog.at_level(logging.DEBUG):
        response = Client().get(ADDRESSES[what], secure=True)
    assert response.status_code == 400
    assert not holds(str(response.headers).encode() + response.content, CANARY)
    with override_settings(LEAKTIGHT={"MODES": {"request-url": "report"}}):
        assert Client().get(ADDRESSES[what], secure=True).status_code in {200, 301}


@pytest.mark.parametrize(
    "address", ["/page/?page=2&q=cards", "/page/?token=abcdef123456", "/pay/?cart=12345678", "/page/?password="]
)
def test_other_addresses_are_left_alone(address: str) -> None:
    assert Client().get(address, secure=True).status_code == 200


def test_a_forged_request_to_a_declared_view_is_refused_although_it_is_exempt(db: None) -> None:
    client = Client(enforce_csrf_checks=True)
    client.get("/visit/", secure=True)
    with UNGUARDED:
        unguarded = Client(enforce_csrf_checks=True)
        unguarded.cookies = client.cookies
        assert unguarded.post("/pay/", {"card": CANARY}, secure=True).status_code == 200
    assert client.post("/pay/", {"card": CANARY}, secure=True).status_code == 403
    assert client.post("/open/", {"a": "b"}, secure=True).status_code == 200
    assert Client(enforce_csrf_checks=True).post("/pay/", {"card": CANARY}, secure=True).status_code == 200
    elsewhere = {"Sec-Fetch-Site": "cross-site"}
    assert Client(enforce_csrf_checks=True).post("/pay/", {"card": CANARY}, secure=True, headers=elsewhere).status_code == 403
    token = {**elsewhere, "Authorization": "Bearer abc"}
    assert Client(enforce_csrf_checks=True).post("/pay/", {"card": CANARY}, secure=True, headers=token).status_code == 200


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("changed", [{}, {"CSRF_USE_SESSIONS": True}])
def test_the_same_holds_for_an_async_site(changed: dict[str, Any]) -> None:
    async def ask() -> list[int]:
        client = AsyncClient(enforce_csrf_checks=True)
        await client.get("/visit/", secure=True)
        forged = await client.post("/pay/", {"card": CANARY}, secure=True)
        visited = await client.get("/page/", secure=True)
        with UNGUARDED:
            unguarded = AsyncClient(enforce_csrf_checks=True)
            unguarded.cookies = client.cookies
            taken = await unguarded.post("/pay/", {"card": CANARY}, secure=True)
        return [forged.status_code, visited.status_code, taken.status_code]

    with override_settings(**changed):
        assert asyncio.run(ask()) == [403, 200, 200]


def test_no_request_goes_by_way_of_a_thread_for_the_check_of_its_view(monkeypatch: pytest.MonkeyPatch) -> None:
    from leaktight.guard import middleware

    threads: list[Any] = []
    monkeypatch.setattr(middleware, "sync_to_async", lambda called: threads.append(called))
    response = asyncio.run(AsyncClient().get("/page/", secure=True))
    assert response.status_code == 200
    assert threads == []


def test_a_request_with_too_many_values_is_refused(db: None) -> None:
    many = [{"card": f"value-{number}"} for number in range(MOST_VALUES + 1)]
    with UNGUARDED:
        assert Client().post("/pay/", many, content_type="application/json", secure=True).status_code == 200
    assert Client().post("/pay/", many, content_type="application/json", secure=True).status_code == 400


@override_settings(DATA_UPLOAD_MAX_NUMBER_FIELDS=3)
@pytest.mark.parametrize("logs", [True, False])
def test_a_form_with_more_fields_than_are_read_is_not_taken_for_an_empty_one(db: None, *, logs: bool) -> None:
    def view(request: Any) -> HttpResponse:
        if logs:  # the first who asks for the values must not leave the next one without any
            logging.getLogger("site").warning("paid by %s", request.user)
        return HttpResponse(request.body)

    asked = RequestFactory().post("/pay/", "a=1&b=2&c=3&password=" + CANARY, content_type=FORM, secure=True)
    asked.user = "anna"
    response = GuardMiddleware(view)(asked)
    assert response.status_code == 400
    assert not holds(response.content, CANARY)
    asked = RequestFactory().post("/pay/", "a=1&b=2&password=" + CANARY, content_type=FORM, secure=True)
    asked.user = "anna"
    assert GuardMiddleware(view)(asked).content == b"a=1&b=2&password=***"


def test_an_async_site_refuses_the_same() -> None:
    async def ask() -> list[int]:
        client = AsyncClient()
        return [
            (await client.post("/pay/", {"card": CANARY})).status_code,
            (await client.get(ADDRESSES["a query"], secure=True)).status_code,
            (await client.post("/pay/", {"card": CANARY}, secure=True)).status_code,
        ]

    assert asyncio.run(ask()) == [403, 400, 200]


def test_the_body_is_there_for_the_view_as_without_the_guard() -> None:
    response = Client().post("/api/", {"pin": "123456"}, content_type="application/json", secure=True)
    assert response.json() == {"length": 6}


def test_a_refusal_over_https_keeps_browsers_on_https_as_any_answer_does() -> None:
    asked = RequestFactory().get("/", secure=True)
    with override_settings(SECURE_HSTS_SECONDS=31536000, SECURE_HSTS_INCLUDE_SUBDOMAINS=True, SECURE_HSTS_PRELOAD=False):
        assert refusal(asked, 400, "Refused.")["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
        assert "Strict-Transport-Security" not in refusal(RequestFactory().get("/"), 400, "Refused.")
    with override_settings(SECURE_HSTS_SECONDS=0):
        assert "Strict-Transport-Security" not in refusal(asked, 400, "Refused.")
