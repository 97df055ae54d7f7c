"""One ClientHello and what a server says to it, by hand: a library refuses to offer what has to be tried here (RFC 5246, RFC 8446)."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

VERSIONS = {"SSL3": 0x0300, "1.0": 0x0301, "1.1": 0x0302, "1.2": 0x0303, "1.3": 0x0304}
GROUPS = {
    "secp160k1": 15, "secp160r1": 16, "secp192k1": 18, "secp192r1": 19, "secp224k1": 20, "secp224r1": 21, "secp256k1": 22,
    "secp256r1": 23, "secp384r1": 24, "secp521r1": 25, "brainpoolP256r1": 26, "brainpoolP384r1": 27, "brainpoolP512r1": 28,
    "x25519": 29, "x448": 30, "sect163k1": 1, "sect163r1": 2, "sect163r2": 3, "sect193r1": 4, "sect193r2": 5, "sect233k1": 6,
    "sect233r1": 7, "sect239k1": 8, "sect283k1": 9, "sect283r1": 10, "sect409k1": 11, "sect409r1": 12, "sect571k1": 13, "sect571r1": 14,
    "ffdhe2048": 256, "ffdhe3072": 257, "ffdhe4096": 258, "ffdhe6144": 259, "ffdhe8192": 260, "X25519MLKEM768": 4588,
}  # fmt: skip
"""Named groups by their number in the IANA registry "TLS Supported Groups"."""
_GROUP_NAMES = {number: name for name, number in GROUPS.items()}
_SIGNATURES = (
    0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0809, 0x080A, 0x080B, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601,
    0x0303, 0x0301, 0x0302, 0x0402, 0x0502, 0x0602, 0x0203, 0x0201, 0x0202,
)  # fmt: skip
RSA_ONLY = (0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0x0301, 0x0201)
ECDSA_ONLY = (0x0403, 0x0503, 0x0603, 0x0303, 0x0203)
FALLBACK = 0x5600
"""The suite by which a client says that it offers less than it can (RFC 7507)."""
ENDED, SILENT = -1, -2
"""In the place of an alert: the connection was ended without one, or nothing came in time."""
_RENEGOTIATION = 0x00FF
_RETRY = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
_HANDSHAKE, _ALERT = 22, 21
_SERVER_HELLO, _CERTIFICATE, _KEY_EXCHANGE, _DONE = 2, 11, 12, 14
_MOST = 1 << 18


@dataclass(frozen=True, slots=True)
class Offer:
    """What the client offers. Names and numbers as in the registries."""

    version: str
    suites: Sequence[int]
    groups: Sequence[str] = tuple(GROUPS)
    signatures: Sequence[int] = _SIGNATURES
    compress: bool = False


@dataclass(slots=True)
class Said:
    """What the server said. `alert` is the number of its refusal, `ENDED` when it ended the connection without one."""

    version: str = ""
    suite: int = 0
    group: str = ""
    """The group it chose, as far as it says so in clear."""
    dh_bits: int = 0
    compression: int = 0
    master_secret: bool = False
    """Whether it binds keys to the whole handshake (RFC 7627)."""
    renegotiation: bool = False
    """Whether it renegotiates securely (RFC 5746)."""
    certificates: list[bytes] = field(default_factory=list)
    alert: int | None = None


def greet(address: tuple[str, int], name: str, offer: Offer, *, timeout: float = 5.0) -> Said:
    """Send one ClientHello and read the answer up to where it is encrypted or waits for the client."""
    said = Said()
    try:
        with socket.create_connection(address, timeout) as connection:
            connection.settimeout(timeout)
            connection.sendall(client_hello(name, offer))
            _listen(connection, said)
    except TimeoutError:
        said.alert = SILENT
    except OSError:
        said.alert = ENDED
    if not said.version and said.alert is None:
        said.alert = ENDED
    return said


def client_hello(name: str, offer: Offer) -> bytes:
    """Write a record that holds a ClientHello."""
    number = VERSIONS[offer.version]
    legacy = min(number, VERSIONS["1.2"])
    suites = b"".join(struct.pack("!H", suite) for suite in (*offer.suites, _RENEGOTIATION))
    methods = b"\x01\x00" if offer.compress else b"\x00"
    body = struct.pack("!H", legacy) + os.urandom(32) + _vector(os.urandom(32), 1) + _vector(suites, 2) + _vector(methods, 1)
    if number > VERSIONS["SSL3"]:
        body += _vector(b"".join(_extensions(name, offer)), 2)
    handshake = b"\x01" + struct.pack("!I", len(body))[1:] + body
    return struct.pack("!BHH", _HANDSHAKE, min(number, VERSIONS["1.0"]), len(handshake)) + handshake


def _extensions(name: str, offer: Offer) -> Iterator[bytes]:
    if name and not name.replace(".", "").isdigit() and ":" not in name:
        yield _extension(0, _vector(b"\x00" + _vector(name.encode("idna"), 2), 2))
    groups = b"".join(struct.pack("!H", GROUPS[group]) for group in offer.groups)
    yield _extension(10, _vector(groups, 2))
    yield _extension(11, _vector(b"\x00\x01\x02", 1))
    if offer.version in {"1.2", "1.3"}:
        yield _extension(13, _vector(b"".join(struct.pack("!H", scheme) for scheme in offer.signatures), 2))
    yield _extension(23, b"")
    if offer.version == "1.3":
        yield _extension(43, _vector(struct.pack("!H", VERSIONS["1.3"]), 1))
        yield _extension(45, _vector(b"\x01", 1))
        yield _extension(51, _vector(b"", 2))  # no key yet: the server has to name the group it wants


def _extension(number: int, data: bytes) -> bytes:
    return struct.pack("!H", number) + _vector(data, 2)


def _vector(data: bytes, size: int) -> bytes:
    return len(data).to_bytes(size, "big") + data


def _listen(connection: socket.socket, said: Said) -> None:
    messages = bytearray()
    for kind, data in _records(connection):
        if kind == _ALERT and len(data) >= 2:
            said.alert = data[1]
            return
        if kind != _HANDSHAKE:
            return
        messages += data
        while len(messages) >= 4:
            size = int.from_bytes(messages[1:4], "big")
            if len(messages) < 4 + size:
                break
            message, body = messages[0], bytes(messages[4 : 4 + size])
            del messages[: 4 + size]
            try:
                _hear(message, body, said)
            except (IndexError, struct.error, ValueError):
                return
            if message == _DONE or said.version == "1.3":
                return


def _records(connection: socket.socket) -> Iterator[tuple[int, bytes]]:
    seen = 0
    while seen < _MOST:
        head = _exactly(connection, 5)
        if len(head) < 5:
            return
        kind, _, size = struct.unpack("!BHH", head)
        data = _exactly(connection, size)
        seen += size
        yield kind, data
        if len(data) < size:
            return


def _exactly(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = connection.recv(size - len(data))
        if not piece:
            break
        data += piece
    return data


def _hear(message: int, body: bytes, said: Said) -> None:
    if message == _SERVER_HELLO:
        _hear_hello(body, said)
    elif message == _CERTIFICATE:
        at = 3
        while at + 3 <= len(body):
            size = int.from_bytes(body[at : at + 3], "big")
            said.certificates.append(body[at + 3 : at + 3 + size])
            at += 3 + size
    elif message == _KEY_EXCHANGE:
        size = int.from_bytes(body[:2], "big")
        if body[0] == 3 and size >= 0x0300:  # a named curve
            said.group = _GROUP_NAMES.get(int.from_bytes(body[1:3], "big"), str(body[1:3].hex()))
        else:
            said.dh_bits = int.from_bytes(body[2 : 2 + size], "big").bit_length()


def _hear_hello(body: bytes, said: Said) -> None:
    number = int.from_bytes(body[:2], "big")
    at = 34 + 1 + body[34]
    said.suite = int.from_bytes(body[at : at + 2], "big")
    said.compression = body[at + 2]
    rest = body[at + 5 :]
    while len(rest) >= 4:
        kind, size = struct.unpack("!HH", rest[:4])
        data, rest = rest[4 : 4 + size], rest[4 + size :]
        if kind == 23:
            said.master_secret = True
        elif kind == 0xFF01:
            said.renegotiation = True
        elif kind == 43:
            number = int.from_bytes(data, "big")
        elif kind == 51 and len(data) >= 2:
            said.group = _GROUP_NAMES.get(int.from_bytes(data[:2], "big"), data[:2].hex())
    said.version = next((version for version, known in VERSIONS.items() if known == number), "")
