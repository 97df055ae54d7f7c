"""What a module is called changes nothing, as long as Django does not ask for the name: the examples of all rules, renamed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from literate import write_project

import leaktight
from leaktight.rules.api import Example
from leaktight.rules.registry import load_rules

_RENAMED = {
    "views": "pages", "forms": "entries", "serializers": "shapes", "tasks": "jobs", "urls": "ways", "api": "doors", "tokens": "slips",
    "services": "deeds", "utils": "bits", "results": "ends", "signals": "bells", "middleware": "between", "backends": "behind",
}  # fmt: skip
"""Modules Django finds by what imports or names them. It finds models, apps, the admin and commands by their own names."""
EXAMPLES = [
    pytest.param(example, id=f"{rule.name}-{number}")
    for rule in load_rules()
    for number, example in enumerate(rule.examples)
    if any(Path(path).stem in _RENAMED and path.endswith(".py") for path in example.bad)
]


def _renamed(files: dict[str, str]) -> dict[str, str]:
    """The same project, with other names for its modules, wherever they are imported or named."""
    own = {Path(path).stem for path in files if path.endswith(".py")} & _RENAMED.keys()

    def path_of(path: str) -> str:
        stem = Path(path).stem
        return path.removesuffix(f"{stem}.py") + f"{_RENAMED[stem]}.py" if stem in own and path.endswith(".py") else path

    def text_of(text: str) -> str:
        for stem in sorted(own):
            name = _RENAMED[stem]
            text = re.sub(rf"\bshop\.{stem}\b", f"shop.{name}", text)
            text = re.sub(rf"(?<=from \.){stem}\b", name, text)
            text, is_imported = re.subn(rf"((?:from shop|from \.) import (?:[\w, ]+, )?){stem}\b", rf"\g<1>{name}", text)
            if is_imported:
                text = re.sub(rf"(?<![.\w\"']){stem}(?=\.\w)", name, text)
        return text

    return {path_of(path): text_of(text) if path.endswith(".py") else text for path, text in files.items()}


def _findings(files: dict[str, str], folder: Path) -> set[tuple[str, int, str]]:
    plain = {path: re.sub(r"\s*(?:#|\{#) finds:.*", "", text) for path, text in files.items()}
    result = leaktight.scan(write_project(plain, folder), audience="audit")
    return {(found.rule, found.span.line, found.audience) for found in result.findings}


@pytest.mark.parametrize("example", EXAMPLES)
def test_renaming_modules_changes_nothing(example: Example, tmp_path: Path) -> None:
    before = _findings(example.bad, tmp_path / "before")
    assert before
    assert _findings(_renamed(example.bad), tmp_path / "after") == before


def test_most_examples_are_renamed() -> None:
    assert len(EXAMPLES) > 25
