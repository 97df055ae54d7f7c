"""The reference pages: commands, configuration, labels, words, and the JSON schema of a result, made from the code."""

from __future__ import annotations

import ast
import inspect
import json
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec

from leaktight.cli.acts import Format
from leaktight.cli.app import app
from leaktight.cli.explain import glossary
from leaktight.cli.help import commands, help_text
from leaktight.config import Config, Deployment, UserLabel
from leaktight.model import Audience, Confidence, Evidence, Safety, Severity, Tightness
from leaktight.policy import LABELS, Channel, Safeguard, demands
from leaktight.report import Status

_MADE = "<!-- generated from the code by scripts/reference.py, do not edit -->"
_SECTIONS = {
    "channel": "Channels", "safeguard": "Safeguards", "kind": "Classes of labels", "exit-status": "Exit status", "audience": "Audiences",
    "severity": "Severities", "confidence": "Confidences", "evidence": "Evidence", "safety": "Safety of fixes", "state": "States of data",
    "verdict": "Verdicts of a proof", "role": "Who asks, in a proof", "mode": "What the guard does", "left-out": "Files left out on purpose", "word": "Other words",
}  # fmt: skip


def pages(folder: Path) -> dict[Path, str]:
    """Return every reference page by its path."""
    schema = json.dumps(result_schema(), indent=2) + "\n"
    return {
        folder / "commands.md": _commands(),
        folder / "configuration.md": _configuration(),
        folder / "labels.md": _labels(),
        folder / "words.md": _words(),
        folder / "result.md": _result(schema),
        folder / "result.schema.json": schema,
    }


def _commands() -> str:
    parts = [_MADE, "# Commands", f"```text\n{help_text(app, None, width=100).strip()}\n```"]
    for name in commands(app):
        parts += [f"## leaktight {name}", f"```text\n{help_text(app, name, width=100).strip()}\n```"]
    parts += ["## Formats", ", ".join(f"`{item}`" for item in Format) + ". The format never changes the exit status."]
    return "\n\n".join(parts) + "\n"


def _configuration() -> str:
    parts = [
        _MADE,
        "# Configuration",
        (
            "`[tool.leaktight]` in the `pyproject.toml` next to `manage.py`, or `leaktight.toml` with the same keys at its top. "
            "`leaktight config` shows what applies and where it comes from. An unknown key is an error with its line."
        ),
        *_section(Config, ""),
        *_section(Deployment, "deployment."),
        *_section(UserLabel, "labels.NAME."),
    ]
    return "\n\n".join(parts) + "\n"


def _section(struct: type[msgspec.Struct], prefix: str) -> Iterator[str]:
    said = _said(struct)
    for field in msgspec.structs.fields(struct):
        if field.name == "deployment":
            continue
        default = "" if field.required else f" Default: `{_toml(field.default)}`."
        yield f"## {prefix}{field.encode_name}"
        yield f"{said.get(field.name, '')}{default}"


def _said(struct: type) -> dict[str, str]:
    """The text under each field of a class."""
    [definition] = ast.parse(inspect.getsource(struct)).body
    assert isinstance(definition, ast.ClassDef)
    said: dict[str, str] = {}
    for field, text in zip(definition.body, definition.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(text, ast.Expr):
            said[field.target.id] = " ".join(str(ast.literal_eval(text.value)).split())
    return said


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, StrEnum):
        return f'"{value}"'
    return {None: "not set", (): "[]"}.get(value, "{}") if value is None or value == () else "{}"


def _labels() -> str:
    parts = [_MADE, "# Labels", "What a piece of data is, and which safeguards the policy demands for it on each channel."]
    for label in LABELS.values():
        rows = [f"| {channel} | {', '.join(sorted(found))} |" for channel in Channel if (found := demands(label.name, channel))]
        parts += [
            f"## {label.name}",
            f"{label.title}; class *{label.kind}*.",
            "\n".join(["| channel | demanded |", "|---|---|", *rows]),
        ]
    return "\n\n".join(parts) + "\n"


