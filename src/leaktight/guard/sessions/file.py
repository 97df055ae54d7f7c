"""Sessions in files, encrypted; their names hold a digest of the session's key."""

from __future__ import annotations

import time
from pathlib import Path

from django.conf import settings
from django.contrib.sessions.backends.file import SessionStore as DjangoStore

from leaktight.guard.keys import place_of
from leaktight.guard.sessions.sealed import Sealed


class SessionStore(Sealed, DjangoStore):
    """The `file` engine of Django with sealed contents."""

    def _key_to_file(self, session_key: str | None = None) -> str:
        key = self._get_or_create_session_key() if session_key is None else session_key
        path: str = super()._key_to_file(place_of(key))
        return path

    @classmethod
    def clear_expired(cls) -> None:
        """Remove the files not written for `SESSION_COOKIE_AGE`: whose they are, and so a date of their own, only their cookies tell."""
        for file in Path(cls._get_storage_path()).glob(f"{settings.SESSION_COOKIE_NAME}*"):
            if file.stat().st_mtime + settings.SESSION_COOKIE_AGE < time.time():
                file.unlink(missing_ok=True)
