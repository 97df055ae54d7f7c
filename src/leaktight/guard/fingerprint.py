"""A keyed digest by which the same value is recognised again, and nothing of it is told."""

from __future__ import annotations

import hashlib
import secrets

from leaktight.guard.conf import configuration

_SIZE = 8
_random = secrets.token_bytes(32)
"""The key of a process whose site has no key ring: its fingerprints compare within the process only."""


def fingerprint(text: str) -> str:
    """Return 16 hexadecimal digits: BLAKE2b keyed with the newest key of `LEAKTIGHT["KEYS"]` (RFC 7693).

    Never a plain hash: values of few characters could be guessed from one.
    """
    keys = configuration().keys
    key = hashlib.blake2b(keys[0].encode(), person=b"lt-fingerprint").digest() if keys else _random
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), key=key, digest_size=_SIZE).hexdigest()
