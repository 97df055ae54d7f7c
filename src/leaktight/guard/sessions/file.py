"""Sessions in files, encrypted; their names hold a digest of the session's key."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.file import SessionStore as DjangoStore

from leaktight.guard.keys import place_of
from leaktight.guard.sessions.sealed import Sealed

_DIVIDER = ":"
"""Stands between what is sealed, in base64, and the time until which it is kept, in seconds of the epoch."""


class SessionStore(Sealed, DjangoStore):
    """The `file` engine of Django with sealed contents, and beside them the time until which the file is kept."""

    def encode(self, session_dict: dict[str, Any]) -> str:
        """Return the sealed contents and when they are over. Whose they are only a cookie tells, so `clear_expired` could not look into them."""
        over = self.get_expiry_date(expiry=session_dict.get("_session_expiry"))
        return f"{super().encode(session_dict)}{_DIVIDER}{int(over.timestamp())}"

    def decode(self, session_data: str) -> dict[str, Any]:
        """Open contents."""
        return super().decode(session_data.partition(_DIVIDER)[0])

    def _key_to_file(self, session_key: str | None = None) -> str:
        key = self._get_or_create_session_key() if session_key is None else session_key
        path: str = super()._key_to_file(place_of(key))
        return path

    @classmethod
    def clear_expired(cls) -> None:
        """Remove the files whose time is over, be it that of `SESSION_COOKIE_AGE` or one of their own."""
        now = time.time()
        for file in Path(cls._get_storage_path()).glob(f"{settings.SESSION_COOKIE_NAME}*"):
            try:
                over = file.read_text(encoding="ascii").partition(_DIVIDER)[2]
                if (float(over) if over.isdigit() else file.stat().st_mtime + settings.SESSION_COOKIE_AGE) < now:
                    file.unlink(missing_ok=True)
            except (OSError, UnicodeDecodeError):  # removed by another process, or none of ours
                continue
