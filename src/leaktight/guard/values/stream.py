"""Take values out of a body that comes in pieces: the outcome does not depend on where it was cut."""

from __future__ import annotations

from collections.abc import Callable

from leaktight.guard.values.common import CONTEXT
from leaktight.guard.values.search import Hit, Search, merged

_MOST_HELD = 1 << 20


class Strainer:
    """Feeds on pieces of bytes and gives back pieces without the values. `search` is asked anew for every piece.

    What could be the beginning of a value is held back until it is decided: a few times the length of the longest value.
    """

    def __init__(self, search: Callable[[], Search], stand_in: Callable[[Hit], str], found: Callable[[Hit], None]) -> None:
        self._search = search
        self._stand_in = stand_in
        self._found = found
        self._held = ""
        self._before = ""
        """What went out just before, as it was: a common value is known by the name in front of it."""

    def feed(self, data: bytes) -> bytes:
        """Take the next piece and return what can go out."""
        self._held += data.decode("latin-1")
        return self._strain(last=False)

    def end(self) -> bytes:
        """Return what was held back."""
        return self._strain(last=True)

    def _strain(self, *, last: bool) -> bytes:
        search = self._search()
        if not search:
            out, self._held = self._held, ""
            self._before = (self._before + out)[-CONTEXT:]
            return out.encode("latin-1")
        text = self._before + self._held
        begin = len(self._before)
        safe = len(text) if last else max(begin, len(text) - search.reach - 4)
        if safe == begin and not last:
            return b""
        hits = [hit._replace(start=max(hit.start, begin)) for hit in merged(search.hits(text)) if hit.end > begin]
        # A hit across the safe point waits until all of it, and of what overlaps it, is there.
        if not last and len(text) < _MOST_HELD:
            safe = min([safe, *(hit.start for hit in hits if hit.end > safe > hit.start)])
        parts, done = [], begin
        for hit in hits:
            if hit.start >= safe:
                break
            self._found(hit)
            parts += [text[done : hit.start], self._stand_in(hit)]
            done = hit.end
        edge = max(safe, done)
        parts.append(text[done:edge])
        self._held, self._before = text[edge:], text[max(edge - CONTEXT, 0) : edge]
        return "".join(parts).encode("latin-1")
