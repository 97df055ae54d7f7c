"""The vault: a value goes in, an opaque handle comes out, and the value can be read with it a set number of times by the same session."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from asgiref.sync import sync_to_async

from leaktight.guard.keys import CannotOpen, open_sealed, place_of, seal
from leaktight.guard.values.secret import Secret
from leaktight.guard.vault.stores import store
from leaktight.policy import LABELS

if TYPE_CHECKING:
    from django.http import HttpRequest

_PURPOSE = "vault"
_MARK = "_leaktight_vault"
_LONGEST_LABEL = 255


class Vault:
    """`request.vault`: bound to the session of the request, so that a handle is worth nothing to anybody else."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    def put(self, value: str | Secret[str], *, reads: int = 1, ttl: int = 300, label: str = "secret") -> str:
        """Keep a value for `ttl` seconds and `reads` reads and return its handle (192 bits, safe in URLs).

        Raises `ValueError` for an unknown label or numbers below 1, and `ImproperlyConfigured` without a key ring.
        """
        if label not in LABELS or reads < 1 or ttl < 1:
            raise ValueError(
                f"the vault takes a label of the policy and at least one read and second, not {label!r}, {reads}, {ttl}"
            )
        text = value.reveal() if isinstance(value, Secret) else value
        handle = secrets.token_urlsafe(24)
        sealed = seal(f"{label}\0{text}".encode("utf-8", "surrogatepass"), _PURPOSE, self._place(handle, make=True))
        store().put(place_of(handle), sealed, reads, ttl)
        return handle

    def get(self, handle: str) -> Secret[str] | None:
        """Read a value, which uses up one read; None when it is gone, over, or not this session's.

        Of two readers at the same moment only as many get the value as there are reads left.
        """
        place = self._place(handle)
        if not place:
            return None
        sealed = store().peek(place_of(handle))
        if sealed is None or self._opened(sealed, place) is None:
            return None
        sealed = store().take(place_of(handle))
        return None if sealed is None else self._opened(sealed, place)

    def holds(self, handle: str) -> bool:
        """Tell whether a value could be read, without using up a read."""
        place = self._place(handle)
        sealed = store().peek(place_of(handle)) if place else None
        return sealed is not None and self._opened(sealed, place) is not None

    def drop(self, handle: str) -> None:
        """Forget a value of this session."""
        if self.holds(handle):
            store().drop(place_of(handle))

    async def aput(self, value: str | Secret[str], *, reads: int = 1, ttl: int = 300, label: str = "secret") -> str:
        """Do what `put` does."""
        return await sync_to_async(self.put)(value, reads=reads, ttl=ttl, label=label)

    async def aget(self, handle: str) -> Secret[str] | None:
        """Do what `get` does."""
        return await sync_to_async(self.get)(handle)

    def _place(self, handle: str, *, make: bool = False) -> str:
        """What a value is bound to: its handle and a mark that only this session has, and keeps when its key changes at sign-in."""
        session = self._request.session
        mark = session.get(_MARK)
        if mark is None and make:
            mark = session[_MARK] = secrets.token_urlsafe(24)
        return f"{mark}\0{handle}" if mark else ""

    @staticmethod
    def _opened(sealed: bytes, place: str) -> Secret[str] | None:
        try:
            data = open_sealed(sealed, _PURPOSE, place).data
        except CannotOpen:
            return None
        label, _, text = data.decode("utf-8", "surrogatepass").partition("\0")
        return Secret(text, label)
