"""The key ring: seals data so that only this site, for this purpose and this place, can open it; old keys still open."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from functools import lru_cache
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.core.exceptions import ImproperlyConfigured

from leaktight.guard.conf import configuration

_VERSION = b"\x01"
_ID, _SALT, _NONCE, _TAG = 4, 16, 12, 16
_HEAD = len(_VERSION) + _ID + _SALT + _NONCE
_SHORTEST_KEY = 32


class CannotOpen(Exception):
    """Sealed data was changed, moved, sealed for another purpose, or by a key that is not on the ring. It does not say which."""


class Opened(NamedTuple):
    """What was sealed, and whether it should be sealed anew because its key is not the newest."""

    data: bytes
    is_stale: bool


def seal(data: bytes, purpose: str, place: str) -> bytes:
    """Encrypt data with the newest key, bound to a purpose and a place.

    The form is version (1 byte), key id (4), salt (16), nonce (12), AES-256-GCM ciphertext with its tag (16) (NIST SP 800-38D). The key of a record
    is derived from the ring's key and the salt by HKDF-SHA-256 (RFC 5869), so that no key meets a nonce twice however much is sealed.
    Raises `ImproperlyConfigured` when there is no key ring.
    """
    key = _ring()[0]
    salt, nonce = secrets.token_bytes(_SALT), secrets.token_bytes(_NONCE)
    head = _VERSION + _id(key)
    return head + salt + nonce + AESGCM(_derived(key, purpose, salt)).encrypt(nonce, data, _bound(head, purpose, place))


def open_sealed(sealed: bytes, purpose: str, place: str) -> Opened:
    """Decrypt what `seal` made for the same purpose and place. Raises `CannotOpen`, and `ImproperlyConfigured` without a key ring."""
    ring = _ring()
    head = sealed[: len(_VERSION) + _ID]
    if len(sealed) < _HEAD + _TAG or not sealed.startswith(_VERSION):
        raise CannotOpen
    salt, nonce = sealed[len(head) : len(head) + _SALT], sealed[len(head) + _SALT : _HEAD]
    for position, key in enumerate(ring):
        if not hmac.compare_digest(_id(key), head[len(_VERSION) :]):
            continue
        try:
            data = AESGCM(_derived(key, purpose, salt)).decrypt(nonce, sealed[_HEAD:], _bound(head, purpose, place))
        except InvalidTag:
            continue
        return Opened(data, position > 0)
    raise CannotOpen


def place_of(key: str) -> str:
    """Return what stands for a session key or handle where it is stored: its digest, from which nobody can make a cookie (40 digits)."""
    return hashlib.sha256(b"leaktight place\0" + key.encode()).hexdigest()[:40]


def _ring() -> tuple[str, ...]:
    keys = configuration().keys
    if not keys:
        raise ImproperlyConfigured(
            'LEAKTIGHT["KEYS"] is empty, and nothing can be kept without a key: make one with '
            "`python -c 'import secrets; print(secrets.token_urlsafe(32))'` and keep it where the site's other secrets are."
        )
    if short := [number for number, key in enumerate(keys) if len(key) < _SHORTEST_KEY]:
        raise ImproperlyConfigured(f'LEAKTIGHT["KEYS"][{short[0]}] is shorter than {_SHORTEST_KEY} characters.')
    return keys


@lru_cache(maxsize=64)
def _id(key: str) -> bytes:
    return hashlib.sha256(b"leaktight key id\0" + key.encode()).digest()[:_ID]


def _derived(key: str, purpose: str, salt: bytes) -> bytes:
    """HKDF of one block: extract with the salt, expand with the purpose."""
    extracted = hmac.digest(salt, key.encode(), "sha256")
    return hmac.digest(extracted, f"leaktight {purpose}".encode() + b"\x01", "sha256")


def _bound(head: bytes, purpose: str, place: str) -> bytes:
    return b"\0".join([head, purpose.encode(), place.encode()])
