"""Sessions in a cache, encrypted."""

from __future__ import annotations

from typing import Any

from django.contrib.sessions.backends.cache import SessionStore as DjangoStore

from leaktight.guard.sessions.sealed import Sealed, SealedCache


class SessionStore(Sealed, DjangoStore):
    """The `cache` engine of Django with sealed contents under digested keys."""

    def __init__(self, session_key: str | None = None) -> None:
        super().__init__(session_key)
        self._cache: Any = SealedCache(self._cache, self, self.cache_key_prefix)

    def load(self) -> Any:
        """Return the contents. A cache that does not answer is an error: an empty session would sign its user out."""
        return self._found(self._cache.get(self.cache_key))

    async def aload(self) -> Any:
        """Do what `load` does."""
        return self._found(await self._cache.aget(await self.acache_key()))

    def _found(self, contents: Any) -> Any:
        if contents is None:
            self._session_key = None
            return {}
        return contents
