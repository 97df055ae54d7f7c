"""What settings must be for data to be safe, and what they are when a project leaves them out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Any, assert_never

from leaktight.policy.choices import Channel, Safeguard
from leaktight.policy.tables import table


class Comparison(StrEnum):
    """How a setting's value is judged."""

    TRUE = "true"
    FALSE = "false"
    NONE = "none"
    EMPTY = "empty"
    AT_LEAST = "at-least"
    AT_MOST = "at-most"
    ONE_OF = "one-of"
    NOT_ONE_OF = "not-one-of"
    EACH_ONE_OF = "each-one-of"
    STARTS_WITH = "starts-with"
    EACH_STARTS_WITH = "each-starts-with"
    CONTAINS = "contains"
    EXCLUDES = "excludes"
    LAST_IS = "last-is"


@dataclass(frozen=True, slots=True)
class Requirement:
    """A setting, what it must be, and the safeguard it then gives."""

    name: str
    comparison: Comparison
    wanted: Any
    """What it is compared with; None when nothing is needed."""
    safeguard: Safeguard
    channel: Channel
    cwe: tuple[int, ...]
    asvs: tuple[str, ...]
    package: str
    """Who reads the setting: `django`, or an app that must be installed for the setting to matter."""
    alternatives: tuple[str, ...]
    """Settings that give the same safeguard when they are what they must be."""

    def is_met(self, value: Any) -> bool:
        """Tell whether a known value is what it must be. Strings count as Django counts them: `"False"` is true."""
        match self.comparison:
            case Comparison.TRUE:
                return bool(value)
            case Comparison.FALSE | Comparison.EMPTY:
                return not value
            case Comparison.NONE:
                return value is None
            case Comparison.AT_LEAST:
                return _is_number(value) and bool(value >= self.wanted)
            case Comparison.AT_MOST:
                return _is_number(value) and bool(value <= self.wanted)
            case Comparison.ONE_OF:
                return _is_among(value, self.wanted)
            case Comparison.NOT_ONE_OF:
                return not _is_among(value, self.wanted)
            case Comparison.EACH_ONE_OF:
                return bool(value) and all(_is_among(item, self.wanted) for item in _items(value))
            case Comparison.STARTS_WITH:
                return isinstance(value, str) and value.startswith(tuple(self.wanted))
            case Comparison.EACH_STARTS_WITH:
                return all(item.startswith(self.wanted) for item in _items(value) if isinstance(item, str))
            case Comparison.CONTAINS:
                return self.wanted in _items(value)
            case Comparison.EXCLUDES:
                return not any(item in self.wanted for item in _items(value))
            case Comparison.LAST_IS:
                return value is None or _items(value)[-1:] == [self.wanted]
            case _:
                assert_never(self.comparison)


@cache
def requirements() -> Mapping[str, tuple[Requirement, ...]]:
    """Return the requirements for each setting that has any."""
    found: dict[str, tuple[Requirement, ...]] = {}
    for name, row in _rows():
        found[name] = (*found.get(name, ()), _requirement(name, row))
    return MappingProxyType(found)


@cache
def django_defaults(version: tuple[int, int] | None = None) -> Mapping[str, Any]:
    """Return the value each setting has when it is left out, in a version of Django (the newest, if not given).

    Settings of other packages are there too. A name that is not there means nothing to the version.
    """
    data = table("django")
    values: dict[str, Any] = {name: row["default"] for name, row in _rows() if "default" in row}
    values |= data["defaults"] | dict.fromkeys(data["none"])
    blocks = sorted(data["before"].items(), key=lambda item: _version(item[0]), reverse=True)
    for before, block in blocks:
        if version is not None and version < _version(before):
            values |= {name: value for name, value in block.items() if name.isupper()}
            values |= dict.fromkeys(block.get("none", ()))
            for name in block.get("absent", ()):
                values.pop(name, None)
    return MappingProxyType(values)


def _rows() -> Iterator[tuple[str, dict[str, Any]]]:
    for group in table("settings").values():
        for name, rows in group.items():
            yield from ((name, row) for row in (rows if isinstance(rows, list) else [rows]))


def _requirement(name: str, row: dict[str, Any]) -> Requirement:
    return Requirement(
        name=name,
        comparison=Comparison(row["must"]),
        wanted=row.get("wanted"),
        safeguard=Safeguard(row["gives"]),
        channel=Channel(row["channel"]),
        cwe=tuple(row["cwe"]),
        asvs=tuple(f"v5.0.0-{number}" for number in row["asvs"]),
        package=row.get("package", "django"),
        alternatives=tuple(row.get("or", ())),
    )


def _version(text: str) -> tuple[int, int]:
    major, minor = text.split(".")
    return int(major), int(minor)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_among(value: Any, wanted: list[Any]) -> bool:
    """Compare as browsers and Django do, without regard to case."""
    if isinstance(value, str):
        return value.strip().lower() in [str(item).lower() for item in wanted]
    return value in wanted


def _items(value: Any) -> list[Any]:
    """The parts of a list setting; Django takes a text with commas for some."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",")]
    return list(value) if isinstance(value, list | tuple | set | frozenset) else []
