"""What `leaktight claims` can do, and how `leaktight inventory` can tell."""

from __future__ import annotations

from enum import StrEnum


class Act(StrEnum):
    """What to do with claims."""

    LIST = "list"
    ADD = "add"
    EXPIRE = "expire"
    REMOVE = "remove"
    PRUNE = "prune"


class Listing(StrEnum):
    """How an inventory is told."""

    TEXT = "text"
    MARKDOWN = "markdown"
    CSV = "csv"
    JSON = "json"
    HTML = "html"
