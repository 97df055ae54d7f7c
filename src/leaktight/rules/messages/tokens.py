"""Tells tokens that are made to be handed over once from those that give access for long."""

from __future__ import annotations

import re

_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_LASTING = frozenset(
    {"api", "access", "auth", "refresh", "bearer", "authorization", "service", "personal", "bot", "deploy", "jwt", "oauth"}
)


def is_lasting(name: str) -> bool:
    """Tell by its name a token of an API or a session from one of a link that works once."""
    return any(word.lower() in _LASTING for word in _WORDS.findall(name))
