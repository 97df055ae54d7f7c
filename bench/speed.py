"""Measure a cold scan, and a warm one of the unchanged tree, against the parse floor, Bandit and Semgrep on the same trees in one run, and write speed.md.

The parse floor is the least any such tool can do: read every Python file and `ast.parse` it, one process, collector
off, interpreter start not counted. Everything else is the wall time of a whole process, start included,
of an installed program: its bytecode is there.
"""

from __future__ import annotations

import argparse
import compileall
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fetch import Project, corpus_folder, projects
from memory import peak_megabytes

HERE = Path(__file__).parent
PEERS = HERE.parent / ".venv-peers" / "bin"
FLOOR = """
import ast, gc, sys, time
gc.disable()
from pathlib import Path
files = sorted(Path(sys.argv[1]).rglob("*.py"))
start, lines = time.perf_counter(), 0
for file in files:
    if file.is_file():
        source = file.read_bytes()
        lines += source.count(b"\\n")
        try:
            ast.parse(source)
        except (SyntaxError, ValueError, RecursionError):
            pass
print(time.perf_counter() - start, lines, len(files))
"""
TESTS = shutil.ignore_patterns(
    "tests", "test", "testing", "migrations", "test_*.py", "tests.py", "conftest.py", "*_test.py", "node_modules"
)


@dataclass(slots=True)
class Row:
    """What was measured on one tree, in seconds and megabytes."""

    project: Project
    lines: int
    files: int
    floor: float
    scan: float
    warm: float
    memory: float
    peers: dict[str, float] = field(default_factory=dict)

    @property
    def times_floor(self) -> float:
        return self.scan / self.floor


def measure(project: Project, tree: Path, repeats: int, peers: dict[str, Sequence[str]]) -> Row:
    """Measure everything on one tree: medians of the floor and the scan, one run of each peer."""
    floors = [_floor(tree) for _ in range(repeats)]
    scans = [_scan_seconds(tree) for _ in range(repeats)]
    colds, warms = [cold for cold, _ in scans], [warm for _, warm in scans]
    _, lines, files = floors[0]
    with tempfile.TemporaryDirectory() as cache:
        memory = peak_megabytes(scan_command(tree), environment=_cold(cache))
    row = Row(
        project,
        lines,
        files,
        statistics.median(seconds for seconds, *_ in floors),
        statistics.median(colds),
        statistics.median(warms),
        memory,
    )
    for name, command in peers.items():
        row.peers[name] = _seconds([*command, str(tree)], os.environ | {"SEMGREP_SEND_METRICS": "off"})
    return row


def scan_command(tree: Path) -> list[str]:
    """Return the command that is measured: a user's own, with two workers."""
    return [sys.executable, "-m", "leaktight", "scan", str(tree), "-j", "2", "--format", "json"]


def _floor(tree: Path) -> tuple[float, int, int]:
    command = [sys.executable, "-W", "ignore", "-c", FLOOR, str(tree)]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    seconds, lines, files = output.split()
    return float(seconds), int(lines), int(files)


def _scan_seconds(tree: Path) -> tuple[float, float]:
    """A scan with an empty cache, and the same again."""
    with tempfile.TemporaryDirectory() as cache:
        return _seconds(scan_command(tree), _cold(cache)), _seconds(scan_command(tree), _cold(cache))


def _cold(cache: str) -> dict[str, str]:
    return os.environ | {"XDG_CACHE_HOME": cache}


def _seconds(command: Sequence[str], environment: dict[str, str]) -> float:
    start = time.perf_counter()
    done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - start
    if done.returncode not in {0, 1, 3}:
        raise SystemExit(f"{' '.join(command)} ended with status {done.returncode}:\n{done.stderr[-2000:]}")
    return seconds


