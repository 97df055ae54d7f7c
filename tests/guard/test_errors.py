"""Error reports, as text, as HTML and as the page that `DEBUG` shows: each place that leaks is shown to, and is clean under guard."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpRequest
from django.test import AsyncClient, Client, RequestFactory, override_settings
from django.utils.log import AdminEmailHandler
from django.views.debug import ExceptionReporter, SafeExceptionReporterFilter
from guardsite.exposure import holds
from guardsite.sinks import RecordSink, StreamSink
from guardsite.views_going import ENCODINGS

from leaktight.guard.incidents import leak_found
from leaktight.guard.outlets import errors, logs
from leaktight.policy import Channel

CANARY = "k7Qz-9fWx2LmP3~tY"
GUARD = "leaktight.guard.middleware.GuardMiddleware"
BREAKING = "guardsite.views_errors.breaking_middleware"
ADDRESSES_PASS = {**settings.LEAKTIGHT, "MODES": {"request-url": "report"}}
"""The guard refuses what stands in an address; here it comes through, to see what reports make of it."""


class Reports(AdminEmailHandler):
    """Keeps the mails it would send."""

    def __init__(self, *, html: bool) -> None:
        super().__init__(include_html=html)
        self.kept: list[str] = []

    def send_mail(self, subject: str, message: str, *args: Any, html_message: str | None = None, **kwargs: Any) -> None:
        self.kept += [subject, message, html_message or ""]


@contextmanager
def listening() -> Iterator[list[Callable[[], str]]]:
    reports = [Reports(html=False), Reports(html=True)]
    written = [StreamSink("%(levelname)s %(message)s"), RecordSink()]
    for name in ("django", "guardsite.errors"):
        for handler in (*reports, *written):
            logging.getLogger(name).addHandler(handler)
    try:
        yield [
            lambda: "\n".join(reports[0].kept),
            lambda: "\n".join(reports[1].kept),
            written[0].written,
            written[1].written,
        ]
    finally:
        for name in ("django", "guardsite.errors"):
            for handler in (*reports, *written):
                logging.getLogger(name).removeHandler(handler)


@contextmanager
def unguarded() -> Iterator[None]:
    logs.remove()
    errors.remove()
    try:
        with override_settings(MIDDLEWARE=[name for name in settings.MIDDLEWARE if name != GUARD]):
            yield
    finally:
        logs.install()
        errors.install()


def _client(*, asynchronous: bool) -> Any:
    return AsyncClient(raise_request_exception=False) if asynchronous else Client(raise_request_exception=False)


def _send(kind: str, value: str, *, asynchronous: bool = False) -> Any:
    url, named = REQUESTS[kind](value)
    if asynchronous and not url.startswith(("/errors/async/", "/errors/class/", "/errors/rest/", "/errors/ninja/")):
        url = url.replace("/errors/", "/errors/async/", 1)
    method = named.pop("method", "post")
    cookies = named.pop("cookies", {})
    client = _client(asynchronous=asynchronous)
    _give(client, cookies)
    call = getattr(client, method)
    if not asynchronous:
        return call(url, secure=True, **named)

    async def run() -> Any:
        return await call(url, secure=True, **named)

    return asyncio.run(run())


def _give(client: Any, cookies: dict[str, str]) -> None:
    for name, value in cookies.items():
        client.cookies[name] = value


def _post(name: str) -> Callable[[str], tuple[str, dict[str, Any]]]:
    return lambda value: (f"/errors/{name}/", {"data": {"card": value}})


def _header(name: str) -> Callable[[str], tuple[str, dict[str, Any]]]:
    return lambda value: ("/errors/everything/", {"headers": {name: value}})


REQUESTS: dict[str, Callable[[str], tuple[str, dict[str, Any]]]] = {
    "POST": _post("post"),
    "QueryDict local": _post("querydict_local"),
    "QueryDict local, named by Django's decorator": _post("querydict_marked"),
    "QueryDict local, all of it by Django's decorator": _post("querydict_all_marked"),
    "local variable": _post("local"),
    "differently named in a helper": _post("helper"),
    "message": _post("message"),
    "cause": _post("cause"),
    "note": _post("note"),
    "folded and cut": _post("folded"),
    "object": _post("with_object"),
    "awaited helper": lambda value: ("/errors/async/awaited/", {"data": {"card": value}}),
    "class": _post("class"),
    "before the view": lambda value: ("/errors/post/", {"data": {"card": value}, "headers": {"X-Break": "1"}}),
    "GET": lambda value: ("/errors/everything/", {"method": "get", "query_params": {"card": value}}),
    "path": lambda value: (f"/errors/path/{value}/", {"method": "get"}),
    "JSON": lambda value: ("/errors/json_local/", {"data": {"a": [{"card": value}]}, "content_type": "application/json"}),
    "header": _header("X-Card"),
    "Authorization": lambda value: ("/errors/everything/", {"headers": {"Authorization": f"Bearer {value}"}}),
    "key in a header": _header("X-Api-Key"),
    "Referer": lambda value: ("/errors/everything/", {"headers": {"Referer": f"https://shop.example/?card={value}"}}),
    "cookie": lambda value: ("/errors/everything/", {"cookies": {"card": value}}),
    "file name": lambda value: ("/errors/everything/", {"data": {"document": SimpleUploadedFile(f"{value}.txt", b"x")}}),
    "DRF JSON": lambda value: ("/errors/rest/", {"data": {"card": value}, "content_type": "application/json"}),
    "DRF form": lambda value: (
        "/errors/rest/",
        {"data": f"card={value}", "content_type": "application/x-www-form-urlencoded"},
    ),
    "ninja": lambda value: ("/errors/ninja/card", {"data": {"card": value}, "content_type": "application/json"}),
    "log": _post("logs_info"),
    "log extra": _post("logs_extra"),
    "log of an exception": _post("logs_exception"),
    "log of a body": lambda value: (
        "/errors/logs_body/",
        {"data": json.dumps({"card": value}), "content_type": "application/json"},
    ),
    "log of a warning": _post("logs_warning"),
    "log of an error": _post("logs_error"),
    "not found": lambda value: (f"/errors/nowhere/?password={value}", {"method": "get"}),
}
SYNC_ONLY = {"DRF JSON", "DRF form"}
ASYNC_ONLY = {"awaited helper"}
MARKED = {kind for kind in REQUESTS if "Django's decorator" in kind}
HIDDEN_BY_DJANGO = {"QueryDict local, named by Django's decorator", "Authorization", "key in a header"} | (
    {"QueryDict local, all of it by Django's decorator"}
    if hasattr(SafeExceptionReporterFilter, "_cleanse_multivaluedict")
    else set()
)
"""What Django's own means do hide, so that nothing is to be seen without the guard."""

