"""The article's flow as it should be: in a real browser, behind a real proxy, and as somebody on the wire sees it."""

from __future__ import annotations

import contextlib
import http.cookiejar
import http.server
import re
import ssl
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode

import pytest
import trustme
from guardsite.exposure import holds
from guardsite.outlets import served
from playwright.sync_api import Browser, Page
from playwright.sync_api import Error as BrowserError

from leaktight.prove.relay import Relay

from .servers import HOST, free_port, nginx, running, site

SECRET = "7 left 21 right 4 left k7Qz9fWx2"
pytestmark = pytest.mark.xdist_group("live")


class Office(NamedTuple):
    """The guarded example behind nginx: the ports of TLS and of plain HTTP, and that of the site itself."""

    tls: int
    plain: int
    ca: trustme.CA
    port: int


@pytest.fixture(scope="module", params=["gunicorn", "uvicorn"])
def office(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp(request.param)
    ca = trustme.CA()
    with site("guarded", folder, server=request.param) as port, nginx(port, folder, ca) as (tls, plain):
        yield Office(tls, plain, ca, port)


def _hand_over(page: Page, tls: int) -> None:
    page.goto(f"https://localhost:{tls}/combination/")
    page.fill("input[name=sensitive_info]", SECRET)
    page.click("button")
    page.wait_for_url("**/secret/**")


def _settled(page: Page) -> str:
    """What is shown once the browser has done what it does with a page it has not kept."""
    for _ in range(50):
        with contextlib.suppress(BrowserError):
            page.wait_for_load_state()
            return str(page.content())
        page.wait_for_timeout(100)
    raise AssertionError("the browser does not settle")


def test_a_secret_is_posted_revealed_once_and_gone(office: Office, page: Page) -> None:
    tls = office.tls
    _hand_over(page, tls)
    address = page.url
    assert not holds(address, SECRET)
    assert not holds(page.content(), SECRET)
    page.click("button")
    assert page.inner_text("#secret") == SECRET
    cookies = {cookie["name"]: cookie for cookie in page.context.cookies()}
    assert cookies["__Host-session"]["secure"]
    assert cookies["__Host-session"]["httpOnly"]
    assert not holds(repr(cookies), SECRET)
    page.goto(f"https://localhost:{tls}/combination/")
    with contextlib.suppress(BrowserError):  # it has kept nothing to go back to
        page.go_back()
    assert not holds(_settled(page), SECRET)
    page.goto(address)
    assert "Nothing to show" in page.content()


def test_another_browser_sees_nothing(office: Office, page: Page, browser: Browser) -> None:
    _hand_over(page, office.tls)
    other = browser.new_context(ignore_https_errors=True).new_page()
    other.goto(page.url)
    assert "Nothing to show" in other.content()
    other.context.close()
    page.click("button")
    assert page.inner_text("#secret") == SECRET


@pytest.fixture(scope="module")
def careless(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a site without the guard."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "-b", f"{HOST}:{port}", "careless:application"]
    with running(command, port, tmp_path_factory.mktemp("careless"), cwd=Path(__file__).parent):
        yield f"http://localhost:{port}"


@contextlib.contextmanager
def _forging(target: str) -> Iterator[str]:
    """Serve, on another site, a page that posts to a target by itself."""
    form = f'<form method="post" action="{target}"><input name="sensitive_info" value="forged"></form><script>document.forms[0].submit()</script>'

    class Evil(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(form.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with served(http.server.ThreadingHTTPServer((HOST, 0), Evil)) as server:
        yield f"http://{HOST}:{server.server_port}/"


def test_a_forged_post_from_another_site_is_refused(office: Office, page: Page) -> None:
    _hand_over(page, office.tls)
    target = f"https://localhost:{office.tls}/combination/"
    with _forging(target) as address, page.expect_response(target) as answered:
        page.goto(address)
    assert answered.value.status == 403


def test_without_the_guard_a_forged_post_is_taken(careless: str, page: Page) -> None:
    with _forging(f"{careless}/combination/") as address:
        page.goto(address)
        page.wait_for_url(f"{careless}/combination/")
    assert "taken: forged" in _settled(page)


def test_without_the_guard_the_way_back_shows_the_secret(careless: str, page: Page) -> None:
    page.goto(f"{careless}/secret/")
    assert holds(page.content(), SECRET)
    page.goto(f"{careless}/")
    page.go_back()
    assert holds(_settled(page), SECRET)  # the server has none left: it comes out of what the browser has kept
    page.goto(f"{careless}/secret/?again")
    assert "Nothing to show" in page.content()


# -- without a browser -------------------------------------------------------------------------


class _Client:
    """A client with cookies that verifies TLS."""

    def __init__(self, ca: trustme.CA, base: str) -> None:
        context = ssl.create_default_context()
        ca.configure_trust(context)
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context), jar)
        self._base = base

    def get(self, path: str) -> str:
        with self._opener.open(urllib.request.Request(self._base + path), timeout=120) as answer:
            self.url = answer.url
            return str(answer.read().decode())

    def post(self, path: str, **fields: str) -> str:
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.get(path))
        assert token
        data = urlencode({**fields, "csrfmiddlewaretoken": token[1]}).encode()
        headers = {"Referer": self._base + path}
        with self._opener.open(urllib.request.Request(self._base + path, data, headers), timeout=120) as answer:
            self.url = answer.url
            return str(answer.read().decode())


def test_nothing_is_taken_over_plain_http_whatever_the_client_claims(office: Office) -> None:
    data = urlencode({"sensitive_info": SECRET}).encode()
    for headers in ({}, {"X-Forwarded-Proto": "https"}):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(
                urllib.request.Request(f"http://localhost:{office.plain}/combination/", data, headers), timeout=120
            )
        with refused.value:
            assert refused.value.code == 403
            assert "Location" not in refused.value.headers
            assert not holds(refused.value.read(), SECRET)


def test_what_the_proxy_says_counts_and_a_client_cannot_say_it_for_it(office: Office) -> None:
    """The header would be believed: straight to the site, past the proxy, it opens what is refused without it."""
    accept = {"Accept": "application/json"}

    def status(port: int, **headers: str) -> int:
        request = urllib.request.Request(f"http://localhost:{port}/combination/", headers={**accept, **headers})
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code

    spoof = {"X-Forwarded-Proto": "https"}
    assert (status(office.port), status(office.port, **spoof)) == (403, 200)
    assert (status(office.plain), status(office.plain, **spoof)) == (403, 403)


def test_an_eavesdropper_reads_the_secret_of_the_original_and_not_that_of_the_guarded_site(
    office: Office, tmp_path: Path
) -> None:
    with site("original", tmp_path) as port, contextlib.closing(Relay(port)) as relay:
        with urllib.request.urlopen(f"http://localhost:{relay.port}/combination/", timeout=120) as answer:
            original = answer.read().decode()
        assert holds(bytes(relay.recorded), original)
    tls, ca = office.tls, office.ca
    with contextlib.closing(Relay(tls)) as relay:
        client = _Client(ca, f"https://localhost:{relay.port}")
        client.post("/combination/", sensitive_info=SECRET)
        secret_page = client.url.removeprefix(f"https://localhost:{relay.port}")
        assert SECRET in client.post(secret_page)
        assert len(relay.recorded) > 2000
        assert not holds(bytes(relay.recorded), SECRET)


def test_a_changed_byte_ends_the_connection(office: Office) -> None:
    tls, ca = office.tls, office.ca
    seen = 0

    def tamper(data: bytes) -> bytes:
        nonlocal seen
        seen += len(data)
        if seen < 2500 or len(data) < 30:  # let the handshake pass
            return data
        return data[:-9] + bytes([data[-9] ^ 1]) + data[-8:]

    with contextlib.closing(Relay(tls, tamper)) as relay:
        client = _Client(ca, f"https://localhost:{relay.port}")
        with pytest.raises((ssl.SSLError, urllib.error.URLError, ConnectionError)):
            _ = [client.get("/combination/") for _ in range(20)]
    with contextlib.closing(Relay(tls)) as relay:
        assert "Hand over" in _Client(ca, f"https://localhost:{relay.port}").get("/combination/")
