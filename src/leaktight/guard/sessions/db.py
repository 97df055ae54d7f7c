"""Sessions in Django's own session table, encrypted; its key column holds a digest, from which nobody can make a cookie."""

from __future__ import annotations

from typing import Any

from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.backends.db import SessionStore as DjangoStore
from django.db import InterfaceError, OperationalError

from leaktight.guard.keys import place_of
from leaktight.guard.sessions.sealed import Sealed


class SessionStore(Sealed, DjangoStore):
    """The `db` engine of Django with other contents: the table, `clearsessions` and expiry stay as they are."""

    def save(self, must_create: Any = False) -> None:  # noqa: FBT002 - as engines of Django are called
        """Save the contents. A database that does not answer is an error of its own: Django would say that the session was deleted meanwhile."""
        try:
            super().save(must_create)
        except UpdateError as error:
            raise _why(error) from None

    async def asave(self, must_create: Any = False) -> None:  # noqa: FBT002 - as engines of Django are called
        """Do what `save` does."""
        try:
            await super().asave(must_create)
        except UpdateError as error:
            raise _why(error) from None

    def _get_session_from_db(self) -> Any:
        with _StoredKey(self):
            return super()._get_session_from_db()

    async def _aget_session_from_db(self) -> Any:
        with _StoredKey(self):
            return await super()._aget_session_from_db()

    def exists(self, session_key: str) -> Any:
        return super().exists(place_of(session_key))

    async def aexists(self, session_key: str) -> Any:
        return await super().aexists(place_of(session_key))

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        row = super().create_model_instance(data)
        row.session_key = place_of(row.session_key)
        return row

    async def acreate_model_instance(self, data: dict[str, Any]) -> Any:
        row = await super().acreate_model_instance(data)
        row.session_key = place_of(row.session_key)
        return row

    def delete(self, session_key: str | None = None) -> None:
        key = self.session_key if session_key is None else session_key
        if key is not None:
            super().delete(place_of(key))

    async def adelete(self, session_key: str | None = None) -> None:
        key = self.session_key if session_key is None else session_key
        if key is not None:
            await super().adelete(place_of(key))


def _why(error: Exception) -> BaseException:
    """Return the database's own error where it failed, or the error itself where the row is gone."""
    cause = error.__context__
    return cause if isinstance(cause, (OperationalError, InterfaceError)) else error


class _StoredKey:
    """While a row is looked up, the session goes by the key of its row."""

    def __init__(self, session: SessionStore) -> None:
        self._session = session

    def __enter__(self) -> None:
        self._key = self._session.session_key
        if self._key is not None:
            self._session._session_key = place_of(self._key)  # noqa: SLF001 - how the engines of Django set it

    def __exit__(self, *_: object) -> None:
        if self._session.session_key is not None:  # Django drops the key of a session it does not find
            self._session._session_key = self._key  # noqa: SLF001
