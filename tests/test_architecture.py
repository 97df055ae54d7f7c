"""The house as ARCHITECTURE.md describes it: floors, what a face may load, and the form of every source file."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "leaktight"
FILES = sorted(SOURCE.rglob("*.py"))
HEAVY = {"django", "jinja2", "rich", "tree_sitter", "tree_sitter_html", "tokenize_rt", "concurrent", "multiprocessing"}
SCANNER = {"config", "source", "project", "flow", "edit", "rules", "engine"}
FOREIGN = {
    "rules/responses/open_cross_origin_access.py": ("CORS_ORIGIN_REGEX_WHITELIST", "CORS_ORIGIN_WHITELIST"),
    "report/gitlab.py": ['"vulnerabilities"'],
}
"""Keys of formats that others have defined."""

each_file = pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(SOURCE)))


def _loaded_by(code: str) -> set[str]:
    """Return the names of the modules a fresh interpreter has loaded after running this code."""
    report = "\nimport sys as _s, json as _j\nprint(_j.dumps(sorted(_s.modules)), file=_s.__stderr__)\n"
    done = subprocess.run([sys.executable, "-c", code + report], capture_output=True, text=True, check=True, cwd=ROOT)
    return set(json.loads(done.stderr.splitlines()[-1]))


def test_the_import_contracts_hold() -> None:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()", "--no-cache"]
    environment = os.environ | {"PYTHONPATH": str(SOURCE.parent)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("floor", ["policy", "model"])
def test_the_ground_floor_needs_the_standard_library_only(floor: str) -> None:
    imported = {
        name.split(".")[0]
        for file in (SOURCE / floor).rglob("*.py")
        for node in ast.walk(ast.parse(file.read_bytes()))
        for name in ([alias.name for alias in node.names] if isinstance(node, ast.Import) else _from(node))
    }
    assert imported - sys.stdlib_module_names <= {"leaktight"}


def _from(node: ast.AST) -> list[str]:
    return [node.module or ""] if isinstance(node, ast.ImportFrom) else []


def test_the_command_line_starts_without_what_a_scan_needs() -> None:
    assert not {name.split(".")[0] for name in _loaded_by("import leaktight.cli")} & HEAVY


def test_help_is_printed_without_what_a_scan_needs() -> None:
    code = "import sys\nfrom leaktight.cli import main\ntry:\n    main(['scan', '--help'])\nexcept SystemExit:\n    pass"
    loaded = _loaded_by(code)
    assert not {name.split(".")[0] for name in loaded} & HEAVY
    assert not {name for name in loaded if name.startswith("leaktight.")} & {
        f"leaktight.{floor}" for floor in SCANNER - {"config"}
    }


def test_the_package_itself_loads_next_to_nothing() -> None:
    loaded = _loaded_by("import leaktight")
    assert {name for name in loaded if name.startswith("leaktight")} <= {
        "leaktight",
        *(n for n in loaded if "leaktight.model" in n),
    }


@each_file
def test_a_file_begins_with_one_sentence_that_says_what_it_is(file: Path) -> None:
    docstring = ast.get_docstring(ast.parse(file.read_bytes()))
    assert docstring, "no docstring"
    if file.parent.parent.name == "rules" and "\nrule = Rule(" in file.read_text():
        assert docstring.startswith("## What it finds")
    else:
        assert re.search(r"[.:?]$", docstring.split("\n\n")[0].strip()), "the first paragraph is no sentence"


@each_file
def test_a_file_is_small(file: Path) -> None:
    assert len(file.read_text().splitlines()) < 400


@each_file
def test_nothing_below_the_command_line_prints_or_exits(file: Path) -> None:
    if file.relative_to(SOURCE).parts[0] == "cli" or file.name == "__main__.py":
        return
    calls = [node.func for node in ast.walk(ast.parse(file.read_bytes())) if isinstance(node, ast.Call)]
    names = {ast.unparse(function) for function in calls if isinstance(function, ast.Name | ast.Attribute)}
    assert not names & {"print", "input", "sys.exit", "exit", "os._exit", "sys.stdout.write", "sys.stderr.write", "eval", "exec"}


@each_file
def test_one_word_for_an_idea(file: Path) -> None:
    text = file.read_text()
    for key in FOREIGN.get(file.relative_to(SOURCE).as_posix(), ()):
        text = text.replace(key, "")
    words = set(re.findall(r"[a-z]+", text.lower()))
    assert not words & {"taint", "tainted", "whitelist", "blacklist", "vulnerability", "vulnerabilities"}


def test_the_version_is_in_one_place() -> None:
    assert 'dynamic = ["version"]' in (ROOT / "pyproject.toml").read_text()


@pytest.mark.parametrize("name", ["constraints.txt", "constraints-django61.txt", "pyproject.toml", "Makefile"])
def test_no_registry_address_and_no_path_of_a_machine_is_committed(name: str) -> None:
    assert not re.search(r"index-url|find-links|https?://\S*simple|/(root|home|work|tmp)/", (ROOT / name).read_text())


def test_changelog_fragments_are_of_a_known_kind() -> None:
    page = (ROOT / "changelog.d" / "README.md").read_text()
    kinds = set(re.findall(r"^\| `([a-z-]+)` \|", page, re.MULTILINE))
    for fragment in (ROOT / "changelog.d").iterdir():
        if fragment.name != "README.md":
            _, kind, suffix = fragment.name.split(".")
            assert kind in kinds, fragment.name
            assert suffix == "md"


def test_the_floors_of_the_architecture_page_are_the_contracts() -> None:
    """ARCHITECTURE.md names the floors in a block; it tells the truth when the layers contract has the same."""
    page = (ROOT / "ARCHITECTURE.md").read_text()
    packages = {path.name for path in SOURCE.iterdir() if (path / "__init__.py").is_file()}
    assert packages <= set(re.findall(r"`([a-z]+)`", page))
