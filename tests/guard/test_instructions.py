"""What the browser is told: to forget at sign-out, to send forms nowhere else, and cookies that keep what their names promise."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from http.cookies import Morsel
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.auth.views import LogoutView
from django.http import FileResponse, HttpRequest, HttpResponse
from django.test import AsyncClient, Client, RequestFactory, override_settings
from django.urls import ResolverMatch
from guardsite.exposure import holds

from leaktight.guard import sensitive
from leaktight.guard.middleware import GuardMiddleware

CANARY = "k7Qz-9fWx2LmP3~tY"
GUARD = "leaktight.guard.middleware.GuardMiddleware"
pytestmark = pytest.mark.django_db
UNGUARDED = override_settings(MIDDLEWARE=[name for name in settings.MIDDLEWARE if name != GUARD])


def _answer(view: Callable[[HttpRequest], Any], *, secure: bool = True, **posted: str) -> Any:
    """What a view answers behind the guard."""
    request = RequestFactory().post("/nowhere/", posted or {"password": CANARY}, secure=secure)
    request.resolver_match = ResolverMatch(view, (), {})

    def read(request: HttpRequest) -> Any:
        assert request.POST
        return view(request)

    return GuardMiddleware(read)(request)


# -- sign-out ----------------------------------------------------------------------------------


def _sign_out() -> Any:
    client = Client()
    client.force_login(User.objects.create_user("anna"))
    return client.post("/sign-out/", secure=True)


@pytest.mark.urls(__name__)
def test_the_browser_forgets_at_sign_out() -> None:
    with UNGUARDED:
        assert "Clear-Site-Data" not in _sign_out().headers
    User.objects.all().delete()
    assert _sign_out().headers["Clear-Site-Data"] == '"cache", "storage"'


@pytest.mark.django_db(transaction=True)
@pytest.mark.urls(__name__)
def test_the_browser_forgets_at_an_async_sign_out() -> None:
    async def sign_out() -> Any:
        client = AsyncClient()
        await client.aforce_login(await User.objects.acreate_user("anna"))
        return await client.post("/sign-out/", secure=True)

    assert asyncio.run(sign_out()).headers["Clear-Site-Data"] == '"cache", "storage"'


@pytest.mark.urls(__name__)
@pytest.mark.parametrize(("kinds", "told"), [(["cookies"], '"cookies"'), ([], None)])
def test_what_is_forgotten_is_the_sites_choice(kinds: list[str], told: str | None) -> None:
    with override_settings(LEAKTIGHT={**settings.LEAKTIGHT, "CLEAR_SITE_DATA": kinds}):
        assert _sign_out().headers.get("Clear-Site-Data") == told


@pytest.mark.urls(__name__)
def test_nothing_is_forgotten_where_nobody_signs_out() -> None:
    assert "Clear-Site-Data" not in Client().post("/own/", {"a": "b"}, secure=True).headers


# -- where forms may go ------------------------------------------------------------------------

POLICIES = {
    None: "form-action 'self'",
    "default-src 'none'": "default-src 'none'; form-action 'self'",
    "default-src 'none';": "default-src 'none'; form-action 'self'",
    "script-src 'self'; object-src 'none'; ": "script-src 'self'; object-src 'none'; form-action 'self'",
    "form-action https://pay.example": "form-action https://pay.example",
    "default-src 'self'; FORM-ACTION 'none'": "default-src 'self'; FORM-ACTION 'none'",
    "default-src 'self'; report-uri /no-form-action": "default-src 'self'; report-uri /no-form-action; form-action 'self'",
    "default-src 'self', img-src *": "default-src 'self', img-src *; form-action 'self'",
}


@pytest.mark.parametrize("policy", POLICIES)
def test_the_forms_of_a_declared_view_stay_here_whatever_the_site_says_besides(policy: str | None) -> None:
    headers = {} if policy is None else {"Content-Security-Policy": policy}
    response = _answer(sensitive("card")(lambda _: HttpResponse("<form></form>", headers=headers)))
    assert response.headers["Content-Security-Policy"] == POLICIES[policy]


def test_other_pages_and_other_kinds_of_answers_get_no_policy() -> None:
    assert "Content-Security-Policy" not in _answer(lambda _: HttpResponse("<form></form>"), city="Berlin").headers
    json = sensitive("card")(lambda _: HttpResponse("{}", content_type="application/json"))
    assert "Content-Security-Policy" not in _answer(json).headers


# -- cookies -----------------------------------------------------------------------------------


def _morsel(name: str, *, secure: bool = True, **flags: Any) -> Morsel[str]:
    def view(_: HttpRequest) -> HttpResponse:
        response = HttpResponse("ok")
        response.set_cookie(name, "x", **flags)
        return response

    return _answer(view, secure=secure, city="Berlin").cookies[name]  # type: ignore[no-any-return]


@pytest.mark.parametrize("name", ["__Host-session", "__Host-theme", "__host-theme", "__Host-Http-x"])
def test_a_cookie_for_this_host_alone_is_one(name: str) -> None:
    morsel = _morsel(name, path="/shop/", domain="example.org")
    assert morsel["secure"]
    assert (morsel["path"], morsel["domain"]) == ("/", "")
    other = _morsel(name.replace("ost-", "osts-"), path="/shop/", domain="example.org")
    assert (other["path"], other["domain"], other["secure"]) == ("/shop/", "example.org", "")


def test_a_cookie_that_says_it_is_secure_is() -> None:
    assert _morsel("__Secure-theme")["secure"]
    assert _morsel("__Secure-theme", path="/shop/")["path"] == "/shop/"
    assert not _morsel("theme")["secure"]


def test_a_cookie_that_scripts_must_not_read_is_hidden_from_them() -> None:
    assert _morsel("__Http-x")["httponly"]
    assert _morsel("__Host-Http-x")["httponly"]
    assert not _morsel("__Host-theme")["httponly"]


def test_over_plain_http_no_cookie_is_made_what_browsers_would_refuse() -> None:
    with override_settings(LEAKTIGHT={**settings.LEAKTIGHT, "HTTPS": False}):
        assert not _morsel("__Host-theme", secure=False)["secure"]


# -- files -------------------------------------------------------------------------------------


def _file_view(file: Path) -> Callable[[HttpRequest], FileResponse]:
    return lambda _: FileResponse(file.open("rb"), as_attachment=True, filename=f"for {CANARY}.txt")


def test_a_file_is_looked_through_and_so_is_its_name(tmp_path: Path) -> None:
    file = tmp_path / "export.txt"
    file.write_text("x" * 5000 + f"card {CANARY}\n" + "y" * 70_000)
    view = _file_view(file)
    bare = view(HttpRequest())
    assert holds(b"".join(bare), CANARY)
    assert holds(bare.headers["Content-Disposition"], CANARY)
    bare.close()
    response = _answer(view)
    assert response.file_to_stream is None  # a server would send it past the guard
    body = b"".join(response)
    assert not holds(body, CANARY)
    assert body == b"x" * 5000 + b"card ***\n" + b"y" * 70_000
    assert not holds(response.headers["Content-Disposition"], CANARY)
    assert "Content-Length" not in response.headers
    response.close()


def test_a_file_of_a_request_with_nothing_in_it_is_left_to_the_server(tmp_path: Path) -> None:
    file = tmp_path / "export.txt"
    file.write_text(f"card {CANARY}\n")
    response = _answer(_file_view(file), city="Berlin")
    assert response.file_to_stream is not None
    assert b"".join(response) == file.read_bytes()
    assert response.headers["Content-Length"] == str(len(file.read_bytes()))
    response.close()


def _own(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


def _urls() -> list[Any]:
    from django.urls import path
    from django.views.decorators.csrf import csrf_exempt

    return [
        path("sign-out/", csrf_exempt(LogoutView.as_view(next_page="/own/"))),
        path("own/", csrf_exempt(_own)),
    ]


urlpatterns = _urls()
