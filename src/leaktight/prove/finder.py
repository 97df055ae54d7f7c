"""Find canaries in what comes out, in whatever form they are written there, and tell of the place without them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from leaktight.guard.values.deep import layers, unpack
from leaktight.guard.values.registry import PROCESS
from leaktight.guard.values.search import Hit, Search
from leaktight.policy import Channel, redact
from leaktight.prove.canary import Canary

_SHOWN = 60
_LOOKED_AT = 1000
"""More than is shown, so that no key is cut in two and left."""
_HIDDEN = "•••"
_RANDOM = re.compile(r"(?=[A-Za-z+_-]*[0-9])(?=[0-9+_-]*[A-Za-z])[A-Za-z0-9+_-]{16,}")
"""A run of letters and digits, as long as keys are."""
_PACKED = frozenset({b"\x1f\x8b", b"\x78\x9c", b"\x78\xda", b"\x78\x01"})
"""How what gzip and zlib have packed begins (RFC 1952, RFC 1950)."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """A canary seen in a text."""

    canary: Canary
    form: str
    """How it was written: `plain`, `base64`, or `below another encoding`."""
    line: str
    """What stood around it, with every canary masked."""


class Finder:
    """Looks for canaries in texts."""

    def __init__(self, canaries: Iterable[Canary]) -> None:
        self._canaries: Mapping[str, Canary] = {canary.text: canary for canary in canaries}
        self._search = Search([(canary.text, canary.label, canary.name) for canary in self._canaries.values()])

    def __bool__(self) -> bool:
        return bool(self._canaries)

    def sightings(self, text: str | bytes, *, deep: bool = True) -> list[Sighting]:
        """Return the canaries that stand in a text or, `deep`, in what it decodes to, three layers down; each in its first form."""
        if isinstance(text, bytes):
            packed = unpack(text) if text[:2] in _PACKED else None
            text = (text if packed is None else packed).decode("latin-1")
        found: dict[str, Sighting] = {}
        for depth, layer in _layers(text) if deep else [(0, text)]:
            for hit in self._search.hits(layer):
                form = hit.form if depth == 0 else f"{hit.form} below another encoding"
                found.setdefault(hit.value, Sighting(self._canaries[hit.value], form, self.around(layer, hit)))
        return list(found.values())

    def masked(self, text: str) -> str:
        """Return a text with every canary replaced by what it stands for."""
        return self._search.mask(text, lambda hit: redact(hit.value, hit.label or "unlabelled"))[0]

    def around(self, text: str, hit: Hit) -> str:
        """Return what stands on a line around a place, with every canary masked."""
        # Whole before and behind, so that no other canary is cut in two and left.
        head = _without_keys(self.masked(text[: hit.start]).rpartition("\n")[2][-_LOOKED_AT:])[-_SHOWN:]
        tail = _without_keys(self.masked(text[hit.end :]).partition("\n")[0][:_LOOKED_AT])[:_SHOWN]
        return " ".join(f"{head}{redact(hit.value, hit.label or 'unlabelled')}{tail}".split())


def _without_keys(line: str) -> str:
    """Mask the site's own secrets, and whatever else looks like a key: session ids, tokens, hashes."""
    own = PROCESS.search(Channel.LOG).mask(line, lambda hit: redact(hit.value, hit.label or "unlabelled"))[0]
    return _RANDOM.sub(_HIDDEN, own)


@lru_cache(maxsize=64)
def _layers(text: str) -> tuple[tuple[int, str], ...]:
    """Return a text and what it decodes to; several finders look at the same one after the other."""
    return ((0, text), *((1, inner) for inner in layers(text)))
