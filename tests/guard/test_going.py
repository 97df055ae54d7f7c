"""Every way out of a response: unguarded the value leaves by it, guarded it is gone in every encoding."""

from __future__ import annotations

import asyncio
import gzip
import sys
from typing import Any

import pytest
import zstandard
from django.conf import settings
from django.http import HttpResponse
from django.test import AsyncClient, Client, RequestFactory, override_settings
from guardsite.exposure import holds
from guardsite.views_going import ENCODINGS, VIEWS

from leaktight.guard.going import bodies
from leaktight.guard.going.bodies import _unpacked
from leaktight.guard.going.unpacking import NotInspectable
from leaktight.guard.incidents import leak_found
from leaktight.guard.middleware import GuardMiddleware

CANARY = "k7Qz-9fWx2LmP3~tY"
GUARD = "leaktight.guard.middleware.GuardMiddleware"
UNGUARDED = override_settings(MIDDLEWARE=[name for name in settings.MIDDLEWARE if name != GUARD])
SIGNED = override_settings(SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies")
ENCODED = [
    "body",
    "body_async",
    "in_json",
    "streaming",
    "streaming_async",
    "gzipped",
    "own_header",
    "plain_cookie",
    "redirect_query",
]
COOKIE_BY_DESIGN = {"session"}

pytestmark = pytest.mark.django_db


def _exposed(response: Any) -> bool:
    """Whether anything that goes to the client holds the canary: the headers, cookies as they are sent, or the body."""
    head = "\n".join(f"{name}: {value}" for name, value in response.headers.items()) + "\n" + response.cookies.output()
    body = b"".join(_pieces(response.streaming_content)) if response.streaming else response.content
    return holds(head, CANARY) or holds(body, CANARY)


def _pieces(content: Any) -> list[bytes]:
    if not hasattr(content, "__aiter__"):
        return list(content)

    async def collect() -> list[bytes]:
        return [piece async for piece in content]

    return asyncio.run(collect())


def _post(name: str, *, encoding: str = "plain", json: bool = False, client: Client | None = None) -> Any:
    given: dict[str, Any] = {"content_type": "application/json"} if json else {}
    client = client or Client(raise_request_exception=False)
    return client.post(f"/going/{name}/", {"card": CANARY}, secure=True, headers={"X-Encoding": encoding}, **given)


WAYS = [(name, "plain") for name in VIEWS] + [
    (name, encoding) for name in ENCODED for encoding in ENCODINGS if encoding != "plain"
]


@pytest.mark.parametrize(("name", "encoding"), WAYS)
@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")
def test_a_value_does_not_leave_by_a_response(name: str, encoding: str) -> None:
    with SIGNED, UNGUARDED:
        assert _exposed(_post(name, encoding=encoding))
    with SIGNED:
        assert not _exposed(_post(name, encoding=encoding))


@pytest.mark.parametrize("name", ["body", "in_json", "streaming", "plain_cookie", "redirect_query"])
def test_a_value_in_json_is_known_as_well(name: str) -> None:
    with UNGUARDED:
        assert _exposed(_post(name, json=True))
    assert not _exposed(_post(name, json=True))


@pytest.mark.parametrize("name", ["body", "body_async", "streaming_async", "own_header", "gzipped"])
def test_the_same_holds_for_an_async_site(name: str) -> None:
    async def post() -> tuple[bytes, Any]:
        response = await AsyncClient(raise_request_exception=False).post(f"/going/{name}/", {"card": CANARY}, secure=True)
        content = b"".join([piece async for piece in response.streaming_content]) if response.streaming else response.content
        return content, response.headers

    with UNGUARDED:
        content, headers = asyncio.run(post())
        assert holds(content, CANARY) or holds(str(headers), CANARY)
    content, headers = asyncio.run(post())
    assert not holds(content, CANARY)
    assert not holds(str(headers), CANARY)


def test_the_rest_of_the_answer_stays() -> None:
    assert _post("body").content == b"<p>You sent</p> *** <p>thanks</p>"
    assert _post("in_json").json() == {"card": "***", "list": ["***"]}
    assert b"".join(_post("streaming").streaming_content) == b"before *** after"
    assert _post("redirect_query").headers["Location"] == "/done/"
    assert _post("redirect_path").status_code == 500
    assert _post("gzipped").content == b"<p>***</p>"
    assert "Content-Encoding" not in _post("gzipped").headers
    assert _post("packed_unknown").status_code == 500


@pytest.mark.parametrize("mode", ["report", "mask", "block"])
def test_the_mode_of_a_channel_decides(mode: str) -> None:
    heard: list[Any] = []

    def listen(incident: Any, **_: Any) -> None:
        heard.append((incident.channel, incident.label, incident.name, incident.mode, incident.view))

    leak_found.connect(listen)
    try:
        with override_settings(LEAKTIGHT={"MODES": {"response-body": mode}}):
            response = _post("body")
    finally:
        leak_found.disconnect(listen)
    assert heard == [("response-body", "card", "card", mode, "body")]
    assert holds(response.content, CANARY) is (mode == "report")
    assert response.status_code == (500 if mode == "block" else 200)


def test_what_nobody_declared_is_left_alone() -> None:
    response = Client().post("/undeclared/", {"card": CANARY}, secure=True)
    assert response.content == CANARY.encode()
    assert "Cache-Control" not in response.headers


def test_a_declared_view_is_kept_out_of_caches_and_its_forms_at_home() -> None:
    with UNGUARDED:
        assert "Cache-Control" not in _post("body").headers
    response = _post("body")
    assert response.headers["Cache-Control"] == "no-store, private"
    assert response.headers["Content-Security-Policy"] == "form-action 'self'"


def test_an_error_of_the_guard_stops_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    from leaktight.guard import middleware

    def fail(*_: Any) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(middleware, "strain_headers", fail)
    response = _post("body")
    assert response.status_code == 500
    assert not _exposed(response)


def test_a_body_packed_in_several_parts_is_not_sent_unseen() -> None:
    whole = gzip.compress(b"clean") + gzip.compress(CANARY.encode())
    assert holds(gzip.decompress(whole), CANARY)
    with pytest.raises(NotInspectable):
        _unpacked(whole, "gzip")
    assert _unpacked(gzip.compress(b"clean"), "gzip") == b"clean"


def _answered(response: Any, value: str = CANARY, **cookies: str) -> Any:
    request = RequestFactory().post("/nowhere/", {"password": value}, secure=True)
    request.COOKIES.update(cookies)

    def view(request: Any) -> Any:
        assert request.POST
        return response

    return GuardMiddleware(view)(request)


def test_a_cookie_by_the_name_of_an_identifier_is_looked_into_unless_it_is_one() -> None:
    for name in (settings.CSRF_COOKIE_NAME, settings.SESSION_COOKIE_NAME):
        response = HttpResponse("ok")
        response.set_cookie(name, "k7Qz9fWx2LmP3tY0k7Qz9fWx2LmP3tY0")
        assert name not in _answered(response, "k7Qz9fWx2LmP3tY0k7Qz9fWx2LmP3tY0").cookies
    secret = "k7Qz9fWx2LmP3tY0k7Qz9fWx2LmP3tY0"
    response = HttpResponse("ok")
    response.set_cookie(settings.CSRF_COOKIE_NAME, secret)
    request = RequestFactory().post("/nowhere/", {"password": CANARY}, secure=True, headers={"X-Auth-Token": secret})
    request.META["CSRF_COOKIE"] = secret
    assert settings.CSRF_COOKIE_NAME in GuardMiddleware(lambda _: response)(request).cookies


@pytest.mark.parametrize("status", [200, 202, 302, 404])
def test_an_address_in_location_is_looked_at_whatever_the_status(status: int) -> None:
    headers = {"Location": f"/done/?card={CANARY}"}
    assert holds(str(HttpResponse(status=status, headers=headers).headers), CANARY)
    assert not holds(str(_answered(HttpResponse(status=status, headers=headers)).headers), CANARY)


def test_what_django_writes_into_headers_stays_even_when_it_is_somebodys_password() -> None:
    response = _answered(
        HttpResponse("ok", headers={"X-Frame-Options": "SAMEORIGIN", "X-Own": "password=SAMEORIGIN"}), "SAMEORIGIN"
    )
    assert response.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "SAMEORIGIN" not in response.headers["X-Own"]


def test_a_body_packed_with_zstd_is_looked_into_where_that_can_be_done(monkeypatch: pytest.MonkeyPatch) -> None:
    packed = zstandard.compress(f"<p>{CANARY}</p>".encode()) + zstandard.compress(b"<p>more</p>")
    headers = {"Content-Encoding": "zstd"}
    response = _answered(HttpResponse(packed, headers=headers))
    assert response.content == b"<p>***</p><p>more</p>"
    assert "Content-Encoding" not in response.headers
    assert _answered(HttpResponse(zstandard.compress(b"clean"), headers=headers)).content == zstandard.compress(b"clean")
    with pytest.raises(NotInspectable):
        _unpacked(b"no frame", "zstd")
    monkeypatch.setattr(bodies, "_MOST_UNPACKED", 1000)
    with pytest.raises(NotInspectable):
        _unpacked(zstandard.compress(bytes(1001)), "zstd")
    monkeypatch.setitem(sys.modules, "zstandard", None)
    assert _answered(HttpResponse(packed, headers=headers)).status_code == 500


@pytest.mark.parametrize("charset", ["x-user-defined", "binary", "hex", "a\0b"])
def test_a_body_in_an_encoding_that_python_does_not_know_is_looked_into_as_bytes(charset: str) -> None:
    def answered(card: str) -> Any:
        request = RequestFactory().post("/pay/", {"card_number": card}, secure=True)
        return GuardMiddleware(lambda _: _in(charset, request.POST["card_number"]))(request)

    assert b"more" in answered("nobody-sent-4711").content
    assert not _exposed(answered(CANARY))
    assert b"more" in answered(CANARY).content


def _in(charset: str, card: str) -> HttpResponse:
    response = HttpResponse(f"{CANARY} and more".encode(), content_type="application/octet-stream")
    response.charset = charset
    return response
