"""Scanning the evaluation data: each file of another tool by itself, each version of a real project as a whole."""

from __future__ import annotations

import ast
import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from data import Case, Pair, Place
from embedded import Fragment, fragment_at, statement_at

import leaktight
from leaktight.model import Finding


@dataclass(frozen=True, slots=True)
class Judged:
    """A case with the findings that fall into its statement, of whatever rule."""

    case: Case
    findings: tuple[Finding, ...]
    unread: bool = False
    """The file could not be analysed."""


@dataclass(frozen=True, slots=True)
class JudgedPair:
    """A pair with the findings at its places, before and after."""

    pair: Pair
    before: tuple[Finding, ...]
    after: tuple[Finding, ...]


def judge_cases(cases: list[Case], peers: Path) -> Iterator[Judged]:
    """Scan each file once, as a user would scan a single file outside any project, for auditors."""
    files: dict[str, list[Case]] = {}
    for case in cases:
        files.setdefault(case.file, []).append(case)
    for name, group in sorted(files.items()):
        path = peers / name
        source = path.read_text(encoding="utf-8", errors="replace")
        if group[0].embedded:
            for case in group:
                yield _judged_fragment(case, fragment_at(source, case.line))
        else:
            findings, unread = _scan(path, _neighbours(path))
            for case in group:
                yield _judged(case, findings, source, unread=unread)


def _judged(case: Case, findings: list[Finding], source: str, *, unread: bool) -> Judged:
    first, last = statement_at(source, case.line) if case.statement_unknown else (case.first, case.last)
    if case.whole_file:
        first, last = 1, 1 << 30
    return Judged(case, _within(findings, first, last), unread)


def _judged_fragment(case: Case, fragment: Fragment | None) -> Judged:
    if fragment is None:
        return Judged(case, (), unread=True)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "code.py"
        path.write_text(fragment.code, encoding="utf-8")
        findings, unread = _scan(path, [])
    line = fragment.line_of(case.line)
    lines = fragment.code.split("\n")
    # A place above the code stands for the whole: that is where a repair adds an import.
    is_above = not "".join(lines[: max(line, 0)]).strip()
    first, last = (1, len(lines)) if is_above else statement_at(fragment.code, line)
    return Judged(case, _within(findings, first, last), unread)


def _within(findings: list[Finding], first: int, last: int) -> tuple[Finding, ...]:
    return tuple(finding for finding in findings if first <= finding.span.line <= last)


def _scan(path: Path, neighbours: list[Path]) -> tuple[list[Finding], bool]:
    """Scan a file alone, or a folder that holds nothing but the file and what it needs."""
    if not neighbours:
        result = leaktight.scan(path, audience="audit")
    else:
        with tempfile.TemporaryDirectory() as folder:
            for file in (path, *neighbours):
                shutil.copy(file, folder)
            result = leaktight.scan(folder, audience="audit")
    name = path.name
    unread = any(gap.path.rpartition("/")[2] == name for gap in result.gaps)
    return [finding for finding in result.findings if finding.span.path.rpartition("/")[2] == name], unread


def _neighbours(path: Path) -> list[Path]:
    """The files of the same folder a case works with: modules it imports, and the URLconf of its views."""
    found: list[Path] = []
    waiting = [path]
    while waiting:
        for name in _imported(waiting.pop()):
            sibling = path.with_name(f"{name}.py")
            if sibling.is_file() and sibling != path and sibling not in found:
                found.append(sibling)
                waiting.append(sibling)
    urls = path.with_name("urls.py")
    if path.name.startswith("views") and urls.is_file() and urls not in found:
        found.append(urls)
    return found


def _imported(path: Path) -> Iterator[str]:
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from [node.module] if node.module else [alias.name for alias in node.names]


def judge_pairs(pairs: list[Pair], projects: Path, *, jobs: int) -> Iterator[JudgedPair]:
    """Scan both versions of each project as a whole, for auditors, as many at a time as there are jobs."""
    trees = [
        (places, projects / pair.id / side)
        for pair in pairs
        for side, places in (("vulnerable", pair.vulnerable), ("fixed", pair.fixed))
    ]
    with ProcessPoolExecutor(jobs) as pool:
        judged = list(pool.map(_at, trees))
    for pair, before, after in zip(pairs, judged[::2], judged[1::2], strict=True):
        yield JudgedPair(pair, before, after)


def _at(work: tuple[tuple[Place, ...], Path]) -> tuple[Finding, ...]:
    """The findings in the statements at the places of a project."""
    places, tree = work
    result = leaktight.scan(tree, audience="audit", jobs=1)
    statements = [_statement(place, tree) for place in places]
    return tuple(
        finding
        for finding in result.findings
        if any(place.path == finding.span.path and place.first <= finding.span.line <= place.last for place in statements)
    )


def _statement(place: Place, tree: Path) -> Place:
    """The lines of the whole statements a place lies in, as for the cases of other tools."""
    if not place.path.endswith(".py"):
        return place
    source = (tree / place.path).read_text(encoding="utf-8", errors="replace")
    first, last = statement_at(source, place.first), statement_at(source, place.last)
    return Place(place.path, first[0], max(place.last, last[1]))
