"""Wrong use: what ends a command before it has looked at anything."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class UsageError(Exception):
    """The command cannot do what it was asked for; the text says why, and what would work."""


def require(kind: str, words: Iterable[str], known: Iterable[str]) -> frozenset[str] | None:
    """Check names given by the user; None when none were given, which means all."""
    given = list(words)
    names = sorted(known)
    for word in given:
        if word not in names:
            raise UsageError(unknown(kind, word, names))
    return frozenset(given) or None


def unknown(kind: str, word: str, known: Iterable[str]) -> str:
    """Say that a name is not known, and which one was probably meant."""
    close = difflib.get_close_matches(word, sorted(known), n=1)
    return f'there is no {kind} "{word}"' + (f'; did you mean "{close[0]}"?' if close else "")
