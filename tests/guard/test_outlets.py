"""Mail and outgoing HTTP: unguarded the value leaves by them, guarded it does not, in any encoding."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import http.server
import json
import ssl
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import django
import httpx
import pytest
import requests
import trustme
import urllib3
from django.core import mail
from django.core.cache import cache
from django.test import override_settings
from guardsite.exposure import holds
from guardsite.outlets import CANARY, knowing, served, without
from guardsite.views_going import ENCODINGS

from leaktight.guard import LeakBlocked
from leaktight.guard.conf import Configuration
from leaktight.guard.outlets import mail as mail_outlet
from leaktight.guard.outlets import outgoing


def mailing(backend: str, **options: Any) -> dict[str, Any]:
    """The settings that choose a mail backend, in the form the running Django wants them."""
    name = f"django.core.mail.backends.{backend}.EmailBackend"
    if django.VERSION >= (6, 1):
        return {"MAILERS": {"default": {"BACKEND": name, "OPTIONS": options}}}
    return {"EMAIL_BACKEND": name, **{f"EMAIL_{key.upper()}": value for key, value in options.items()}}


LOCMEM = override_settings(
    **mailing("locmem"),
    CACHES={"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "outlets"}},
)


@pytest.fixture(autouse=True)
def _own_places() -> Iterator[None]:
    with LOCMEM:
        mail.outbox = []
        cache.clear()
        yield


# -- mail --------------------------------------------------------------------------------------


def _plain(text: str) -> None:
    mail.send_mail("Order", f"Paid with {text}.", "shop@example.com", ["anna@example.com"])


def _rich(text: str) -> None:
    message = mail.EmailMultiAlternatives(f"Card {text}", "See inside", to=["anna@example.com"], headers={"X-Card": text})
    message.attach_alternative(f"<b>{text}</b>", "text/html")
    message.attach("card.txt", f"card {text}", "text/plain")
    message.attach("card.bin", f"card {text}".encode(), "application/octet-stream")
    message.send()


def _many(text: str) -> None:
    message = mail.EmailMessage("Order", text, to=["anna@example.com"])
    mail.outbox.append(message.message())  # as a backend that makes bytes of it does


def _sent() -> str:
    def text(message: Any) -> str:
        if hasattr(message, "as_string"):
            return str(message.as_string())
        return repr(
            [message.subject, message.body, message.attachments, message.extra_headers, getattr(message, "alternatives", None)]
        )

    return "".join(map(text, mail.outbox))


@pytest.mark.parametrize("send", [_plain, _rich, _many])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_no_value_leaves_by_mail(send: Callable[[str], None], encoding: str) -> None:
    text = ENCODINGS[encoding](CANARY)
    with knowing(), without(mail_outlet):
        send(text)
    assert holds(_sent(), CANARY)
    mail.outbox = []
    with knowing():
        send(text)
    assert mail.outbox
    assert not holds(_sent(), CANARY)


def test_mail_in_the_other_modes_and_without_a_value() -> None:
    with override_settings(LEAKTIGHT={"MODES": {"mail": "block"}}), knowing():
        with pytest.raises(LeakBlocked, match="card was not sent by mail") as caught:
            _plain(CANARY)
        assert not holds(str(caught.value), CANARY)
        _plain("nothing")
    with override_settings(LEAKTIGHT={"MODES": {"mail": "report"}}), knowing():
        _plain(CANARY)
    assert [holds(message.body, CANARY) for message in mail.outbox] == [False, True]
    with knowing(label="token"):  # a link to choose a password is what mail is for
        _plain(CANARY)
    assert holds(mail.outbox[-1].body, CANARY)


def test_a_mail_with_a_value_does_not_go_to_its_server_in_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Any] = []
    monkeypatch.setitem(mail_outlet._originals, "send_messages", lambda self, messages: sent.extend(messages))
    host = {"host": "smtp.harbourview-clinic.org"}
    for modes in ({}, {"MODES": {"mail": "block"}}):
        with override_settings(**mailing("smtp", **host), LEAKTIGHT=modes), knowing(label="token"):
            if modes:
                with pytest.raises(LeakBlocked, match="without TLS"):
                    _plain(CANARY)
            else:
                _plain(CANARY)
            _plain("nothing")
    with (
        override_settings(**mailing("smtp", **host, use_tls=True), LEAKTIGHT={"MODES": {"mail": "block"}}),
        knowing(label="token"),
    ):
        _plain(CANARY)
    with override_settings(**mailing("smtp", host="localhost"), LEAKTIGHT={"MODES": {"mail": "block"}}), knowing(label="token"):
        _plain(CANARY)
    assert [holds(message.body, CANARY) for message in sent] == [True, False, False, True, True]


# -- outgoing HTTP -----------------------------------------------------------------------------


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    received: list[bytes]


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else self._chunks()
        self.server.received.append(self.requestline.encode() + bytes(self.headers) + body)  # type: ignore[attr-defined]
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def _chunks(self) -> bytes:
        data = b""
        while self.headers.get("Transfer-Encoding") == "chunked" and (size := int(self.rfile.readline(), 16)):
            data += self.rfile.read(size)
            self.rfile.readline()
        return data

    do_GET = do_POST = _answer  # noqa: N815

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[trustme.CA, str]:
    ca = trustme.CA()
    file = tmp_path_factory.mktemp("ca") / "ca.pem"
    ca.cert_pem.write_to_path(str(file))
    return ca, str(file)


@contextlib.contextmanager
def serving(ca: trustme.CA | None = None) -> Iterator[_Server]:
    server = _Server(("127.0.0.1", 0), _Handler)
    server.received = []
    if ca is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        ca.issue_cert("localhost", "127.0.0.1").configure_cert(context)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    with served(server):
        yield server


def _urllib(url: str, data: bytes, ca: str | None) -> None:
    context = ssl.create_default_context(cafile=ca) if isinstance(ca, str) else ssl._create_unverified_context()
    with urllib.request.urlopen(
        urllib.request.Request(url, data=data or None), context=context if url.startswith("https") else None
    ):
        pass


def _http_client(url: str, data: bytes, ca: str | None) -> None:
    parts = urllib.parse.urlsplit(url)
    if parts.scheme == "https":
        context = ssl.create_default_context(cafile=ca) if isinstance(ca, str) else ssl._create_unverified_context()
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(parts.netloc, context=context)
    else:
        connection = http.client.HTTPConnection(parts.netloc)
    chunks = iter([data[:9], data[9:]]) if data else None
    headers = {"Transfer-Encoding": "chunked"} if data else {}
    with contextlib.closing(connection):
        connection.request("POST" if data else "GET", f"{parts.path}?{parts.query}", chunks, headers, encode_chunked=bool(data))
        connection.getresponse().read()


def _requests(url: str, data: bytes, ca: str | None) -> None:
    requests.request("POST" if data else "GET", url, data=data or None, verify=ca or False, timeout=60)


def _urllib3(url: str, data: bytes, ca: str | None) -> None:
    options: dict[str, Any] = {"ca_certs": ca} if isinstance(ca, str) else {"cert_reqs": "CERT_NONE"}
    with urllib3.PoolManager(**options) as pool:
        pool.request("POST" if data else "GET", url, body=data or None)


def _httpx(url: str, data: bytes, ca: str | None) -> None:
    verify = ssl.create_default_context(cafile=ca) if isinstance(ca, str) else False
    with httpx.Client(verify=verify) as client:
        client.request("POST" if data else "GET", url, content=data or None)


def _httpx_streaming(url: str, data: bytes, ca: str | None) -> None:
    verify = ssl.create_default_context(cafile=ca) if isinstance(ca, str) else False
    with httpx.Client(verify=verify) as client:
        client.request("POST" if data else "GET", url, content=iter([data[:7], data[7:]]) if data else None)


def _httpx_async(url: str, data: bytes, ca: str | None) -> None:
    async def ask() -> None:
        verify = ssl.create_default_context(cafile=ca) if isinstance(ca, str) else False
        async with httpx.AsyncClient(verify=verify) as client:
            await client.request("POST" if data else "GET", url, content=data or None)

    asyncio.run(ask())


def _aiohttp(url: str, data: bytes, ca: str | None) -> None:
    async def ask() -> None:
        context = ssl.create_default_context(cafile=ca) if isinstance(ca, str) else False
        async with (
            aiohttp.ClientSession() as session,
            session.request("POST" if data else "GET", url, data=data or None, ssl=context),
        ):
            pass

    asyncio.run(ask())


CLIENTS = [_urllib, _http_client, _requests, _urllib3, _httpx, _httpx_streaming, _httpx_async, _aiohttp]


@pytest.fixture
def _far_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """The servers of these tests are on this machine, where nothing needs to be encrypted; take them for others."""
    monkeypatch.setattr(Configuration, "needs_tls", lambda *_: True)


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.filterwarnings("ignore")
@pytest.mark.usefixtures("_far_away")
def test_a_value_goes_out_over_verified_tls_only_and_never_in_an_address(
    client: Callable[[str, bytes, str | None], None], authority: tuple[trustme.CA, str]
) -> None:
    ca, file = authority
    body = json.dumps({"card": CANARY}).encode()
    query = f"/pay?card={CANARY}"
    with serving() as clear, serving(ca) as safe:
        http_, https = (
            f"{scheme}://localhost:{server.server_address[1]}" for scheme, server in (("http", clear), ("https", safe))
        )
        bad: list[tuple[str, bytes, str | None]] = [
            (f"{http_}/pay", body, file),
            (f"{https}{query}", b"", file),
            (f"{https}/pay", body, None),
        ]
        for url, data, trust in bad:
            with knowing(), without(outgoing):
                client(url, data, trust)
            assert any(holds(received, CANARY) for received in clear.received + safe.received)
            clear.received.clear()
            safe.received.clear()
            with knowing(), pytest.raises(Exception) as caught:
                client(url, data, trust)
            assert "was not sent by outgoing-http" in repr(_root(caught.value))
            assert not holds(repr(caught.value), CANARY)
            assert not any(holds(received, CANARY) for received in clear.received + safe.received)
        with knowing():
            client(f"{https}/pay", body, file)
            client(f"{http_}/pay", b"nothing sensitive", file)
        assert any(holds(received, CANARY) for received in safe.received)
        assert len(clear.received) >= 1
        with knowing(), override_settings(LEAKTIGHT={"HOSTS": {"card": ["pay.example.com"]}}), pytest.raises(Exception):  # noqa: B017
            client(f"{https}/pay", body, file)
        with knowing(), override_settings(LEAKTIGHT={"HOSTS": {"card": ["localhost"]}}):
            client(f"{https}/pay", body, file)


@pytest.mark.usefixtures("_far_away")
@pytest.mark.filterwarnings("ignore")
def test_a_certificate_whose_name_nobody_checks_is_not_enough(authority: tuple[trustme.CA, str]) -> None:
    ca, file = authority
    unnamed = ssl.create_default_context(cafile=file)
    unnamed.check_hostname = False
    with serving(ca) as server:
        url = f"https://localhost:{server.server_address[1]}/"
        for context, goes in ((ssl.create_default_context(cafile=file), True), (unnamed, False)):
            with knowing(), httpx.Client(verify=context) as client:
                if goes:
                    client.post(url, content=CANARY)
                else:
                    with pytest.raises(LeakBlocked):
                        client.post(url, content=CANARY)
        assert sum(holds(received, CANARY) for received in server.received) == 1


def _root(error: BaseException) -> BaseException:
    while error.__cause__ or error.__context__:
        if isinstance(error, LeakBlocked):
            break
        error = error.__cause__ or error.__context__ or error
    return error


def test_a_file_is_checked_and_sent_whole(tmp_path: Path) -> None:
    file = tmp_path / "card.txt"
    file.write_text(CANARY)
    with serving() as server:
        url = f"http://localhost:{server.server_address[1]}/"
        with knowing(), file.open("rb") as data:
            requests.post(url, data=data, timeout=60)
        assert server.received[0].endswith(CANARY.encode())


@pytest.mark.usefixtures("_far_away")
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_value_in_any_encoding_does_not_go_out_in_clear(encoding: str) -> None:
    text = ENCODINGS[encoding](CANARY)
    with serving() as server:
        url = f"http://localhost:{server.server_address[1]}/"
        with knowing(), without(outgoing):
            requests.post(url, data=text.encode(), timeout=60)
        assert holds(server.received.pop(), CANARY)
        with knowing(), pytest.raises(LeakBlocked):
            requests.post(url, data=text.encode(), timeout=60)
        with knowing(), pytest.raises(LeakBlocked):
            requests.get(url, headers={"X-Card": text}, timeout=60)
        assert not any(holds(received, CANARY) for received in server.received)
