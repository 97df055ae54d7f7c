"""The 58 outlets by which sensitive values were measured to leave a Django site, each with a request that uses it and where to look."""

from __future__ import annotations

import random
import string
from collections.abc import Callable
from typing import Any, NamedTuple

from django.core.files.uploadedfile import SimpleUploadedFile

from .places import ACCESS, REPORTS

Request = Callable[[str], dict[str, Any]]


class Outlet(NamedTuple):
    """One way out: `places` are those where the value appears when nobody guards it."""

    name: str
    request: Request
    places: tuple[str, ...]
    changed: dict[str, Any] = {}  # noqa: RUF012 - never changed
    in_address: bool = False
    """The value comes in the address, so that the guard refuses the request before it gets anywhere."""
    writes: bool = False
    """The view itself writes the value out, so that it can do so in any encoding."""

    @property
    def fails(self) -> bool:
        """Whether the view raises."""
        return self.places[0] in REPORTS


def canary(name: str) -> str:
    """A value that occurs nowhere else, always the same for a name."""
    chance = random.Random(name)
    part = "".join(chance.choices(string.ascii_letters + string.digits, k=14))
    return f"k{part[:5]}-9{part[5:]}~tY"


def _post(view: str, **more: Any) -> Request:
    return lambda value: {"path": f"/corpus/{view}/", "method": "post", "data": {"card": value}, **more}


def _json(view: str) -> Request:
    return lambda value: {**_post(view)(value), "content_type": "application/json"}


def _get(view: str, **more: Any) -> Request:
    return lambda value: {"path": f"/corpus/{view}", "method": "get", "query_params": {"card": value}, **more}


def _path(view: str) -> Request:
    return lambda value: {"path": f"/corpus/{view}/{value}/", "method": "get"}


def _header(name: str, form: str = "{}") -> Request:
    return lambda value: {**_post("header")("nothing"), "headers": {name: form.format(value)}}


def _cookie(value: str) -> dict[str, Any]:
    return {**_post("fail")("nothing"), "cookies": {"card": value}}


def _file(value: str) -> dict[str, Any]:
    return {**_post("fail")("nothing"), "data": {"document": SimpleUploadedFile(f"{value}.txt", b"x")}}


def _setting(value: str) -> dict[str, Any]:
    return _post("fail")("nothing")


ERROR_REPORTS = [
    Outlet("POST parameter", _post("fail"), REPORTS),
    Outlet("QueryDict variable, named in the decorator", _post("form_named"), ("page of DEBUG",)),
    Outlet("QueryDict variable, all named in the decorator", _post("form_all"), ("page of DEBUG",)),
    Outlet("variable", _post("local"), REPORTS[1:], writes=True),
    Outlet("variable of another name in a helper", _post("helper"), REPORTS[1:], writes=True),
    Outlet("message of an exception", _post("message"), REPORTS, writes=True),
    Outlet("cause of an exception", _post("cause"), REPORTS, writes=True),
    Outlet("helper that is awaited", _post("awaited"), REPORTS[1:], writes=True),
    Outlet("error in a middleware before the view", _post("fail", headers={"X-Break": "1"}), REPORTS[2:]),
    Outlet("GET parameter", _get("fail/"), REPORTS, in_address=True),
    Outlet("GET parameter: request line", _get("fail/"), (ACCESS,), in_address=True),
    Outlet("path argument", _path("fail"), REPORTS, in_address=True),
    Outlet("path argument: log", _path("fail"), ("log",), in_address=True),
    Outlet("path argument: request line", _path("fail"), (ACCESS,), in_address=True),
    Outlet("JSON in a variable, named in the decorator", _json("json_named"), REPORTS[1:]),
    Outlet("JSON in a variable, all named in the decorator", _json("json_all"), REPORTS[1:]),
    Outlet("header X-Card", _header("X-Card"), REPORTS),
    Outlet("header Authorization", _header("Authorization", "Bearer {}"), REPORTS[1:]),
    Outlet("header X-Api-Key", _header("X-Api-Key"), REPORTS[1:]),
    Outlet("header Referer", _header("Referer", "https://shop.example/?card={}"), REPORTS),
    Outlet("cookie of the site's own", _cookie, REPORTS),
    Outlet("name of an upload", _file, REPORTS),
    Outlet("JSON to Django REST framework", _json("rest"), REPORTS[1:]),
    Outlet(
        "form to Django REST framework",
        lambda value: {**_post("rest")(value), "data": f"card={value}", "content_type": "application/x-www-form-urlencoded"},
        REPORTS,
    ),
    Outlet("address of a database in the settings", _setting, REPORTS),
]

