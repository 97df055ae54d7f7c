"""The formats of a scan, and writing them to files."""

from __future__ import annotations

import datetime
import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from leaktight import __version__, report
from leaktight.cli.acts import Format as Format
from leaktight.cli.errors import UsageError, unknown
from leaktight.model import Result


class Output(NamedTuple):
    """A file to write, and how."""

    format: Format
    path: Path


@dataclass(frozen=True, slots=True)
class Scanned:
    """A scan with all that is needed to tell of it."""

    result: Result
    outcome: report.Outcome
    rules: report.Rulebook
    sources: Callable[[str], list[str] | None]
    today: datetime.date
    verbose: bool = False
    quiet: bool = False

    def told(self, format_: Format) -> str:
        """Render for a file or a program."""
        result, outcome = self.result, self.outcome
        match format_:
            case Format.TEXT:
                return report.render_text(
                    result,
                    outcome,
                    rules=self.rules,
                    sources=self.sources,
                    version=__version__,
                    verbose=self.verbose,
                    quiet=self.quiet,
                )
            case Format.JSON:
                return report.render_json(result, outcome, version=__version__)
            case Format.SARIF:
                return report.render_sarif(result, outcome, rules=self.rules, version=__version__)
            case Format.GITHUB:
                return report.render_github(result, outcome)
            case Format.GITLAB:
                return report.render_gitlab(result, outcome)
            case Format.GITLAB_SAST:
                return report.render_gitlab_sast(result, outcome, rules=self.rules, version=__version__, today=self.today)
            case Format.JUNIT:
                return report.render_junit(result, outcome, today=self.today)
            case Format.MARKDOWN:
                return report.render_markdown(result, outcome)
            case Format.CSV:
                return report.render_csv(result, outcome)
            case Format.HTML:
                return report.render_html(result, outcome, rules=self.rules, sources=self.sources, version=__version__)


def outputs(words: Sequence[str]) -> list[Output]:
    """Read `FORMAT=FILE` options, and see that each file can be written before anything takes time."""
    found: list[Output] = []
    for word in words:
        name, equals, file = word.partition("=")
        if not equals or not file:
            raise UsageError(f'-o takes FORMAT=FILE, as in -o sarif=leaktight.sarif; "{word}" is not of that form')
        if name not in list(Format):
            raise UsageError(unknown("format", name, Format))
        path = Path(file)
        if path.is_dir() or not path.absolute().parent.is_dir():
            problem = "is a folder" if path.is_dir() else "would lie in a folder that does not exist"
            raise UsageError(f"{file} cannot be written: it {problem}")
        if any(path.absolute() == other.path.absolute() for other in found):
            raise UsageError(f"{file} is given twice")
        found.append(Output(Format(name), path))
    return found


def save(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    handle, temporary = tempfile.mkstemp(dir=path.absolute().parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace", newline="") as file:
            file.write(text)
        mask = os.umask(0)
        os.umask(mask)
        Path(temporary).chmod(0o666 & ~mask)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
