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
