"""What `leaktight claims` can do."""

from __future__ import annotations

from enum import StrEnum


class Act(StrEnum):
    """What to do with claims."""

    LIST = "list"
    ADD = "add"
    EXPIRE = "expire"
    REMOVE = "remove"
    PRUNE = "prune"
