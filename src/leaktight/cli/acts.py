"""The choices of the command line: formats, what `claims` can do, how `inventory` can tell."""

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


class Format(StrEnum):
    """How a scan is told."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    GITHUB = "github"
    GITLAB = "gitlab"
    GITLAB_SAST = "gitlab-sast"
    JUNIT = "junit"
    MARKDOWN = "markdown"
    CSV = "csv"
    HTML = "html"
