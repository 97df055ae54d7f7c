"""What a proof needs to know of a project before it runs it: where manage.py lies, which settings speak, what a scan finds."""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from leaktight.cli.errors import UsageError
from leaktight.cli.scan import cache_of
from leaktight.config import Effective
from leaktight.model import CodePlace, Finding, Proof, Result, Tightness, Verdict

_DEEPEST = 3
_LEFT_OUT = frozenset({"node_modules", "site-packages", "tests", "test", "docs", "venv", ".venv"})
_NAMED = re.compile(r"DJANGO_SETTINGS_MODULE['\"]\s*,\s*['\"]([\w.]+)['\"]")


def folder_of(root: Path) -> Path:
    """Return the folder manage.py lies in: the one nearest to the root."""
    for depth in range(_DEEPEST + 1):
        found = sorted(path for path in root.glob("*/" * depth + "manage.py") if not _LEFT_OUT.intersection(path.parts))
        if found:
            return found[0].parent
    raise UsageError(f"there is no manage.py in {root}; give the folder of a Django project, or the address of a running site")


def settings_of(root: Path, folder: Path, result: Result, asked: str) -> str:
    """Return the settings module to run with: the one asked for, the one that speaks for production, or what manage.py says."""
    if asked:
        return asked
    for path in result.project.settings:
        file = (root / path).resolve()
        if file.is_relative_to(folder.resolve()):
            parts = file.relative_to(folder.resolve()).with_suffix("").parts
            return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    if found := _NAMED.search((folder / "manage.py").read_text("utf-8", "replace")):
        return found[1]
    if name := os.environ.get("DJANGO_SETTINGS_MODULE"):
        return name
    raise UsageError("no settings module was found; give one with --settings")


def files_of(root: Path, folder: Path, module: str) -> tuple[str, ...]:
    """Return where a settings module may lie, relative to the root: what other settings say is not what was run."""
    path = folder.resolve().joinpath(*module.split("."))
    found = (path.with_name(f"{path.name}.py"), path / "__init__.py")
    return tuple(file.relative_to(root.resolve()).as_posix() for file in found if file.is_relative_to(root.resolve()))


def scanned(root: Path, config: Effective) -> Result:
    """Scan the project: its findings are what a proof confirms."""
    from leaktight import engine
    from leaktight.model import Audience

    return engine.scan([str(root)], config=config.config, jobs=1, audience=Audience.AUDIT, cache=cache_of(config.config))


def joined(proof: Proof, findings: tuple[Finding, ...], settings: Collection[str] = ()) -> Proof:
    """Say of each leak which finding it confirms: the same line, or else the same function and rule.

    A leak no line of code stands for is one of the whole site: it confirms what the scan says of the files in `settings`.
    """
    verdicts = tuple(
        _joined(verdict, findings, settings) if verdict.outcome is Tightness.LEAKING else verdict for verdict in proof.verdicts
    )
    confirmed = len({verdict.proves for verdict in verdicts if verdict.proves})
    return replace(proof, verdicts=verdicts, counts=proof.counts | {"findings confirmed": confirmed})


def _joined(verdict: Verdict, findings: tuple[Finding, ...], settings: Collection[str]) -> Verdict:
    place = verdict.place
    if place is None:
        alike = [finding for finding in findings if finding.rule == verdict.rule and finding.span.path in settings]
        if len(alike) != 1:
            return verdict
        found = alike[0]
        return replace(verdict, proves=found.fingerprint, place=CodePlace(found.span.path, found.span.line, found.symbol))
    function = place.symbol.replace(".<locals>", "")
    for finding in findings:
        if finding.rule != verdict.rule and finding.channel != verdict.channel:
            continue
        lines = {(finding.span.path, line) for line in range(finding.span.line, finding.span.end_line + 1)}
        lines |= {(step.span.path, step.span.line) for step in finding.flow}
        if (place.path, place.line) in lines:
            return replace(verdict, proves=finding.fingerprint)
    for finding in findings:
        if finding.rule == verdict.rule and finding.span.path == place.path and function and finding.symbol == function:
            return replace(verdict, proves=finding.fingerprint)
    return verdict
