"""The second half of the demonstration: the article's flow behind the guard, over HTTPS on this machine, step by step."""

from __future__ import annotations

import http.cookiejar
import os
import re
import secrets
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlencode

import trustme

SITE = Path(__file__).parents[1] / "examples" / "article" / "guarded"
SECRET = "7 left, 21 right, 4 left"  # noqa: S105 - the one of the article
HOST = "localhost"


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def start(folder: Path, port: int, ca: trustme.CA) -> subprocess.Popen[bytes]:
    """Serve the example over TLS with a certificate of our own authority and a fresh database."""
    ca.issue_cert(HOST).private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "office.settings",
        "DJANGO_SECRET_KEY": secrets.token_urlsafe(40),
        "LEAKTIGHT_KEYS": secrets.token_urlsafe(40),
        "SITE_DATABASE": str(folder / "site.sqlite3"),
        "SITE_ENDS_TLS": "itself",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=SITE, env=environment, check=True)
    command = [sys.executable, "-m", "gunicorn", "-b", f"{HOST}:{port}", "--log-level", "error"]
    command += ["--certfile", str(folder / "server.pem"), "--keyfile", str(folder / "server.pem"), "office.wsgi"]
    return subprocess.Popen(command, cwd=SITE, env=environment)


class Visitor:
    """A browser's part: cookies, redirects, verified TLS, and the token of each form."""

    def __init__(self, base: str, ca: trustme.CA) -> None:
        self.base = base
        self.url = ""
        context = ssl.create_default_context()
        ca.configure_trust(context)
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context), cookies)

    def ask(self, path: str, **fields: str) -> str:
        """Open a page, or post to it."""
        data = None
        if fields or path == self.url.removeprefix(self.base):
            token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.ask_plain(path))
            data = urlencode({**fields, "csrfmiddlewaretoken": token[1] if token else ""}).encode()
        return self.ask_plain(path, data)

    def ask_plain(self, path: str, data: bytes | None = None) -> str:
        """Open a page, or post bytes to it, and return what it says or why it was refused."""
        request = urllib.request.Request(self.base + path, data, {"Referer": self.base + path, "Accept": "text/html"})  # noqa: S310
        try:
            with self._opener.open(request, timeout=20) as answer:
                self.url = answer.url
                return str(answer.read().decode())
        except urllib.error.HTTPError as error:
            with error:
                return f"refused with {error.code}: {error.read().decode()}"


def main() -> int:
    """Run the demonstration."""
    print("\nThe same view behind the guard, on https://localhost (a certificate authority of its own, SQLite):\n")
    ca, port = trustme.CA(), free_port()
    with tempfile.TemporaryDirectory() as name:
        server = start(Path(name), port, ca)
        try:
            visitor = Visitor(f"https://{HOST}:{port}", ca)
            for _ in range(100):
                try:
                    visitor.ask_plain("/combination/")
                    break
                except urllib.error.URLError:
                    time.sleep(0.1)
            show(visitor)
        finally:
            server.terminate()
            server.wait()
    return 0


def show(visitor: Visitor) -> None:
    """Do what a visitor does, and what one must not be able to do."""
    visitor.ask("/combination/", sensitive_info=SECRET)
    page = visitor.url.removeprefix(visitor.base)
    told = visitor.ask_plain(page)
    shown = visitor.ask(page)
    steps = {
        "posted the combination; redirected to": f"{page[:12]}… (the secret is not in it: {SECRET not in page})",
        "opened that page: a button, and the secret": "not there" if SECRET not in told else "THERE",
        "pressed the button: the secret is": "shown, once" if SECRET in shown else "NOT SHOWN",
        "pressed it again:": "nothing to show" if SECRET not in visitor.ask_plain(page, b"") else "SHOWN AGAIN",
        "the secret in an address:": visitor.ask_plain(f"/combination/?{urlencode({'sensitive_info': SECRET})}")[:60],
        "posted from elsewhere, without the form's token:": visitor.ask_plain("/combination/", b"sensitive_info=x")[:16],
    }
    for step, outcome in steps.items():
        print(f"   {step:50} {outcome}")
    if SECRET in told or SECRET not in shown:
        raise SystemExit("the guard does not do what it should")


if __name__ == "__main__":
    sys.exit(main())
