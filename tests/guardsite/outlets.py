"""What tests of ways out share: a request that knows the canary, the same without the watch of outlets, and servers that take what is sent."""

from __future__ import annotations

import contextlib
import socketserver
import threading
from collections.abc import Iterator
from typing import Any, TypeVar

from leaktight.guard.values.registry import Registry, watched

CANARY = "k7Qz-9fWx2LmP3~tY"
Server = TypeVar("Server", bound=socketserver.BaseServer)


@contextlib.contextmanager
def knowing(text: str = CANARY, *, label: str = "card") -> Iterator[None]:
    """A request that knows the canary."""
    with watched(Registry()) as registry:
        registry.add(text, label, "card_number")
        yield


@contextlib.contextmanager
def without(*outlets: Any) -> Iterator[None]:
    """What outlets do when nobody watches them."""
    for outlet in outlets:
        outlet.remove()
    try:
        yield
    finally:
        for outlet in outlets:
            outlet.install()


@contextlib.contextmanager
def served(server: Server) -> Iterator[Server]:
    """Let a server answer in a thread until the block ends."""
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