WAYS = [(kind, False) for kind in REQUESTS if kind not in ASYNC_ONLY] + [
    (kind, True) for kind in REQUESTS if kind not in SYNC_ONLY | MARKED
]


@pytest.mark.parametrize(("kind", "asynchronous"), WAYS)
def test_no_report_and_no_log_holds_a_value(kind: str, asynchronous: bool) -> None:  # noqa: FBT001
    with override_settings(MIDDLEWARE=[*settings.MIDDLEWARE, BREAKING], LEAKTIGHT=ADDRESSES_PASS):
        with unguarded(), listening() as outlets:
            _send(kind, CANARY, asynchronous=asynchronous)
            assert any(holds(outlet(), CANARY) for outlet in outlets) or kind in HIDDEN_BY_DJANGO
        with listening() as outlets:
            _send(kind, CANARY, asynchronous=asynchronous)
            texts = [outlet() for outlet in outlets]
    assert any(texts)
    assert [holds(text, CANARY) for text in texts] == [False] * 4


@pytest.mark.parametrize("kind", ["GET", "path"])
def test_what_stands_in_an_address_does_not_get_as_far_as_a_report(kind: str) -> None:
    for asynchronous in (False, True):
        with listening() as outlets:
            assert _send(kind, CANARY, asynchronous=asynchronous).status_code == 400
            assert "Bad Request" in outlets[2]()
            assert not any(holds(outlet(), CANARY) for outlet in outlets)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("kind", ["POST", "local variable", "message", "cause", "JSON", "header"])
