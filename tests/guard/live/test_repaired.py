"""The view the story begins with, repaired by the command line and visited with a real browser over HTTPS."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme
from playwright.sync_api import Browser, Page

from .servers import EXAMPLES, HOST, free_port, running

SECRET = "7 left, 21 right, 4 left"
pytestmark = pytest.mark.xdist_group("live")
Run = Callable[..., subprocess.CompletedProcess[bytes]]


@contextlib.contextmanager
def served(root: Path, folder: Path) -> Iterator[tuple[str, str]]:
    """Serve a project itself over TLS and over plain HTTP: their addresses."""
    trustme.CA().issue_cert("localhost", HOST).private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
    pem = str(folder / "server.pem")
    tls, plain = free_port(), free_port()
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "office.settings",
        "DJANGO_SECRET_KEY": secrets.token_urlsafe(40),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=root, env=environment, check=True)
    command = [sys.executable, "-m", "gunicorn", "-w", "1", "office.wsgi"]
    secure = [*command, "-b", f"{HOST}:{tls}", "--certfile", pem, "--keyfile", pem]
    with (
        running(secure, tls, folder, cwd=root, env=environment),
        running([*command, "-b", f"{HOST}:{plain}"], plain, folder, cwd=root, env=environment),
    ):
        yield f"https://localhost:{tls}", f"http://localhost:{plain}"


def test_the_repaired_article_tells_its_secret_on_the_secure_page_only(
    tmp_path: Path, page: Page, browser: Browser, run_leaktight: Run
) -> None:
    root = tmp_path / "office"
    shutil.copytree(EXAMPLES / "original", root)
    with served(root, tmp_path) as (_, plain), urllib.request.urlopen(f"{plain}/combination/", timeout=120) as answer:
        assert SECRET in answer.read().decode(), "the original tells everybody, in clear"
    assert run_leaktight("scan", root).returncode == 1
    assert run_leaktight("fix", root, "--yes", "--unsafe").returncode == 0
    silent = run_leaktight("scan", root)
    assert (silent.returncode, b"combination" in silent.stdout) == (0, False), silent.stdout
    addresses: list[str] = []
    page.on("request", lambda request: addresses.append(request.url))
    with served(root, tmp_path) as (tls, plain):
        page.goto(f"{tls}/combination/")
        assert SECRET not in page.content()
        with page.expect_request(lambda request: request.method == "POST") as posted, page.expect_response("**/secure/") as shown:
            page.click("button")
        assert "csrfmiddlewaretoken=" in str(posted.value.post_data)
        assert (posted.value.response().status, shown.value.url) == (302, f"{tls}/combination/secure/")
        assert SECRET in shown.value.text()
        assert "no-store" in shown.value.headers["cache-control"]
        page.wait_for_load_state()
        assert SECRET in page.inner_text("body")
        assert addresses
        assert all(address.startswith(f"{tls}/") and SECRET not in address for address in addresses)
        (cookie,) = (cookie for cookie in page.context.cookies() if cookie["name"] == "sessionid")
        assert cookie["secure"]
        assert cookie["httpOnly"]
        page.reload()
        assert page.url == f"{tls}/combination/"
        assert SECRET not in page.content(), "it is told once"
        other = browser.new_context(ignore_https_errors=True).new_page()
        other.goto(f"{tls}/combination/secure/")
        assert SECRET not in other.content()
        refused = other.request.post(f"{tls}/combination/", headers={"Origin": tls, "Referer": f"{tls}/combination/"})
        assert (refused.status, SECRET in refused.text()) == (403, False), "a POST without a token is refused"
        other.context.close()
        _tells_nothing_in_clear(f"{plain}/combination/")


def _tells_nothing_in_clear(address: str) -> None:
    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: object) -> None:
            """Follow nowhere."""

    with pytest.raises(urllib.error.HTTPError) as sent_away:
        urllib.request.build_opener(Stay).open(address, timeout=120)
    with sent_away.value as answer:
        assert (answer.code, answer.headers["Location"][:8]) == (301, "https://")
        assert SECRET not in answer.read().decode()
