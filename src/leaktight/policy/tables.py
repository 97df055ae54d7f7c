"""Read the policy's data files; each is read once, when it is first needed."""

from __future__ import annotations

from functools import cache
from typing import Any


@cache
def table(name: str) -> dict[str, Any]:
    """The content of `data/<name>.toml`."""
    # Both cost more to import than the whole policy, and not every command reads a table.
    import tomllib
    from importlib.resources import files

    return tomllib.loads(files("leaktight.policy").joinpath("data", f"{name}.toml").read_text("utf-8"))


def phrases(text: str) -> list[str]:
    """The phrases of a list in a data file: one a line, or several with commas between."""
    return [" ".join(phrase.split()) for line in text.splitlines() for phrase in line.split(",") if phrase.strip()]
