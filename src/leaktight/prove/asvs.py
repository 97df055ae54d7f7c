"""The evidence sheet: what a proof says of each requirement of OWASP ASVS 5.0.0 that it can speak of."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

from leaktight.model.verdict import Tightness, Verdict


class Standing(StrEnum):
    """What is known of a requirement."""

    PASS = "pass"  # noqa: S105  # the word of the sheet
    FAIL = "fail"
    MANUAL = "manual"
    """Somebody has to look: no program can tell."""
    NOT_PLANTED = "not planted"
    """A program could tell, and in this run nothing was there to tell it by."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for or against requirements.

    Checks go by their name: the verdicts of a proof of a site. Facts go by theirs: does each hold, and where. No text holds a canary or a secret.
    """

    checks: tuple[tuple[str, Verdict], ...] = ()
    facts: Mapping[str, list[tuple[bool, str]]] = field(default_factory=dict)
    findings: Mapping[str, int] | None = None
    """Rule → findings of a scan that was complete; None when nothing was scanned."""


@dataclass(frozen=True, slots=True)
class Row:
    """One requirement and what is known of it."""

    id: str
    level: int
    says: str
    standing: Standing
    evidence: str


@cache
def requirements() -> dict[str, dict[str, Any]]:
    """Return the requirements: id → `level`, `says`, and what speaks for it."""
    return dict(tomllib.loads(files(__package__).joinpath("data/asvs.toml").read_text()))


def sheet(evidence: Evidence) -> list[Row]:
    """Return what is known of every requirement, in the order of their numbers."""
    return [
        Row(id_, row["level"], row["says"], *_judged(row, evidence))
        for id_, row in sorted(requirements().items(), key=lambda item: [int(part) for part in item[0].split(".")])
    ]


def _judged(row: Mapping[str, Any], evidence: Evidence) -> tuple[Standing, str]:
    against, for_ = _spoken(row, evidence)
    if against:
        return Standing.FAIL, _joined(against)
    if for_:
        return Standing.PASS, _joined(for_)
    could = {"checks", "facts", "channels", "rules"} & row.keys()
    return (Standing.NOT_PLANTED if could else Standing.MANUAL), ""


def _spoken(row: Mapping[str, Any], evidence: Evidence) -> tuple[list[str], list[str]]:
    against, for_ = [], []
    checks, channels, rules = row.get("checks", ()), row.get("channels", ()), row.get("rules", ())
    for name, verdict in evidence.checks:
        speaks = name in checks or verdict.channel in channels
        if verdict.outcome is Tightness.LEAKING and (speaks or verdict.rule in rules):
            against.append(verdict.message)
        elif verdict.outcome is Tightness.TIGHT and speaks:
            for_.append(verdict.message)
    for name in row.get("facts", ()):
        for holds, detail in evidence.facts.get(name, ()):
            (for_ if holds else against).append(f"{name}: {detail}")
    if evidence.findings is not None and rules:
        against += [f"the scan finds {name}: {evidence.findings[name]}" for name in rules if evidence.findings.get(name)]
        for_.append("the scan finds no " + ", no ".join(rules))
    return against, for_


def _joined(texts: Iterable[str], most: int = 3) -> str:
    known = list(dict.fromkeys(texts))
    more = f", and {len(known) - most} more" if len(known) > most else ""
    return "; ".join(known[:most]) + more


def summary(rows: Iterable[Row]) -> dict[str, int]:
    """Return how many requirements stand how."""
    counted = dict.fromkeys(map(str, Standing), 0)
    for row in rows:
        counted[row.standing] += 1
    return counted


def as_markdown(rows: list[Row], *, target: str, version: str) -> str:
    """Write the sheet as Markdown."""
    told = ", ".join(f"{number} {name}" for name, number in summary(rows).items())
    lines = [
        f"# ASVS 5.0.0 evidence: {_plain(target)}",
        "",
        f"leaktight {version}. Of {len(rows)} requirements: {told}. What is *manual* needs somebody who looks; what was *not planted* could be",
        "told by a program, but nothing in this run told it.",
        "",
        "| requirement | level | it asks | standing | evidence |",
        "|---|---|---|---|---|",
    ]
    lines += [f"| {row.id} | {row.level} | {_plain(row.says)} | {row.standing} | {_plain(row.evidence)} |" for row in rows]
    return "\n".join(lines) + "\n"


def _plain(text: str) -> str:
    """Write a text so that it cannot change the table it stands in."""
    for char in "\\`|*_<>[]":
        text = text.replace(char, "\\" + char)
    return " ".join(text.split())


def as_json(rows: list[Row], *, target: str, version: str) -> str:
    """Write the sheet as JSON."""
    told = {
        "schema": 1,
        "tool": {"name": "leaktight", "version": version},
        "standard": "OWASP ASVS 5.0.0",
        "target": target,
        "summary": summary(rows),
        "requirements": [
            {"id": row.id, "level": row.level, "says": row.says, "standing": row.standing, "evidence": row.evidence}
            for row in rows
        ],
    }
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"