LOGS = [
    Outlet("argument of a message", _post("log_info"), ("log",), writes=True),
    Outlet("extra", _post("log_extra"), ("log",), writes=True),
    Outlet("traceback", _post("log_exception"), ("log",), writes=True),
    Outlet("body of the request", _json("log_body"), ("log",)),
    Outlet("warning", _post("log_warning"), ("log",), writes=True),
    Outlet("error", _post("log_error"), ("log", *REPORTS[:2]), writes=True),
    Outlet("path that is not found", _path("nowhere"), ("log",)),
    Outlet("path that is not found: request line", _path("missing"), (ACCESS,), in_address=True),
]

SIGNED = {"SESSION_ENGINE": "django.contrib.sessions.backends.signed_cookies"}
REDIRECTED = {"SECURE_SSL_REDIRECT": True, "SECURE_PROXY_SSL_HEADER": None}

RESPONSES = [
    Outlet("invalid field", _post("invalid_field"), ("body",), writes=True),
    Outlet("password widget", _post("password_widget"), ("body",), writes=True),
    Outlet("error of a choice", _post("choice_error"), ("body",), writes=True),
    Outlet("redirect with a query", _post("redirect"), ("headers",), writes=True),
    Outlet("redirect to http with a query", _post("redirect_http"), ("headers",), writes=True),
    Outlet("header of the site's own", _post("own_header"), ("headers",), writes=True),
    Outlet("cookie", _post("cookie"), ("headers",), writes=True),
    Outlet("signed cookie", _post("signed_cookie"), ("headers",), writes=True),
    Outlet("session in a cookie", _post("session"), ("headers",), SIGNED, writes=True),
    Outlet("row of a session", _post("session"), ("rows",), writes=True),
    Outlet("message in a cookie", _post("message_cookie"), ("headers",), writes=True),
    Outlet("field of JSON", _post("in_json"), ("body",), writes=True),
    Outlet(
        "page that caches may keep",
        lambda value: {"path": "/corpus/diagnosis/", "method": "post", "data": {"diagnosis": value}},
        ("caches on the way",),
    ),
    Outlet(
        "field of JSON that nobody declared",
        lambda value: {**_post("undeclared")(""), "data": {"card_number": value}},
        ("body",),
        writes=True,
    ),
    Outlet("text of an exception in JSON", _post("error_text"), ("body",), writes=True),
    Outlet("body in pieces", _post("streamed"), ("body",), writes=True),
    Outlet("page in the server's cache", _get("cached/"), ("server's cache",), in_address=True, writes=True),
    Outlet("page in the server's cache: request line", _get("cached/"), (ACCESS,), in_address=True),
    Outlet("link to others and form to http", _post("links"), ("body",), writes=True),
    Outlet("next page after signing in", _get("members/"), ("headers",), in_address=True),
    Outlet("redirect to an address with a slash", _get("invalid_field"), ("headers",), in_address=True),
    Outlet("redirect to https", _get("invalid_field/", secure=False), ("headers",), REDIRECTED, in_address=True),
]

OTHERS = [
    Outlet("mail", _post("mailed"), ("mails",), writes=True),
    Outlet("POST to another server", _post("sent_on", needs_server=True), ("other server",), writes=True),
    Outlet("GET from another server", _post("asked_for", needs_server=True), ("other server",), writes=True),
]

CORPUS = {outlet.name: outlet for outlet in (*ERROR_REPORTS, *LOGS, *RESPONSES, *OTHERS)}
