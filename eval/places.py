"""Where the evaluation data lies: outside the repository, named by the environment."""

from __future__ import annotations

import os
from pathlib import Path


def _named(variable: str, otherwise: str) -> Path:
    base = Path(os.environ.get("LEAKTIGHT_EVAL") or Path.home() / ".cache" / "leaktight-eval")
    return Path(os.environ.get(variable) or base / otherwise)


def cases_file() -> Path:
    """Return the file of annotated lines."""
    return _named("LEAKTIGHT_EVAL_CASES", "peer-cases-dev.jsonl")


def pairs_file() -> Path:
    """Return the file of pairs."""
    return _named("LEAKTIGHT_EVAL_PAIRS", "cve-pairs-dev.jsonl")


def peers_folder() -> Path:
    """Return the folder with the other tools' files."""
    return _named("LEAKTIGHT_EVAL_PEERS", "peers")


def projects_folder() -> Path:
    """Return the folder with both versions of the projects of the pairs."""
    return _named("LEAKTIGHT_EVAL_PROJECTS", "pairs")
