"""Send a draft to the project as somebody, and take down all that happened."""

from __future__ import annotations

import io
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.signals import user_logged_in
from django.test import Client

from leaktight.prove.canary import Canary, Mint
from leaktight.prove.project.asked import Asked, AskedDict, Listener
from leaktight.prove.project.draft import Draft
from leaktight.prove.project.names import named_locals
from leaktight.prove.project.objects import Role, Stock
from leaktight.prove.project.watch import Arrival, Watch

_MOST_BODY = 1 << 20
_LONGEST = 20.0


class TooSlow(Exception):
    """A request took longer than one may."""


class Exhausted(Exception):
    """The requests or seconds that were allowed are used up."""


@dataclass
class Budget:
    """How much a proof may do."""

    requests: int
    seconds: float
    used: int = 0
    started: float = field(default_factory=time.monotonic)

    def spend(self) -> None:
        """Count a request. Raises `Exhausted` when there may be no more."""
        if self.used >= self.requests or time.monotonic() - self.started > self.seconds:
            raise Exhausted
        self.used += 1


@dataclass
class Answer:
    """A response, and all that was seen while it was made."""

    draft: Draft
    canaries: list[Canary]
    role: Role
    secure: bool
    response: Any
    body: bytes
    arrivals: list[Arrival]
    asked: Asked
    error: BaseException | None
    known: dict[str, Any] = field(default_factory=dict)
    """Values of local variables that sensitive names gave away: text → canary."""
    shown: frozenset[str] = frozenset()
    """Values the guard lets a page show once on purpose."""
    logged_in: bool = False
    """Whether somebody has logged in by it."""

    @property
    def status(self) -> int:
        return int(self.response.status_code)

    @property
    def location(self) -> str:
        return str(self.response.headers.get("Location", ""))


class _Client(Client):
    """Django's test client, whose requests tell which headers were asked for."""

    listener: Listener

    def _base_environ(self, **request: Any) -> Any:
        environ = super()._base_environ(**request)
        # As a server reads what a browser sends (PEP 3333).
        environ["HTTP_COOKIE"] = environ.get("HTTP_COOKIE", "").encode().decode("latin-1")
        return AskedDict(environ, self.listener, "headers")


def _backend_of(user: Any) -> str | None:
    """The backend that knows the user again: the first of several may be there to refuse logins only."""
    from django.contrib.auth import load_backend

    for name in map(str, settings.AUTHENTICATION_BACKENDS):
        try:
            if load_backend(name).get_user(user.pk) == user:
                return name
        except Exception:  # noqa: BLE001, S112 - whatever one of the project's may raise
            continue
    return None


class Asking:
    """Asks the project; a client for each role keeps its session from one request to the next."""

    def __init__(self, watch: Watch, listener: Listener, stock: Stock, budget: Budget, mint: Mint) -> None:
        self.mint = mint
        self.watch = watch
        self.listener = listener
        self.stock = stock
        self.budget = budget
        self._clients: dict[tuple[Role, bool], _Client] = {}
        self.has_logged_in = False
        user_logged_in.connect(self._note_login)
        self.host = next((host.lstrip(".") for host in settings.ALLOWED_HOSTS if host.strip("*.")), "testserver")

    def _note_login(self, **_: Any) -> None:
        self.has_logged_in |= self.watch.is_open

    def client(self, role: Role, *, csrf: bool = False) -> _Client:
        """Return the client of a role, signed in."""
        known = self._clients.get((role, csrf))
        if known is None:
            known = self._clients[role, csrf] = _Client(enforce_csrf_checks=csrf, raise_request_exception=False)
            known.listener = self.listener
        user = None if role is Role.ANONYMOUS else self.stock.user(role)
        if user is not None and known.session.get(SESSION_KEY) != user._meta.pk.value_to_string(user):  # noqa: SLF001
            known.force_login(user, backend=_backend_of(user))
        return known

    def ask(
        self,
        draft: Draft,
        role: Role,
        *,
        secure: bool = True,
        csrf: bool = False,
        names: bool = False,
        renew: bool = True,
        sign_in: bool = True,
        verb: str = "",
    ) -> Answer:
        """Send a draft, with new canaries unless `renew` says no, and under another method if `verb` names one. Raises `Exhausted`.

        Whoever has been signed out meanwhile is signed in again before, unless `sign_in` says no.
        """
        self.budget.spend()
        if renew:
            draft.renew(self.mint)
        client = self.client(role, csrf=csrf) if sign_in else self._clients[role, csrf]
        self.has_logged_in = False
        data, content_type = draft.body()
        if draft.files and isinstance(data, dict):
            data = data | {name: _file(filled.value) for name, filled in draft.files.items()}
        address = draft.address
        if draft.query:
            address += ("&" if "?" in address else "?") + urlencode({name: filled.value for name, filled in draft.query.items()})
        options: dict[str, Any] = {"secure": secure, "headers": {"host": self.host, **_texts(draft.headers)}}
        if content_type:
            options["content_type"] = content_type
        given = set(client.cookies)
        for name, filled in draft.cookies.items():
            if name not in given:
                client.cookies[name] = str(filled.value)
        body = data.encode() if isinstance(data, str) else b""
        try:
            with (
                limited(),
                self.listener.during(body) as asked,
                _shown() as shown,
                named_locals(self.watch.code, active=names) as known,
                self.watch.during() as arrivals,
            ):
                given_data = {"data": data} if data is not None else {}
                send = partial(client.generic, verb) if verb else getattr(client, draft.method)
                response = send(address, **given_data, **options)
                text = _read(response)
        finally:
            for name in draft.cookies:
                if name not in given:
                    client.cookies.pop(name, None)
        if role is Role.ANONYMOUS and self.has_logged_in:
            client.logout()  # who logs in is nobody's visitor any more
        error = response.exc_info[1] if getattr(response, "exc_info", None) else None
        return Answer(
            draft,
            draft.canaries,
            role,
            secure,
            response,
            text,
            list(arrivals),
            asked,
            error,
            known,
            frozenset(shown),
            self.has_logged_in,
        )


@contextmanager
def limited(seconds: float = _LONGEST) -> Iterator[None]:
    """End what takes too long with `TooSlow`: a view may wait for somebody who never comes. Only the main thread can do so."""

    def stop(*_: Any) -> None:
        raise TooSlow(f"longer than {seconds:.0f} seconds")

    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return
    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _texts(filled: Any) -> dict[str, str]:
    return {name: str(one.value) for name, one in filled.items()}


def _file(name: Any) -> io.BytesIO:
    stream = io.BytesIO(b"a file\n")
    stream.name = str(name)
    return stream


def _read(response: Any) -> bytes:
    """Read a body whole, streamed ones as well; what is longer than a mebibyte is read that far."""
    if not response.streaming:
        return bytes(response.content[:_MOST_BODY])
    parts, size = [], 0
    for part in response:
        parts.append(part)
        size += len(part)
        if size > _MOST_BODY:
            break
    return b"".join(parts)[:_MOST_BODY]


@contextmanager
def _shown() -> Iterator[set[str]]:
    """Note what the guard lets a page show."""
    from leaktight.guard.values.registry import Registry

    shown: set[str] = set()
    show = Registry.show

    def noted(self: Registry, text: str) -> None:
        shown.add(text.strip())
        show(self, text)

    Registry.show = noted  # type: ignore[method-assign]
    try:
        yield shown
    finally:
        Registry.show = show  # type: ignore[method-assign]
