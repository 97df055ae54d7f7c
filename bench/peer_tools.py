"""Run one tool over one tree and give its findings in one shape: rule, path, first and last line.

Every peer sees a copy of the tree without tests and migrations, made of hard links; leaktight sees the project itself and is asked
twice: what everybody is shown, and everything (`audit`). What is left of its findings below tests is taken out by the same patterns.
"""

from __future__ import annotations

import fnmatch
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from speed import PEERS, TESTS

PYSA = Path(os.environ.get("LEAKTIGHT_PYSA", str(PEERS.parent.parent / ".venv-pysa")))
"""An environment with pyre-check, pyrefly and Django, of its own: pyre-check pins libraries that Semgrep needs newer."""
STATUSES = {0, 1, 3}
MORE_TESTS = frozenset({"unittests", "unit_tests", "integration_tests", "functional_tests", "e2e"})
"""Folders of tests the patterns of speed.py do not know."""


class Seen(NamedTuple):
    """One finding of one tool."""

    rule: str
    path: str
    line: int
    end: int
    audience: str = ""
    fingerprint: str = ""


class Run(NamedTuple):
    """What one tool said of one project, and how long it took."""

    seconds: float
    findings: tuple[Seen, ...]
    error: str = ""


def run(tool: str, tree: Path, rules: tuple[str, ...]) -> Run:
    """Run the tool; `rules` are those that are in scope, for the tools that can be told."""
    with tempfile.TemporaryDirectory(dir=tree.parent) as scratch:
        copy = Path(scratch) / "tree" / tree.name
        shutil.copytree(tree, copy, ignore=_tests, copy_function=_link, symlinks=True, ignore_dangling_symlinks=True)
        start = time.perf_counter()
        found, error = TOOLS[tool](tree if tool == "leaktight" else copy, rules)
        seconds = time.perf_counter() - start
        kept = {one for one in found if (copy / one.path).exists()}
    return Run(round(seconds, 1), tuple(sorted(kept)), error)


def all_rules(tool: str) -> set[str]:
    """Name every rule the tool has, so that none is forgotten in the table of scopes."""
    if tool == "ruff":
        told = json.loads(_call([_ruff(), "rule", "--all", "--output-format", "json"]))
        return {rule["code"] for rule in told if re.fullmatch(r"(?:S|DJ)\d+", rule["code"] or "")}
    if tool == "bandit":
        return set(json.loads(_call([str(PEERS / "python"), "-c", _BANDIT_IDS])))
    if tool == "semgrep":
        root = Path(os.environ["LEAKTIGHT_SEMGREP_RULES"])
        folders = ("python", "generic/nginx", "generic/html-templates", "html/security")
        files = [file for folder in folders for file in (root / folder).rglob("*.yaml") if ".test." not in file.name]
        return {file.relative_to(root).with_suffix("").as_posix() for file in files}
    if tool == "pysa":
        configs = (PYSA / "lib" / "pyre_check" / "taint").rglob("taint.config")
        return {code for file in configs for code in re.findall(r'"code":\s*(\d+)', file.read_text())}
    return set()


def matches(name: str, patterns: tuple[str, ...]) -> bool:
    """Whether one of the patterns names this rule."""
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def _leaktight(tree: Path, _: tuple[str, ...]) -> tuple[list[Seen], str]:
    """What everybody is shown comes from a scan for everybody; a scan for auditors reads more files, tests too, and may know more."""
    shown = _scan(tree, "default")
    everybody = {one.fingerprint for one in shown}
    more = [one for one in _scan(tree, "audit") if one.fingerprint not in everybody]
    return shown + [one._replace(audience="audit" if one.audience == "default" else one.audience) for one in more], ""


def _scan(tree: Path, audience: str) -> list[Seen]:
    command = [
        sys.executable,
        "-m",
        "leaktight",
        "scan",
        str(tree),
        "-j",
        "2",
        "--no-cache",
        "--audience",
        audience,
        "--format",
        "json",
    ]
    told = json.loads(_call(command))["findings"]
    return [Seen(one["rule"], one["path"], one["line"], one["end_line"], one["audience"], one["fingerprint"]) for one in told]


def _ruff_run(tree: Path, _: tuple[str, ...]) -> tuple[list[Seen], str]:
    options = [
        "--isolated",
        "--no-cache",
        "--preview",
        "--select",
        "S,DJ",
        "--output-format",
        "json",
        "--target-version",
        "py314",
    ]
    told = json.loads(_call([_ruff(), "check", *options, str(tree)]))
    return [
        Seen(one["code"], _relative(one["filename"], tree), one["location"]["row"], one["end_location"]["row"])
        for one in told
        if one["code"] and re.fullmatch(r"(?:S|DJ)\d+", one["code"])
    ], ""


def _bandit(tree: Path, _: tuple[str, ...]) -> tuple[list[Seen], str]:
    told = json.loads(_call([str(PEERS / "bandit"), "--recursive", "--quiet", "--format", "json", "--exit-zero", str(tree)]))
    error = f"{len(told['errors'])} files of newer Python not read" if told["errors"] else ""
    return [
        Seen(one["test_id"], _relative(one["filename"], tree), one["line_number"], one["line_range"][-1])
        for one in told["results"]
    ], error