def test_no_encoding_of_a_value_is_reported(kind: str, encoding: str) -> None:
    """A value is sent as it is; then what holds it encoded fails."""
    request = RequestFactory().post("/errors/post/", {"card": CANARY})
    encoded = ENCODINGS[encoding](CANARY)

    def report() -> list[str]:
        try:
            _fail(kind, encoded)
        except LookupError as error:
            reporter = ExceptionReporter(_asked(request, kind, encoded), type(error), error, error.__traceback__, is_email=True)
            return [reporter.get_traceback_text(), reporter.get_traceback_html()]
        raise AssertionError

    with unguarded():
        assert any(holds(text, CANARY) for text in report())
    assert not any(holds(text, CANARY) for text in report())


def _asked(request: HttpRequest, kind: str, encoded: str) -> HttpRequest:
    asked = RequestFactory().post("/errors/post/", {"card": CANARY, **({"other": encoded} if kind == "POST" else {})})
    if kind == "header":
        asked.META["HTTP_X_OTHER"] = encoded
    return asked


def _fail(kind: str, encoded: str) -> None:
    if kind == "local variable":
        something = encoded
    if kind == "JSON":
        something = json.dumps({"other": encoded})  # noqa: F841
    try:
        if kind == "cause":
            raise KeyError(encoded)
        raise KeyError("plain")
    except KeyError as error:
        raise LookupError(encoded if kind == "message" else "failed") from error


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SHOP_DATABASE_URL", f"postgres://app:{CANARY}@db/app"),
        ("REPORT_DSN", f"mysql://app:{CANARY}@db/app"),
        ("BILLING", {"hook": f"https://hooks.example/?api_key={CANARY}"}),
        ("PARTNERS", [{"name": "a", "cvv": CANARY}]),
    ],
)
@override_settings(DEBUG=False)
def test_no_setting_in_a_report_holds_a_secret(name: str, value: Any) -> None:
    with override_settings(**{name: value}):
        with unguarded(), listening() as outlets:
            _send("POST", "4111-no-secret")
            assert holds(outlets[0](), CANARY)
        with listening() as outlets:
            _send("POST", "4111-no-secret")
            assert name in outlets[0]()
            assert not any(holds(outlet(), CANARY) for outlet in outlets)


class OwnFilter(SafeExceptionReporterFilter):
    cleansed_substitute = "HIDDEN-BY-THE-SITE"

    def is_active(self, request: HttpRequest | None) -> bool:
        return False

    def get_safe_request_meta(self, request: HttpRequest | None) -> dict[str, Any]:
        return {"OWN": "shown by the site", **super().get_safe_request_meta(request)}


class OwnReporter(ExceptionReporter):
    def get_traceback_text(self) -> str:
        return f"own report: {self.exc_value} {self.request.POST} {self.request.META}"

    def get_traceback_html(self) -> str:
        return f"<p>{self.get_traceback_data()}</p>"


@pytest.mark.parametrize("chosen", ["settings", "request"])
def test_a_filter_of_the_sites_own_is_kept_below_the_guard(chosen: str) -> None:
    request = RequestFactory().post("/errors/post/", {"card": CANARY})
    named = {"DEFAULT_EXCEPTION_REPORTER_FILTER": f"{__name__}.OwnFilter"} if chosen == "settings" else {}
    if chosen == "request":
        request.exception_reporter_filter = OwnFilter()
    _forget_filter()
    try:
        with override_settings(**named):
            text = ExceptionReporter(request, LookupError, LookupError(CANARY), None).get_traceback_text()
    finally:
        _forget_filter()
    assert "shown by the site" in text
    assert "HIDDEN-BY-THE-SITE" in text
    assert not holds(text, CANARY)


def _forget_filter() -> None:
    from django.views import debug

    debug.get_default_exception_reporter_filter.cache_clear()


