"""Sessions in the database and, to be read fast, in a cache; encrypted in both."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.cached_db import SessionStore as DjangoStore
from django.core.cache import caches

from leaktight.guard.sessions.db import SessionStore as DatabaseStore
from leaktight.guard.sessions.sealed import SealedCache


class SessionStore(DjangoStore, DatabaseStore):
    """The `cached_db` engine of Django over the encrypted `db` engine."""

    cache_key_prefix = "leaktight.guard.sessions.cached_db"

    def __init__(self, session_key: str | None = None) -> None:
        super().__init__(session_key)
        self._cache: Any = SealedCache(caches[settings.SESSION_CACHE_ALIAS], self, self.cache_key_prefix)