def _words() -> str:
    parts = [_MADE, "# Words of the output", "The same texts as `leaktight explain NAME` gives."]
    for section, title in _SECTIONS.items():
        parts.append(f"## {title}")
        parts += [part for name, text in glossary()[section].items() for part in (f"### {name}", text)]
    return "\n\n".join(parts) + "\n"


def _result(schema: str) -> str:
    said = "`--format json` gives this; a change that would break a reader gets a new number in `schema`. The same as a file: `result.schema.json`."
    return f"{_MADE}\n\n# JSON result\n\n{said}\n\n```json\n{schema}```\n"


# -- the schema of a result --------------------------------------------------------------------


def result_schema() -> dict[str, Any]:
    """Return the JSON schema of `scan --format json`."""
    text, line = {"type": "string"}, {"type": "integer", "minimum": 0}
    numbers = {"type": "object", "additionalProperties": line}
    step = _record({"path": text, "line": line, "column": line, "note": text})
    finding = _record(
        {
            "rule": text,
            "severity": _one_of(Severity),
            "confidence": _one_of(Confidence),
            "audience": _one_of(Audience),
            "label": {"type": ["string", "null"]},
            "channel": {"enum": [*map(str, Channel), None]},
            "missing": _list({"enum": [*map(str, Safeguard)]}),
            "message": text,
            "path": text,
            "line": line,
            "column": line,
            "end_line": line,
            "end_column": line,
            "symbol": text,
            "flow": _list(step),
            "fingerprint": text,
            "fix": {"anyOf": [{"type": "null"}, _record({"safety": _one_of(Safety), "title": text})]},
            "claimed": {"type": "boolean"},
        },
        # Of what a merged report tells as proved; a scan has neither.
        evidence={"const": str(Evidence.PROVED)},
        proofs=_list(_proved()),
    )
    claim = _record(
        {
            "rules": _list(text),
            "reason": text,
            "until": {"type": ["string", "null"]},
            "path": text,
            "line": line,
            "column": line,
            "first_line": line,
            "last_line": line,
            "used": {"type": "boolean"},
        }
    )
    summary = _record(
        {
            "findings": line,
            "severity": _record({str(severity): line for severity in reversed(Severity)}),
            "rule": numbers,
            "claimed": line,
            "hidden": numbers,
            "gaps": line,
            "exit_status": {"enum": [int(status) for status in Status]},
            "reason": text,
        }
    )
    top = {
        "schema": {"const": 1},
        "tool": _record({"name": {"const": "leaktight"}, "version": text}),
        "project": _record({"root": text, "settings": _list(text), "counts": numbers, "left_out": numbers}),
        "findings": _list(finding),
        "gaps": _list(_record({"path": text, "line": line, "reason": text})),
        "claims": _list(claim),
        "summary": summary,
    }
    return {"$schema": "http://json-schema.org/draft-07/schema#", "title": "A scan of leaktight", **_record(top)}


def _proved() -> dict[str, Any]:
    """A leak of a proof, as a merged report tells it."""
    text, line = {"type": "string"}, {"type": ["integer", "null"]}
    either = {"type": ["string", "null"]}
    request = _record({"method": text, "path": text, "planted": either, "role": either})
    names = ("path", "line", "symbol", "remedy", "reproduction", "proves")
    return _record(
        {
            "outcome": {"const": str(Tightness.LEAKING)},
            "message": text,
            **dict.fromkeys(("rule", "channel", "label", "form"), either),
            "missing": _list(text),
            **{name: {"anyOf": [{"type": "null"}, request]} for name in ("request", "after")},
            "evidence": either,
            **{name: line if name == "line" else either for name in names},
        }
    )


def _record(fields: dict[str, Any], **optional: Any) -> dict[str, Any]:
    return {"type": "object", "required": list(fields), "properties": {**fields, **optional}, "additionalProperties": False}


def _list(item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": item}


def _one_of(choices: type[StrEnum]) -> dict[str, Any]:
    return {"enum": [*map(str, choices)]}
