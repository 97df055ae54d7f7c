"""Read the literate test cases: Markdown files in which each `## ` heading is a small project and its expected findings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from leaktight.model import Finding, Result

FENCE = re.compile(r"^(?P<fence>`{3,}|~{3,})\s*(?P<language>[\w+-]*)[ \t]*(?P<path>\S*)\s*$")
MARK = re.compile(r"\s*(?:\{#|#|//|<!--)\s*(?P<kind>finds|todo-finds|todo-quiet):\s*(?P<rules>[a-z0-9, -]+?)\s*(?:#\}|-->)?\s*$")
OPTION = re.compile(r"^(?P<name>audience|rules|gaps):\s*(?P<value>.+?)\s*$")


class CaseError(Exception):
    """A Markdown file does not follow the form; the message names file and line."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a rule reports, or should."""

    path: str
    line: int
    rule: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line} {self.rule}"


@dataclass(frozen=True, slots=True)
class Expectation:
    """The places marked in a project's texts, by the kind of the mark."""

    finds: frozenset[Place] = frozenset()
    """Must be reported."""
    todo_finds: frozenset[Place] = frozenset()
    """Should be reported and is not: the case fails as soon as it is."""
    todo_quiet: frozenset[Place] = frozenset()
    """Is reported and should not be: the case fails as soon as it is silent."""


@dataclass(slots=True)
class Case:
    """One project of a Markdown file."""

    file: Path
    line: int
    title: str
    rules: frozenset[str] = frozenset()
    """The rules under test; empty for all."""
    audience: str = "audit"
    gaps: str = "none"
    """`allowed` when the project is one that cannot be analysed fully."""
    texts: dict[str, str] = field(default_factory=dict)

    @property
    def slug(self) -> str:
        return re.sub(r"\W+", "-", self.title.lower()).strip("-")


def read_cases(file: Path) -> list[Case]:
    """Read the cases of one Markdown file, in their order."""
    cases: list[Case] = []
    rules: frozenset[str] = frozenset()
    lines = enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
    for number, line in lines:
        if fence := FENCE.match(line):
            text = "".join(_block(lines, fence["fence"]))
            if not fence["path"]:
                continue
            if not cases:
                raise CaseError(f"{file}:{number}: a project file before the first heading")
            if fence["path"] in cases[-1].texts:
                raise CaseError(f"{file}:{number}: {fence['path']} is there twice in one case")
            cases[-1].texts[fence["path"]] = text
        elif line.startswith("## "):
            cases.append(Case(file, number, line[3:].strip(), rules))
        elif option := OPTION.match(line):
            if option["name"] != "rules":
                if not cases or cases[-1].texts:
                    raise CaseError(f"{file}:{number}: `{option['name']}:` belongs between a heading and its first block")
                setattr(cases[-1], option["name"], option["value"])
            elif cases:
                raise CaseError(f"{file}:{number}: `rules:` belongs at the top of the file")
            else:
                rules = frozenset(_names(option["value"]))
    _refuse_unclear(file, cases)
    return cases


def _block(lines: Iterator[tuple[int, str]], fence: str) -> Iterator[str]:
    for _, line in lines:
        if line.startswith(fence) and not line.strip(fence[0] + " "):
            return
        yield line + "\n"


def _refuse_unclear(file: Path, cases: list[Case]) -> None:
    seen: set[str] = set()
    for case in cases:
        if not case.texts:
            raise CaseError(f"{file}:{case.line}: the case has no block with a path")
        if case.slug in seen:
            raise CaseError(f"{file}:{case.line}: a second case is called {case.title!r}")
        seen.add(case.slug)


def _names(text: str) -> list[str]:
    return [name for part in text.split(",") if (name := part.strip())]


def unmark(texts: dict[str, str]) -> tuple[dict[str, str], Expectation]:
    """Take the marks out of a project's texts, and return both."""
    clean: dict[str, str] = {}
    marks: dict[str, set[Place]] = {"finds": set(), "todo-finds": set(), "todo-quiet": set()}
    for path, text in texts.items():
        lines = text.splitlines()
        for index, line in enumerate(lines):
            while mark := MARK.search(lines[index]):
                lines[index] = lines[index][: mark.start()]
                marks[mark["kind"]].update(Place(path, index + 1, rule) for rule in _names(mark["rules"]))
            if re.search(r"\b(finds|todo-finds|todo-quiet):", lines[index]):
                raise CaseError(f"{path}:{index + 1}: a mark ends its line: {line.strip()}")
        clean[path] = "\n".join(lines) + "\n"
    return clean, Expectation(*(frozenset(places) for places in marks.values()))


def write_project(texts: dict[str, str], folder: Path) -> Path:
    """Write a project's texts below a folder, and return the folder."""
    for path, text in texts.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    return folder


def disagreements(
    result: Result, expectation: Expectation, *, rules: frozenset[str] = frozenset(), gaps: bool = False
) -> list[str]:
    """Say in words where a result and an expectation differ; an empty list when they agree."""
    reported = [finding for finding in result.findings if not finding.claimed and (not rules or finding.rule in rules)]
    found = {_place(finding): finding for finding in reported}
    expected = expectation.finds | expectation.todo_quiet
    return [
        *(f"not found: {place}" for place in sorted(expectation.finds - found.keys())),
        *(_describe(found[place]) for place in sorted(found.keys() - expected - expectation.todo_finds)),
        *(f"found at last, make it `finds`: {place}" for place in sorted(expectation.todo_finds & found.keys())),
        *(f"quiet at last, take the mark away: {place}" for place in sorted(expectation.todo_quiet - found.keys())),
        *(f"gap: {gap.path}:{gap.line} {gap.reason}" for gap in result.gaps if not gaps),
    ]


def unknown_rules(expectation: Expectation, known: Iterable[str]) -> list[str]:
    """Return the marked rule names that do not exist, so that a typing error cannot pass as silence."""
    places = expectation.finds | expectation.todo_finds | expectation.todo_quiet
    return sorted({place.rule for place in places} - set(known))


def _place(finding: Finding) -> Place:
    return Place(finding.span.path, finding.span.line, finding.rule)


def _describe(finding: Finding) -> str:
    steps = "".join(f"\n      {step.span.path}:{step.span.line} {step.note}" for step in finding.flow)
    return f"not expected: {_place(finding)} ({finding.confidence}, {finding.audience}): {finding.message}{steps}"
