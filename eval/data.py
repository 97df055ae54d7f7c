"""The evaluation data: annotated lines of other tools' test suites, pairs of a leak and its repair, and the rows both are judged by."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Row:
    """What one capability is called, whether it is part of the core, and which rules answer for it."""

    id: str
    name: str
    rules: frozenset[str]
    adjacent: bool = False
    says: str = ""
    """Pattern the message of a fitting finding matches, where a rule serves several rows."""


@dataclass(frozen=True, slots=True)
class Case:
    """One line of another tool's test suite that must be reported, or must not be, for one capability."""

    id: str
    peer: str
    repository: str
    commit: str
    path: str
    line: int
    first: int
    last: int
    """The statement the line belongs to: a finding anywhere in it counts."""
    capability: str
    flag: bool
    whole_file: bool
    embedded: bool
    """The code is a text inside a test function."""
    statement_unknown: bool
    """The data does not say where the statement begins and ends."""

    @property
    def file(self) -> str:
        """Where the file lies below the folder of checkouts."""
        return f"{self.repository.replace('/', '+')}/{self.path}"


@dataclass(frozen=True, slots=True)
class Place:
    """Lines of a real project."""

    path: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Pair:
    """A real project before and after a leak was repaired."""

    id: str
    package: str
    pattern: str
    detectable: str
    vulnerable: tuple[Place, ...]
    fixed: tuple[Place, ...]
    residual: bool
    """The repair left something that may rightly be reported."""


def read_rows(path: Path = HERE / "fitting.toml") -> dict[str, Row]:
    """Read which rules answer for which capability."""
    table: dict[str, dict[str, Any]] = tomllib.loads(path.read_text())
    return {
        key: Row(key, row["name"], frozenset(row["rules"]), adjacent=row.get("adjacent", False), says=row.get("says", ""))
        for key, row in table.items()
        if key != "patterns"
    }


def read_patterns(path: Path = HERE / "fitting.toml") -> dict[str, frozenset[str]]:
    """Read which rules answer for which pattern of the pairs."""
    table: dict[str, list[str]] = tomllib.loads(path.read_text())["patterns"]
    return {key: frozenset(rules) for key, rules in table.items()}


def read_cases(path: Path) -> list[Case]:
    """Read annotated lines, one JSON object a line."""
    return [_case(record) for record in _records(path)]


def _case(record: dict[str, Any]) -> Case:
    line = record["line"]
    first, last = record.get("stmt") or (line, line)
    return Case(
        id=record["id"],
        peer=record["peer"],
        repository=_repository(record["repo"]),
        commit=record["commit"],
        path=record["path"],
        line=line,
        first=first,
        last=last,
        capability=record["capability"],
        flag=record["expect"] == "flag",
        whole_file=record.get("whole_file", False),
        embedded=record.get("embedded", False),
        statement_unknown="stmt" not in record,
    )


def _repository(text: str) -> str:
    """`owner/name`, or the fork it is read through where the original is too large to be had."""
    _, through, fork = text.partition("read through the fork ")
    return fork.split("@")[0].rstrip(")") if through else text.split(" ", maxsplit=1)[0]


def read_pairs(path: Path) -> list[Pair]:
    """Read pairs, one JSON object a line."""
    return [
        Pair(
            id=record["id"],
            package=record["package"],
            pattern=record["pattern"],
            detectable=record["detectable"],
            vulnerable=tuple(_place(where, "line_vulnerable") for where in record["where"]),
            fixed=tuple(_place(where, "line_fixed") for where in record["fixed_where"]),
            residual=record["fixed_expect"] != "clean",
        )
        for record in _records(path)
    ]


def _place(where: dict[str, Any], key: str) -> Place:
    line = where[key]
    first, last = (line, line) if isinstance(line, int) else line
    return Place(where["path"], first, last)


def _records(path: Path) -> Iterator[dict[str, Any]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip():
            yield json.loads(line)