def test_a_reporter_of_the_sites_own_is_covered() -> None:
    request = RequestFactory().post("/errors/post/", {"card": CANARY}, headers={"X-Card": CANARY})

    def report() -> str:
        reporter = OwnReporter(request, LookupError, LookupError(f"bad {CANARY}"), None)
        return reporter.get_traceback_text() + reporter.get_traceback_html()

    with unguarded():
        assert holds(report(), CANARY)
    text = report()
    assert "own report" in text
    assert not holds(text, CANARY)


@pytest.mark.parametrize("accept", ["text/html", "text/plain"])
@pytest.mark.parametrize("kind", ["POST", "local variable", "message", "cause", "header", "cookie", "before the view"])
def test_the_page_that_debug_shows_is_clean(kind: str, accept: str) -> None:
    from django.views.debug import technical_500_response

    url, named = REQUESTS[kind](CANARY)
    factory = RequestFactory()
    _give(factory, named.pop("cookies", {}))

    def page() -> bytes:
        request = factory.post(url, named.get("data", {}), headers={"Accept": accept, **named.get("headers", {})})
        try:
            card = request.POST.get("card", "") if kind == "local variable" else ""
            raise KeyError(request.POST.get("card") if kind in {"message", "cause"} else "plain", len(card))
        except KeyError as error:
            return technical_500_response(request, type(error), error, error.__traceback__).content

    with override_settings(DEBUG=True):
        with unguarded():
            assert holds(page(), CANARY)
        assert not holds(page(), CANARY)


def test_the_request_and_the_error_stay_as_they_are() -> None:
    request = RequestFactory().post("/errors/post/", {"card": CANARY}, headers={"X-Card": CANARY})
    data = request.POST
    try:
        held = {"card": CANARY, "list": [CANARY]}
        raise LookupError(CANARY, held)
    except LookupError as error:
        ExceptionReporter(request, type(error), error, error.__traceback__).get_traceback_html()
    assert held == {"card": CANARY, "list": [CANARY]}
    assert request.POST is data
    assert request.POST["card"] == CANARY
    assert request.META["HTTP_X_CARD"] == CANARY


def test_what_is_not_sensitive_is_still_reported_and_nothing_told() -> None:
    told: list[Any] = []
    leak_found.connect(receiver := lambda incident, **_: told.append(incident))
    request = RequestFactory().post("/errors/post/", {"note": "none", "page": "seventeen-pages"}, headers={"X-Page": "eighteen"})
    try:
        number, where = 1234567, {"city": "Springfield"}  # noqa: F841 - shown in the report
        raise LookupError("nothing there")
    except LookupError as error:
        reporter = ExceptionReporter(request, type(error), error, error.__traceback__)
        text, page = reporter.get_traceback_text(), reporter.get_traceback_html()
    leak_found.disconnect(receiver)
    assert not told
    for expected in ("seventeen-pages", "eighteen", "nothing there", "LookupError", "test_errors.py"):
        assert expected in text
        assert expected in page
    for expected in ("1234567", "Springfield", "number", "where"):
        assert expected in page


@override_settings(LEAKTIGHT={"MODES": {"error-report": "report", "log": "report"}})
def test_in_report_mode_reports_stay_whole_and_it_is_told() -> None:
    told: list[Any] = []
    leak_found.connect(receiver := lambda incident, **_: told.append(incident))
    try:
        with listening() as outlets:
            _send("local variable", CANARY)
            assert all(holds(outlet(), CANARY) for outlet in outlets[:2])
    finally:
        leak_found.disconnect(receiver)
    assert {(each.label, each.mode) for each in told if each.channel is Channel.ERROR_REPORT} == {("secret", "report")}
    assert CANARY not in repr(told)


@override_settings(LEAKTIGHT={"MODES": {"error-report": "block"}})
def test_in_block_mode_a_report_with_a_value_is_withheld() -> None:
    with listening() as outlets:
        _send("POST", CANARY)
        assert "Traceback" not in outlets[0]()
        assert not any(holds(outlet(), CANARY) for outlet in outlets)