def peer_commands() -> dict[str, Sequence[str]]:
    """Return how each installed peer is run, the folder left out."""
    commands: dict[str, Sequence[str]] = {}
    if (PEERS / "bandit").exists():
        commands["Bandit"] = [str(PEERS / "bandit"), "--recursive", "--quiet", "--format", "json", "--exit-zero"]
    rules = os.environ.get("LEAKTIGHT_SEMGREP_RULES")
    if (PEERS / "semgrep").exists() and rules:
        names = [line for line in (HERE / "semgrep-rules.txt").read_text().splitlines() if line and not line.startswith("#")]
        configs = [argument for name in names for argument in ("--config", str(Path(rules) / name))]
        options = ["--metrics=off", "--disable-version-check", "--jobs=2", "--quiet", "--json", "--no-git-ignore"]
        # It calls its own engine by name, so its folder must be on PATH.
        commands["Semgrep"] = ["env", f"PATH={PEERS}:{os.environ['PATH']}", str(PEERS / "semgrep"), "scan", *options, *configs]
    return commands


def compile_measured() -> None:
    """Write the bytecode of what is measured, as installing it does; else, with PYTHONDONTWRITEBYTECODE, every run compiles all of it."""
    for folder in (HERE.parent / "src", PEERS.parent / "lib"):
        compileall.compile_dir(folder, quiet=2)


def render(rows: list[Row], repeats: int, *, without_tests: bool) -> str:
    """Render the measured rows as the page that is kept."""
    names = sorted({name for row in rows for name in row.peers})
    what = (
        "without tests and migrations"
        if without_tests
        else "all files, tests included (leaktight and Semgrep leave tests out by themselves)"
    )
    head = [
        "| project | lines of Python | parse floor | leaktight | × floor | warm | memory | per million lines |",
        *(f" {name} | × leaktight |" for name in names),
    ]
    lines = [
        "# Speed",
        "",
        f"One run of `bench/speed.py`: Python {platform.python_version()}, {os.cpu_count()} cores, `-j 2`, bytecode written, an empty cache; *warm* is the same scan again. Trees: {what}.",
        f"Floor and leaktight: median of {repeats}; peers: one run each. Seconds of wall time.",
        "Memory is the peak of all processes together, shared pages counted once.",
        "",
        "".join(head),
        "|---" * (8 + 2 * len(names)) + "|",
    ]
    for row in rows:
        cells = [
            f"{row.project.name} {row.project.version}",
            f"{row.lines:,}",
            f"{row.floor:.2f}",
            f"{row.scan:.2f}",
            f"{row.times_floor:.2f}",
            f"{row.warm:.2f}",
            f"{row.memory:.0f} MB",
            f"{row.memory * 1e6 / row.lines:.0f} MB",
        ]
        for name in names:
            cells += [f"{row.peers[name]:.1f}", f"{row.peers[name] / row.scan:.1f}"]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main() -> int:
    """Measure the projects marked `speed`, or the named ones, and write the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", help="only these projects")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--without-tests", action="store_true", help="measure on copies without tests and migrations")
    parser.add_argument("--output", type=Path, default=HERE / "speed.md")
    options = parser.parse_args()
    compile_measured()
    peers = {} if options.no_peers else peer_commands()
    rows = []
    for project in projects(options.names):
        if not (project.speed or options.names):
            continue
        tree = corpus_folder() / project.folder
        with tempfile.TemporaryDirectory(dir=corpus_folder()) as scratch:
            if options.without_tests:
                tree = shutil.copytree(tree, Path(scratch) / project.name, ignore=TESTS, copy_function=os.link)
            row = measure(project, tree, options.repeats, peers)
        rows.append(row)
        print(
            f"{project.folder}: floor {row.floor:.2f} s, scan {row.scan:.2f} s ({row.times_floor:.2f}), {row.memory:.0f} MB, {row.peers}"
        )
    options.output.write_text(render(rows, options.repeats, without_tests=options.without_tests))
    return 0


if __name__ == "__main__":
    sys.exit(main())
