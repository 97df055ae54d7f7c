"""The documentation is true: its blocks are run, its reference is that of the code, its links lead somewhere."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import jsonschema
import pytest
import yaml
from report.samples import CLEAN, ODD, RESULT

from leaktight.cli.acts import Format
from leaktight.cli.app import app
from leaktight.cli.help import commands
from leaktight.config import Config, Deployment, UserLabel
from leaktight.model import Result, Severity
from leaktight.policy import LABELS, Channel, Safeguard
from leaktight.report import Status, decide, render_json
from leaktight.rules.registry import load_rules

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(path for path in DOCS.rglob("*.md") if "_build" not in path.parts)
WRITTEN = [path for path in PAGES if path.parent.name not in {"rules", "reference"} and path.name != "rules.md"]
SCHEMA = json.loads((DOCS / "reference/result.schema.json").read_text())
BLOCK = re.compile(r"^```(?P<info>[^\n`]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
KNOWN = {"python", "console", "toml", "yaml", "html", "lua", "text", "json", "sh"}

each_page = pytest.mark.parametrize("page", WRITTEN, ids=lambda page: page.stem)


def blocks(page: Path) -> Iterator[tuple[str, str, str]]:
    """Language, path and text of the code on a page."""
    for match in BLOCK.finditer(page.read_text("utf-8")):
        if not match["info"].startswith("{"):
            language, _, path = match["info"].strip().partition(" ")
            yield language, path, match["text"]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder with `leaktight` on the path beside it."""
    (tmp_path / "bin").mkdir()
    script = tmp_path / "bin/leaktight"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m leaktight "$@"\n')
    script.chmod(0o755)
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


def told(command: str, home: Path) -> str:
    environment = os.environ | {
        "PATH": f"{home.parent / 'bin'}:{os.environ['PATH']}",
        "DJANGO_SECRET_KEY": "d" * 60,
        "LEAKTIGHT_KEYS": "k" * 60,
    }
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    done = subprocess.run(
        ["bash", "-c", command], cwd=home, env=environment, capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode not in {2, 4, 127}, done.stderr
    return done.stdout + done.stderr


@each_page
def test_the_blocks_of_a_page_are_run(page: Path, home: Path):
    """A block with a path is written there; a command is run in its turn, and what the page shows of its output must be in it.

    A command that asks a site of the reader's is not run; the options it gives must exist.
    """
    for language, path, text in blocks(page):
        assert language in KNOWN, language
        if path:
            (home / path).parent.mkdir(parents=True, exist_ok=True)
            (home / path).write_text(text)
        if language == "python":
            ast.parse(text)
        elif language == "toml":
            tomllib.loads(text)
        elif language == "yaml":
            assert yaml.safe_load(text)
        elif language == "console":
            for command in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
                line, *shown = command.rstrip().splitlines()
                if "https://" in line:
                    [name] = re.findall(r"leaktight ([a-z]+)", line)
                    known = told(f"leaktight {name} --help", home)
                    assert all(f"{option} " in known for option in re.findall(r"--[a-z-]+", line)), line
                    continue
                output = told(line, home)
                for part in shown:
                    assert part.strip() in output, (line, output)


def test_every_page_is_in_the_site_and_every_link_leads_somewhere():
    index = (DOCS / "index.md").read_text()
    listed = {f"{name}.md" for name in re.findall(r"^[a-z/-]+$", index, re.MULTILINE)} | {"index.md"}
    assert {str(page.relative_to(DOCS)) for page in PAGES if page.parent.name != "rules"} <= listed
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", BLOCK.sub("", page.read_text("utf-8"))):
            assert (page.parent / target).is_file(), (page.name, target)


# -- reference ---------------------------------------------------------------------------------


def headings(name: str) -> set[str]:
    return set(re.findall(r"^#{2,3} (.+)$", (DOCS / f"reference/{name}.md").read_text(), re.MULTILINE))


def test_every_command_option_and_format_is_on_its_page():
    page = (DOCS / "reference/commands.md").read_text()
    assert {f"leaktight {name}" for name in commands(app)} <= headings("commands")
    for name in commands(app):
        for argument in app[name].assemble_argument_collection():
            for option in argument.names:
                assert not option.startswith("-") or option in page, option
    assert all(f"`{item}`" in page for item in Format)


def test_every_setting_label_word_status_and_rule_has_a_heading():
    import msgspec

    for struct, prefix in ((Config, ""), (Deployment, "deployment."), (UserLabel, "labels.NAME.")):
        fields = {f"{prefix}{field.encode_name}" for field in msgspec.structs.fields(struct)} - {"deployment"}
        assert fields <= headings("configuration")
    assert set(LABELS) <= headings("labels")
    assert {*map(str, Channel), *map(str, Safeguard), *(str(int(status)) for status in Status)} <= headings("words")
    assert {rule.name for rule in load_rules()} == {page.stem for page in (DOCS / "rules").glob("*.md")}


@pytest.mark.parametrize("result", [RESULT, CLEAN, ODD], ids=["result", "clean", "odd"])
def test_json_keeps_to_the_published_schema(result: Result):
    document = json.loads(render_json(result, decide(result, fail_on=Severity.MEDIUM), version="1.2.3"))
    jsonschema.Draft7Validator(SCHEMA).validate(document)


def test_the_schema_is_strict_and_fits_a_whole_scan(run_leaktight: Callable[..., subprocess.CompletedProcess[bytes]]):
    document = json.loads(run_leaktight("scan", ROOT / "examples/clinic/leaky", "--format", "json", "--audience", "audit").stdout)
    validator = jsonschema.Draft7Validator(SCHEMA)
    validator.validate(document)
    document["findings"][0]["surprise"] = 1
    assert not validator.is_valid(document)
