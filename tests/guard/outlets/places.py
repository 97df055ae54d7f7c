"""Every place where something can leave the test site or come to lie: reports, logs, answers, caches, rows, mails, other servers."""

from __future__ import annotations

import contextlib
import http.server
import logging
import pickle
from collections.abc import Iterator
from typing import Any

import django
from asgiref.sync import async_to_sync
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.test import AsyncClient, Client, override_settings
from django.utils.log import AdminEmailHandler
from guardsite.outlets import served
from guardsite.sinks import RecordSink, StreamSink

from leaktight.guard.outlets import cache as caches
from leaktight.guard.outlets import errors, logs, outgoing
from leaktight.guard.outlets import mail as mails

GUARD = "leaktight.guard.middleware.GuardMiddleware"
BREAKING = "guardsite.views_errors.breaking_middleware"
OUTLETS = (caches, errors, logs, outgoing, mails)
LOCMEM = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "corpus"}}
MAIL = "django.core.mail.backends.locmem.EmailBackend"
MAILING: dict[str, Any] = {"MAILERS": {"default": {"BACKEND": MAIL}}} if django.VERSION >= (6, 1) else {"EMAIL_BACKEND": MAIL}


@contextlib.contextmanager
def site(*, guarded: bool, **changed: Any) -> Iterator[None]:
    """The test site with the guard, or the same site as Django alone would have it."""
    middleware = [name for name in settings.MIDDLEWARE if guarded or name != GUARD]
    engine = f"{'leaktight.guard.sessions' if guarded else 'django.contrib.sessions.backends'}.db"
    base = {"MIDDLEWARE": [*middleware, BREAKING], "SESSION_ENGINE": engine, "CACHES": LOCMEM, **MAILING}
    try:
        if not guarded:
            for outlet in OUTLETS:
                outlet.remove()
        with override_settings(**{**base, **changed}):
            cache.clear()
            Session.objects.all().delete()
            mail.outbox = []
            yield
            cache.clear()
    finally:
        for outlet in OUTLETS:
            outlet.install()


class _Reports(AdminEmailHandler):
    """Keeps the mails it would send."""

    def __init__(self, *, html: bool) -> None:
        super().__init__(include_html=html)
        self.kept: list[str] = []

    def send_mail(self, subject: str, message: str, *args: Any, html_message: str | None = None, **kwargs: Any) -> None:
        self.kept += [subject, message, html_message or ""]


class _Elsewhere(http.server.BaseHTTPRequestHandler):
    """A server that answers everything and remembers what it was sent."""

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.received += self.requestline.encode() + bytes(self.headers) + body  # type: ignore[attr-defined]
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_POST = _answer  # noqa: N815

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class Places:
    """What came out where, name of the place → text or bytes; and the status of each answer."""

    def __init__(self) -> None:
        self.found: dict[str, bytes | str] = {}
        self.statuses: list[int] = []


ACCESS = "access log"
REPORTS = ("report as text", "report as HTML", "page of DEBUG")


@contextlib.contextmanager
def _elsewhere() -> Iterator[Any]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Elsewhere)
    server.received = bytearray()  # type: ignore[attr-defined]
    with served(server):
        yield server


def visit(wanted: dict[str, Any], *, asynchronous: bool = False, fails: bool = False) -> Places:
    """Send a request, once as it is and, when the view fails, once more with DEBUG on; return what came out where.

    `wanted` holds `path`, `method`, what the test client takes, `cookies`, and `needs_server`.
    """
    places = Places()
    text, html = _Reports(html=False), _Reports(html=True)
    lines, records, access = StreamSink("%(levelname)s %(message)s"), RecordSink(), StreamSink()
    root, server_log = logging.getLogger(), logging.getLogger("django.server")
    for handler in (text, html, lines, records):
        handler.setLevel(logging.ERROR if isinstance(handler, _Reports) else logging.NOTSET)
        root.addHandler(handler)
    server_log.addHandler(access)
    try:
        with _elsewhere() if wanted.get("needs_server") else contextlib.nullcontext() as server:
            given = {**wanted, "target": f"http://127.0.0.1:{server.server_address[1]}/pay" if server else ""}
            response, body = _asked(given, asynchronous=asynchronous)
            places.found["other server"] = bytes(server.received) if server else b""
        places.statuses.append(response.status_code)
        server_log.info('"%s %s HTTP/1.1" %s', wanted["method"].upper(), _line(wanted), response.status_code)
        if fails:
            with override_settings(DEBUG=True):
                places.found["page of DEBUG"] = _asked(given, asynchronous=asynchronous)[1]
    finally:
        for handler in (text, html, lines, records):
            root.removeHandler(handler)
        server_log.removeHandler(access)
    head = "\n".join(f"{name}: {value}" for name, value in response.headers.items()) + "\n" + response.cookies.output()
    storable = "no-store" not in response.headers.get("Cache-Control", "")
    places.found |= {
        "report as text": "\n".join(text.kept),
        "report as HTML": "\n".join(html.kept),
        "log": lines.written() + records.written(),
        ACCESS: access.written(),
        "headers": head,
        "body": body,
        "caches on the way": body if storable else b"",
        "rows": _rows(),
        "server's cache": pickle.dumps(getattr(cache, "_cache", {})),
        "mails": "\n".join(str(message.message()) for message in mail.outbox),
    }
    return places


def _line(wanted: dict[str, Any]) -> str:
    query = wanted.get("query_params")
    return str(wanted["path"]) + ("?" + "&".join(f"{name}={value}" for name, value in query.items()) if query else "")


def _asked(given: dict[str, Any], *, asynchronous: bool) -> tuple[Any, bytes]:
    client: Any = (AsyncClient if asynchronous else Client)(raise_request_exception=False)
    for name, value in given.get("cookies", {}).items():
        client.cookies[name] = value
    named = {name: given[name] for name in ("data", "content_type", "query_params") if name in given}
    named["headers"] = {**given.get("headers", {}), "X-Target": given["target"]}
    call, address = getattr(client, given["method"]), given["path"]
    if asynchronous:
        address = address.replace("/corpus/", "/corpus/async/", 1)

        async def run() -> tuple[Any, bytes]:
            response = await call(address, secure=given.get("secure", True), **named)
            return response, b"".join([piece async for piece in response]) if response.streaming else response.content

        return async_to_sync(run)()  # type: ignore[no-any-return]
    response = call(address, secure=given.get("secure", True), **named)
    return response, b"".join(response) if response.streaming else response.content


def _rows() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT session_key, session_data FROM django_session")
        return repr(cursor.fetchall())