def _semgrep(tree: Path, rules: tuple[str, ...]) -> tuple[list[Seen], str]:
    root = Path(os.environ["LEAKTIGHT_SEMGREP_RULES"])
    configs = [argument for name in rules for argument in ("--config", str(root / f"{name}.yaml"))]
    options = ["--metrics=off", "--disable-version-check", "--jobs=2", "--quiet", "--json", "--no-git-ignore"]
    environment = os.environ | {"PATH": f"{PEERS}:{os.environ['PATH']}"}
    told = json.loads(_call([str(PEERS / "semgrep"), "scan", *options, *configs, str(tree)], environment))
    files = {rule.rpartition("/")[2]: rule for rule in rules} | {
        name: rule
        for rule in rules
        for name in re.findall(r"^\s*-?\s*id:\s*(\S+)", (root / f"{rule}.yaml").read_text(), re.MULTILINE)
    }
    return [
        Seen(files[one["check_id"].rpartition(".")[2]], _relative(one["path"], tree), one["start"]["line"], one["end"]["line"])
        for one in told["results"]
    ], ""


def _pysa(tree: Path, _: tuple[str, ...]) -> tuple[list[Seen], str]:
    site = next((PYSA / "lib").glob("python3*/site-packages"))
    home = tree.parent.parent
    settings = {
        "source_directories": ["tree/" + tree.name],
        "search_path": [str(site)],
        "taint_models_path": str(PYSA / "lib/pyre_check/taint"),
    }
    (home / ".pyre_configuration").write_text(json.dumps(settings))
    (home / "pyrefly.toml").write_text(
        f'project-includes = ["tree/**/*.py"]\nsearch-path = ["tree/{tree.name}"]\nsite-package-path = ["{site}"]\npython-version = "3.13"\n'
    )
    environment = os.environ | {"PATH": f"{PYSA / 'bin'}:{os.environ['PATH']}", "HOME": str(home)}
    command = [str(PYSA / "bin" / "pyre"), "--noninteractive", "analyze", "--no-verify", "--save-results-to", "out"]
    done = subprocess.run(
        command, cwd=home, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if not (home / "out" / "errors.json").exists():
        return [], (done.stderr.strip().splitlines() or ["no result"])[-1][:200]
    told = json.loads((home / "out" / "errors.json").read_text())
    return [
        Seen(str(one["code"]), _within(one["path"], tree), one["line"], one.get("stop_line", one["line"]))
        for one in told
        if one["path"] != "*"
    ], ""


def _within(path: str, tree: Path) -> str:
    """The path inside the tree; Pysa tells it from the configuration's folder or from the source folder."""
    return path.removeprefix(f"tree/{tree.name}/").removeprefix(str(tree) + "/")


def _tests(folder: str, names: list[str]) -> set[str]:
    return TESTS(folder, names) | MORE_TESTS.intersection(names)


def _relative(path: str, tree: Path) -> str:
    return Path(path).relative_to(tree).as_posix()


def _ruff() -> str:
    return str(PEERS / "ruff")


def _link(source: str, target: str) -> str:
    os.link(source, target, follow_symlinks=False)
    return target


def _call(command: list[str], environment: dict[str, str] | None = None) -> str:
    done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode not in STATUSES:
        raise SystemExit(f"{' '.join(command)[:300]} ended with status {done.returncode}:\n{done.stderr[-2000:]}")
    return done.stdout


def load(file: Path) -> Run:
    """Read a kept run; a tool that was not run says so."""
    if not file.exists():
        return Run(0.0, (), "not run")
    told: dict[str, Any] = json.loads(file.read_text())
    found = (Seen(*one) for one in told["findings"])
    return Run(told["seconds"], tuple(one for one in found if MORE_TESTS.isdisjoint(one.path.split("/"))), told["error"])


def keep(file: Path, done: Run) -> None:
    """Keep a run."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(done._asdict(), indent=0))


def overlapping(one: Seen, others: Iterable[Seen]) -> Iterator[Seen]:
    """Those of the same file whose lines overlap with these or are next to them."""
    for other in others:
        if other.path == one.path and other.line <= one.end + 1 and one.line <= other.end + 1:
            yield other


_BANDIT_IDS = """
import importlib.metadata as metadata, json
ids = {test._test_id for entry in metadata.entry_points(group="bandit.plugins") if hasattr(test := entry.load(), "_test_id")}
for entry in metadata.entry_points(group="bandit.blacklists"):
    ids |= {one["id"] for kind in entry.load()().values() for one in kind}
print(json.dumps(sorted(ids)))
"""

TOOLS: dict[str, Callable[[Path, tuple[str, ...]], tuple[list[Seen], str]]] = {
    "leaktight": _leaktight,
    "semgrep": _semgrep,
    "bandit": _bandit,
    "ruff": _ruff_run,
    "pysa": _pysa,
}
