"""Write about a sensitive value without writing it."""

from __future__ import annotations

_LENGTHS = ((0, "empty"), (7, "1-7 characters"), (19, "8-19 characters"), (39, "20-39 characters"), (99, "40-99 characters"))


def redact(value: str, label: str) -> str:
    """Stand-in for a value: what it is and about how long, nothing of what it says."""
    length = next((words for most, words in _LENGTHS if len(value) <= most), "100 or more characters")
    return f"••• ({label}, {length})"
