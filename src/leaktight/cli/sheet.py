"""Writes the ASVS evidence sheet of a proof to a file."""

from __future__ import annotations

from pathlib import Path

from leaktight import __version__
from leaktight.cli.errors import UsageError
from leaktight.cli.formats import save
from leaktight.prove.asvs import Evidence, as_json, as_markdown, sheet


def check_sheet(file: str) -> None:
    """See that a sheet can be written, before anything runs."""
    path = Path(file)
    if file and (path.suffix not in {".md", ".json"} or not path.absolute().parent.is_dir() or path.is_dir()):
        raise UsageError(f"{file} cannot be written: the sheet is a file .md or .json in a folder that exists")


def save_sheet(file: str, evidence: Evidence, target: str) -> None:
    """Write the sheet, as Markdown or JSON by the name of its file; nothing without a name."""
    if not file:
        return
    tell = as_json if file.endswith(".json") else as_markdown
    try:
        save(Path(file), tell(sheet(evidence), target=target, version=__version__))
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}") from None
