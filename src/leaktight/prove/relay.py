"""A relay between a client and a server: the eavesdropper who records every byte, and the tamperer who changes some."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable

_LOOPBACK = "127.0.0.1"
_PIECE = 65536
_MOST_KEPT = 64 << 20
"""Bytes kept of each direction; a proof sends far less."""


class Relay:
    """Listens on a port of this machine and passes on to a server. `recorded` is what both sides said, in the order it came."""

    def __init__(self, port: int, tamper: Callable[[bytes], bytes] = bytes, *, host: str = _LOOPBACK) -> None:
        self.to_server = bytearray()
        self.to_client = bytearray()
        self.tamper = tamper
        """Gets each piece the server says and returns what the client is to hear."""
        self._target = (host, port)
        self._listener = socket.create_server((_LOOPBACK, 0))
        self.port = int(self._listener.getsockname()[1])
        self._open: set[socket.socket] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def recorded(self) -> bytes:
        """Return what an eavesdropper has: what went to the server, then what came back."""
        return bytes(self.to_server) + b"\0" * 64 + bytes(self.to_client)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(self._target, timeout=30)
            except OSError:
                client.close()  # nobody listens there: the client sees its connection end
                continue
            server.settimeout(None)
            self._open |= {client, server}
            for source, target, kept, change in (
                (client, server, self.to_server, bytes),
                (server, client, self.to_client, self._changed),
            ):
                threading.Thread(target=self._pump, args=(source, target, kept, change), daemon=True).start()

    def _changed(self, data: bytes) -> bytes:
        return self.tamper(data)

    def _pump(self, source: socket.socket, target: socket.socket, kept: bytearray, change: Callable[[bytes], bytes]) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(_PIECE):
                if len(kept) < _MOST_KEPT:
                    kept += data
                target.sendall(change(data))
        for each in (source, target):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
            self._open.discard(each)

    def close(self) -> None:
        """Stop listening and end what is open."""
        for each in (self._listener, *self._open):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()


class Relays:
    """One relay for each server that is asked, made when it is first asked."""

    def __init__(self) -> None:
        self.made: dict[tuple[str, int], Relay] = {}

    def through(self, host: str, port: int) -> tuple[str, int]:
        """Return where to connect instead of a host and port."""
        if (host, port) not in self.made:
            self.made[host, port] = Relay(port, host=host)
        return _LOOPBACK, self.made[host, port].port

    def close(self) -> None:
        for relay in self.made.values():
            relay.close()
