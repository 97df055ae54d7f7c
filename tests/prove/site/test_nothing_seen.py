"""A site of which nothing was seen is neither tight nor leaking, not even where it speaks plain HTTP."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from leaktight.model import Tightness
from leaktight.prove.site.plan import Plan
from leaktight.prove.site.run import prove_site
from leaktight.report import Status, decide_proof

pytestmark = pytest.mark.xdist_group("live")


@contextmanager
def _serving(status: int, body: bytes, **headers: str) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/" else 404)
            given = {"Content-Type": "text/html", "Content-Length": str(len(body) if self.path == "/" else 0)} | headers
            for name, value in given.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            if self.path == "/":
                self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(
    ("status", "body", "headers"),
    [
        (200, b"", {}),
        (200, b" \n", {}),
        (401, b"", {"WWW_Authenticate": "Basic"}),
        (401, b"who are you?", {}),
        (302, b"", {"Location": "/accounts/login/?next=/"}),
    ],
)
def test_what_nobody_saw_is_inconclusive(status: int, body: bytes, headers: dict[str, str]) -> None:
    with _serving(status, body, **headers) as address:
        proof = prove_site(Plan(address, seconds=600)).proof
    assert proof.outcome is Tightness.INCONCLUSIVE, [verdict.message for verdict in proof.of(Tightness.LEAKING)]
    assert decide_proof(proof).status is Status.INCOMPLETE


def test_a_page_that_says_something_in_clear_leaks() -> None:
    with _serving(200, b"<html><body>the price list of our shop</body></html>") as address:
        proof = prove_site(Plan(address, seconds=600)).proof
    assert {verdict.rule for verdict in proof.of(Tightness.LEAKING)} == {"https-not-enforced"}
