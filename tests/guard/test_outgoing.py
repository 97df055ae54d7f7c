"""Outgoing requests in pieces, with large files and through redirects, and caches with numbers and telling keys."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import http.server
import io
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import aiohttp
import pytest
import requests
from django.core.cache import cache
from django.core.mail import EmailMessage, send_mass_mail
from django.core.mail.backends.base import BaseEmailBackend
from django.test import RequestFactory, override_settings
from guardsite.exposure import holds
from guardsite.outlets import CANARY, knowing, served, without

from leaktight.guard import LeakBlocked
from leaktight.guard.coming.transport import refuse_cleartext
from leaktight.guard.conf import Configuration
from leaktight.guard.outlets import cache as cache_outlet
from leaktight.guard.outlets import mail as mail_outlet
from leaktight.guard.outlets import outgoing
from leaktight.guard.values.registry import Registry

LOCMEM = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "outgoing"}}


@pytest.fixture(autouse=True)
def _far_away(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The servers of these tests are on this machine, where nothing needs to be encrypted; take them for others."""
    if "host" not in request.fixturenames:
        monkeypatch.setattr(Configuration, "needs_tls", lambda *_: True)


CONFIGURED = Configuration()


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        while self.headers.get("Transfer-Encoding") == "chunked" and (size := int(self.rfile.readline(), 16)):
            data += self.rfile.read(size)
            self.rfile.readline()
        self.server.received += self.requestline.encode() + bytes(self.headers) + data  # type: ignore[attr-defined]
        self.send_response(307 if self.path == "/first" else 200)
        if self.path == "/first":
            self.send_header("Location", self.server.leads_to)  # type: ignore[attr-defined]
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_POST  # noqa: N815

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextlib.contextmanager
def serving() -> Iterator[Any]:
    server: Any = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.received, server.leads_to = bytearray(), "/second"
    with served(server):
        yield server


def _chunks(port: int) -> None:
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port)) as connection:
        pieces = iter([b"card=" + CANARY[:7].encode(), CANARY[7:].encode()])
        connection.request("POST", "/", pieces, {"Transfer-Encoding": "chunked"}, encode_chunked=True)
        connection.getresponse().read()


def _sends(port: int) -> None:
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port)) as connection:
        connection.putrequest("POST", "/")
        connection.putheader("Content-Length", str(len(CANARY)))
        connection.endheaders()
        for char in CANARY:
            connection.send(char.encode())
        connection.getresponse().read()


def _large_file(port: int) -> None:
    requests.post(f"http://127.0.0.1:{port}/", data=io.BytesIO(b"x" * (17 << 20) + CANARY.encode()), timeout=300)


@pytest.mark.parametrize("send", [_chunks, _sends, _large_file])
def test_a_value_that_goes_out_in_pieces_or_far_behind_is_found(send: Callable[[int], None]) -> None:
    with serving() as server:
        port = server.server_address[1]
        with knowing(), without(outgoing):
            send(port)
        assert CANARY.encode() in server.received or b"\n".join([CANARY[:7].encode()]) in server.received
        server.received.clear()
        with knowing(), pytest.raises(LeakBlocked):
            send(port)
        assert not holds(bytes(server.received[-4096:]), CANARY)
        with knowing("something-else-4711"):
            send(port)
        assert CANARY[-5:].encode() in server.received


def test_two_requests_on_one_connection_are_not_joined() -> None:
    with (
        serving() as server,
        knowing(),
        contextlib.closing(http.client.HTTPConnection("127.0.0.1", server.server_address[1])) as connection,
    ):
        for part in (CANARY[:7], CANARY[7:]):
            connection.request("POST", "/", part.encode())
            connection.getresponse().read()
        assert server.received.count(b"POST") == 2


def test_a_redirect_that_aiohttp_follows_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first address is a safe one, such as that of this machine; where it leads to is not."""
    monkeypatch.setattr(Configuration, "needs_tls", lambda _, host: host != "localhost")

    async def ask(port: int) -> None:
        async with aiohttp.ClientSession() as session, session.post(f"http://localhost:{port}/first", data=CANARY.encode()):
            pass

    with serving() as first, serving() as second:
        first.leads_to = f"http://127.0.0.1:{second.server_address[1]}/second"
        with knowing(), without(outgoing):
            asyncio.run(ask(first.server_address[1]))
        assert holds(bytes(second.received), CANARY)
        second.received.clear()
        with knowing(), pytest.raises(LeakBlocked):
            asyncio.run(ask(first.server_address[1]))
        assert not holds(bytes(second.received), CANARY)
        assert holds(bytes(first.received), CANARY)


@override_settings(CACHES=LOCMEM)
def test_numbers_and_keys_do_not_get_into_a_cache() -> None:
    number = 4000056655665556
    with without(cache_outlet), knowing(str(number)):
        cache.set("last", number)
        cache.set(f"card:{number}", "paid")
        assert (cache.get("last"), cache.get(f"card:{number}")) == (number, "paid")
        cache.clear()
    with knowing(str(number)):
        cache.set("last", number)
        cache.set(f"card:{number}", "paid")
        cache.set_many({f"card:{number}": 1, "fine": 2})
        assert not cache.add(f"card:{number}", "paid")
        cache.set("count", 17)
    assert [cache.get(key) for key in ("last", f"card:{number}", "fine", "count")] == [None, None, 2, 17]


def test_a_redirect_to_https_keeps_what_the_path_escapes() -> None:
    request = RequestFactory().get("/files/a%3Fb%2523c%20d/", headers={"accept": "text/html"})
    answer: Any = refuse_cleartext(request, Registry())
    assert answer.status_code == 301
    assert answer.headers["Location"] == "https://testserver/files/a%3Fb%2523c%20d/"


class _Service(BaseEmailBackend):
    """A backend as those of mail services are: it reads the attributes of a message and never makes bytes of it."""

    sent: ClassVar[list[str]] = []

    def send_messages(self, email_messages: Any) -> int:
        self.sent += [f"{each.subject} {each.body}" for each in email_messages]
        return len(self.sent)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("way", ["send_messages", "send_mass_mail"])
def test_a_backend_that_reads_attributes_is_given_clean_messages(way: str) -> None:
    def send() -> str:
        _Service.sent.clear()
        connection = _Service()
        if way == "send_messages":
            connection.send_messages(iter([EmailMessage("Order", f"Paid with {CANARY}.", to=["anna@example.com"])]))
        else:
            send_mass_mail([("Order", f"Paid with {CANARY}.", "shop@example.com", ["anna@example.com"])], connection=connection)
        return _Service.sent[0]

    with knowing(), without(mail_outlet):
        assert holds(send(), CANARY)
    with knowing():
        assert not holds(send(), CANARY)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1", "127.1"])
def test_this_machine_needs_no_encryption(host: str) -> None:
    assert not CONFIGURED.needs_tls(host)


@pytest.mark.parametrize(
    "host", ["payments", "payments.internal", "10.0.0.5", "169.254.169.254", "example.com", "shop.test", "localhost.example.org"]
)
def test_every_other_machine_does_however_near(host: str) -> None:
    assert CONFIGURED.needs_tls(host)
    assert not Configuration(plain_hosts=(host,)).needs_tls(host)
    assert Configuration(plain_hosts=("another",)).needs_tls(host)
