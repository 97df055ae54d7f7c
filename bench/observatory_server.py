"""Serves header sets on this machine: over HTTP, over HTTPS, and over HTTPS with a certificate nobody trusts."""

from __future__ import annotations

import contextlib
import http.server
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import trustme
from observatory_cases import Case

HOST = "127.0.0.1"


@dataclass(slots=True)
class Served:
    """The ports of the servers."""

    plain: int = 0
    secure: int = 0
    untrusted: int = 0
    closed: int = 0

    def http(self, case: Case) -> int:
        return self.closed if case.plain == "closed" else self.plain

    def https(self, case: Case) -> int:
        return {"good": self.secure, "untrusted": self.untrusted, "none": self.closed}[case.tls]


@contextlib.contextmanager
def serving(drawn: list[Case], ca: trustme.CA, folder: Path) -> Iterator[Served]:
    served = Served()
    known = {case.number: case for case in drawn}

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 20
        wbufsize = -1  # an answer goes out at once

        def do_GET(self) -> None:
            parts = self.path.strip("/").split("/")
            if len(parts) < 2 or parts[0] != "case":
                self._say(404, [], b"")
                return
            case = known[int(parts[1])]
            secure = isinstance(self.connection, ssl.SSLSocket)
            location = None if secure else self._elsewhere(case, parts[2:])
            if location:
                self._say(301, [("Location", location)], b"")
            else:
                self._say(case.status, list(case.headers), case.body.encode())

        def do_OPTIONS(self) -> None:
            case = known[int(self.path.strip("/").split("/")[1])]
            headers = []
            if case.cors:
                origin, credentials = case.cors
                headers.append(("Access-Control-Allow-Origin", origin.replace("<origin>", self.headers["Origin"] or "")))
                if credentials:
                    headers.append(("Access-Control-Allow-Credentials", credentials))
            self._say(204, headers, b"")

        def _elsewhere(self, case: Case, rest: list[str]) -> str | None:
            secure = f"{HOST}:{served.https(case)}/case/{case.number}"
            plain = f"http://{HOST}:{served.plain}/case/{case.number}"
            if case.plain == "to-https":
                return f"https://{secure}"
            if case.plain == "to-other-host":
                return f"https://{secure}".replace(HOST, "localhost")
            if case.plain == "to-http-first":
                return f"https://{secure}" if rest else f"{plain}/again"
            if case.plain == "to-http-only":
                return None if rest else f"{plain}/again"
            return None

        def _say(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
            self.send_response_only(status)
            for name, value in headers:
                self.send_header(name, value)
            if status != 204:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Server(http.server.ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """Say nothing: clients that distrust a certificate end the connection."""

    stack = contextlib.ExitStack()
    with stack:
        for name, authority in (("plain", None), ("secure", ca), ("untrusted", trustme.CA())):
            server = Server((HOST, 0), Handler)
            if authority:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                authority.issue_cert(HOST, "localhost").configure_cert(context)
                server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
            stack.callback(server.server_close)
            stack.callback(server.shutdown)
            setattr(served, name, server.server_address[1])
        with socket.socket() as probe:
            probe.bind((HOST, 0))
            served.closed = probe.getsockname()[1]
        yield served
