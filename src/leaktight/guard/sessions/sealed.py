"""What the encrypted session engines share: contents sealed to the session they belong to, and nothing stored that signs anybody in."""

from __future__ import annotations

import base64
import binascii
import json
import logging
from typing import Any

from leaktight.guard.conf import Mode
from leaktight.guard.incidents import Incident, tell
from leaktight.guard.keys import CannotOpen, open_sealed, place_of, seal
from leaktight.policy import Channel

logger = logging.getLogger("leaktight.guard")

_PURPOSE = "session"


class Sealed:
    """Mixed into a session engine: `encode` and `decode` seal and open. JSON only, whatever `SESSION_SERIALIZER` says."""

    session_key: str | None
    modified: bool

    def encode(self, session_dict: dict[str, Any]) -> str:
        """Return the contents as sealed text, bound to the session's key."""
        data = json.dumps(session_dict, separators=(",", ":"), ensure_ascii=False).encode()
        return base64.b64encode(seal(data, _PURPOSE, place_of(self.session_key or ""))).decode("ascii")

    def decode(self, session_data: str) -> dict[str, Any]:
        """Open contents; those that were changed, moved or sealed by a lost key count as an empty session, and an incident."""
        return opened(self, session_data, place_of(self.session_key or ""))


def opened(session: Any, text: Any, place: str) -> dict[str, Any]:
    """Open sealed text for a session. What an old key has sealed is sealed anew when the session is next saved."""
    try:
        data, is_stale = open_sealed(base64.b64decode(text, validate=True), _PURPOSE, place)
        contents: dict[str, Any] = json.loads(data)
    except (CannotOpen, binascii.Error, TypeError, ValueError):
        logger.warning("a session could not be opened, and counts as empty")
        tell(Incident(Channel.SESSION, "session-id", "session", Mode.BLOCK))
        return {}
    if is_stale:
        session.modified = True
    return contents


class SealedCache:
    """A cache in which a session engine keeps its contents: values sealed, keys digested."""

    def __init__(self, cache: Any, session: Any, prefix: str) -> None:
        self._cache = cache
        self._session = session
        self._prefix = prefix

    def _key(self, key: str) -> str:
        return self._prefix + place_of(key.removeprefix(self._prefix))

    def _sealed(self, key: str, value: Any) -> str:
        data = json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
        return base64.b64encode(seal(data, _PURPOSE, self._key(key))).decode("ascii")

    def _opened(self, key: str, stored: Any, default: Any) -> Any:
        return default if stored is None else opened(self._session, stored, self._key(key))

    def get(self, key: str, default: Any = None) -> Any:
        """Return the contents under a key."""
        return self._opened(key, self._cache.get(self._key(key)), default)

    async def aget(self, key: str, default: Any = None) -> Any:
        """Return the contents under a key."""
        return self._opened(key, await self._cache.aget(self._key(key)), default)

    def set(self, key: str, value: Any, timeout: Any) -> Any:
        """Keep contents under a key."""
        return self._cache.set(self._key(key), self._sealed(key, value), timeout)

    async def aset(self, key: str, value: Any, timeout: Any) -> Any:  # noqa: ASYNC109 - as caches call it
        """Keep contents under a key."""
        return await self._cache.aset(self._key(key), self._sealed(key, value), timeout)

    def add(self, key: str, value: Any, timeout: Any) -> Any:
        """Keep contents under a key that is not taken yet."""
        return self._cache.add(self._key(key), self._sealed(key, value), timeout)

    async def aadd(self, key: str, value: Any, timeout: Any) -> Any:  # noqa: ASYNC109 - as caches call it
        """Keep contents under a key that is not taken yet."""
        return await self._cache.aadd(self._key(key), self._sealed(key, value), timeout)

    def delete(self, key: str) -> Any:
        """Forget a key."""
        return self._cache.delete(self._key(key))

    async def adelete(self, key: str) -> Any:
        """Forget a key."""
        return await self._cache.adelete(self._key(key))

    def __contains__(self, key: str) -> bool:
        return self._key(key) in self._cache

    async def ahas_key(self, key: str) -> Any:
        """Tell whether a key is taken."""
        return await self._cache.ahas_key(self._key(key))
