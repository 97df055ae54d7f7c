"""The vault: a value goes in, an opaque handle comes out, and the value can be read with it a set number of times by the same session."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, NamedTuple

from asgiref.sync import sync_to_async
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from leaktight.guard.conf import Mode
from leaktight.guard.incidents import Incident, tell
from leaktight.guard.keys import CannotOpen, open_sealed, place_of, seal
from leaktight.guard.values.secret import Secret
from leaktight.guard.vault.stores import store
from leaktight.policy import LABELS, Channel

if TYPE_CHECKING:
    from django.http import HttpRequest

_PURPOSE = "vault entry"
_MARK = "_leaktight_vault"
_SPENT = "_leaktight_vault_spent"
_MOST_SPENT = 64


class VaultUnavailable(RuntimeError):
    """The store of the vault does not answer. Nothing was read, and what it holds is there when it answers again."""


class _Kept(NamedTuple):
    label: str
    expires: int
    """Seconds of the epoch; sealed with the value, so that nobody can put it off."""
    text: str


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
        expires = int(timezone.now().timestamp()) + ttl
        data = "\0".join([label, str(reads), str(expires), text]).encode("utf-8", "surrogatepass")
        _ask("put", place_of(handle), seal(data, _PURPOSE, self._place(handle, make=True)), reads, ttl)
        return handle

    def get(self, handle: str) -> Secret[str] | None:
        """Read a value, which uses up one read; None when it is gone, over, or not this session's.

        Of two readers at the same moment only as many get the value as there are reads left.
        """
        if self._kept(handle) is None:
            return None
        sealed = _ask("take", place_of(handle))
        kept = None if sealed is None else self._opened(handle, sealed)
        if kept is None:
            return None
        self._spend(handle, kept.expires)
        return Secret(kept.text, kept.label)

    def holds(self, handle: str) -> bool:
        """Tell whether a value could be read, without using up a read."""
        return self._kept(handle) is not None

    def drop(self, handle: str) -> None:
        """Forget a value of this session."""
        if self.holds(handle):
            _ask("drop", place_of(handle))

    async def aput(self, value: str | Secret[str], *, reads: int = 1, ttl: int = 300, label: str = "secret") -> str:
        """Do what `put` does."""
        return await sync_to_async(self.put)(value, reads=reads, ttl=ttl, label=label)

    async def aget(self, handle: str) -> Secret[str] | None:
        """Do what `get` does."""
        return await sync_to_async(self.get)(handle)

    async def aholds(self, handle: str) -> bool:
        """Do what `holds` does."""
        return await sync_to_async(self.holds)(handle)

    async def adrop(self, handle: str) -> None:
        """Do what `drop` does."""
        await sync_to_async(self.drop)(handle)

    def _place(self, handle: str, *, make: bool = False) -> str:
        """What a value is bound to: its handle and a mark that only this session has, and keeps when its key changes at sign-in."""
        session = self._request.session
        mark = session.get(_MARK)
        if mark is None and make:
            mark = session[_MARK] = secrets.token_urlsafe(24)
        return f"{mark}\0{handle}" if mark else ""

    def _kept(self, handle: str) -> _Kept | None:
        sealed = _ask("peek", place_of(handle)) if self._place(handle) else None
        return None if sealed is None else self._opened(handle, sealed)

    def _opened(self, handle: str, sealed: bytes) -> _Kept | None:
        """Open a value. One that was changed, or put back after it had been read, is an incident."""
        try:
            data = open_sealed(sealed, _PURPOSE, self._place(handle)).data
        except CannotOpen:
            _tell("cannot be opened")
            return None
        label, reads, expires, text = data.decode("utf-8", "surrogatepass").split("\0", 3)
        if int(expires) <= timezone.now().timestamp():
            return None
        if self._spent().get(_short(handle), (0, 0))[0] >= int(reads):
            _tell("read before")
            return None
        return _Kept(label, int(expires), text)

    def _spent(self) -> dict[str, tuple[int, int]]:
        """What this session has read: short digest of a handle → how often, and when it would be over. The store is not asked."""
        spent: dict[str, tuple[int, int]] = self._request.session.get(_SPENT, {})
        return spent

    def _spend(self, handle: str, expires: int) -> None:
        """Remember a read in the session: whoever puts an old copy of an entry back into the store does not reach this."""
        now = timezone.now().timestamp()
        live = {key: each for key, each in self._spent().items() if each[1] > now}
        times = live.pop(_short(handle), (0, 0))[0] + 1
        self._request.session[_SPENT] = {**dict(list(live.items())[-_MOST_SPENT:]), _short(handle): (times, expires)}


class _OfRequest:
    """`request.vault`: made when it is first asked for, which most requests never do."""

    def __get__(self, request: HttpRequest | None, owner: type | None = None) -> Any:
        if request is None:
            return self
        vault = request.__dict__["vault"] = Vault(request)
        return vault


def offer() -> None:
    """Give every request of the process a vault."""
    from django.http import HttpRequest

    HttpRequest.vault = _OfRequest()


def _short(handle: str) -> str:
    return place_of(handle)[:16]


def _ask(method: str, *arguments: Any) -> Any:
    """Ask the store, which may be a server that is away, full or broken."""
    try:
        return getattr(store(), method)(*arguments)
    except ImproperlyConfigured:
        raise
    except Exception as error:
        _tell("store does not answer")
        raise VaultUnavailable("the store of the vault does not answer") from error


def _tell(what: str) -> None:
    tell(Incident(Channel.SESSION, "secret", "vault", Mode.BLOCK, form=what))
