"""Print a random sample of the default findings on the corpus, spread over rules and projects, to be judged by reading.

What is printed shows the source around each step of a flow, literals included, so it stays on this machine;
the judgement goes to precision.md as project, place, verdict and reason.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fetch import Project, corpus_folder, projects


@dataclass(frozen=True, slots=True)
class Candidate:
    """One finding in one project."""

    project: Project
    finding: dict[str, Any]

    @property
    def rule(self) -> str:
        return str(self.finding["rule"])


def findings_of(project: Project, results: Path, *, audience: str) -> list[Candidate]:
    """Return the findings of a project, from the kept result when there is one."""
    kept = results / f"{project.folder}.{audience}.json"
    if not kept.is_file():
        tree = corpus_folder() / project.folder
        command = [sys.executable, "-m", "leaktight", "scan", str(tree), "--format", "json", "--audience", audience, "-j", "2"]
        done = subprocess.run(command, capture_output=True, check=False)
        if done.returncode not in {0, 1, 3}:
            raise SystemExit(f"{project.folder}: status {done.returncode}\n{done.stderr.decode()[-2000:]}")
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(done.stdout)
    return [Candidate(project, finding) for finding in json.loads(kept.read_bytes())["findings"] if not finding["claimed"]]


def spread(candidates: list[Candidate], size: int, seed: int) -> list[Candidate]:
    """Draw by chance, but always from the rule drawn least so far, and within it the project drawn least."""
    order = random.Random(seed)
    rest = sorted(candidates, key=lambda one: (one.project.name, one.rule, one.finding["path"], one.finding["line"]))
    order.shuffle(rest)
    chosen: list[Candidate] = []
    rules: Counter[str] = Counter()
    names: Counter[str] = Counter()
    while rest and len(chosen) < size:
        best = min(rest, key=lambda one: (rules[one.rule], names[one.project.name]))
        rest.remove(best)
        chosen.append(best)
        rules[best.rule] += 1
        names[best.project.name] += 1
    return chosen


def show(number: int, one: Candidate, *, context: int) -> str:
    """Render one finding with the source around its place and around each step of its flow."""
    finding = one.finding
    head = f"## {number}. {one.project.folder}: {finding['rule']} ({finding['severity']}, {finding['confidence']})"
    lines = [head, "", f"{finding['path']}:{finding['line']} {finding['message']}", ""]
    tree = corpus_folder() / one.project.folder
    for step in [*finding["flow"], {"path": finding["path"], "line": finding["line"], "note": "the place"}]:
        lines += [f"- {step['path']}:{step['line']} {step['note']}", *_around(tree / step["path"], step["line"], context)]
    return "\n".join(lines) + "\n"


def _around(file: Path, line: int, context: int) -> list[str]:
    text = file.read_text(errors="replace").splitlines() if file.is_file() else []
    first = max(line - context, 1)
    return [
        f"    {number:5}{'>' if number == line else ' '} {text[number - 1]}"
        for number in range(first, min(line + context, len(text)) + 1)
    ]


def main() -> int:
    """Scan what is not yet scanned, draw and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", help="only these projects")
    parser.add_argument("--rule", action="append", help="only findings of this rule")
    parser.add_argument("--size", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--context", type=int, default=4, help="lines shown around a place")
    parser.add_argument("--audience", default="default")
    parser.add_argument("--results", type=Path, default=corpus_folder() / ".results", help="where scan results are kept")
    parser.add_argument("--fresh", action="store_true", help="scan again")
    options = parser.parse_args()
    candidates: list[Candidate] = []
    for project in projects(options.names):
        if options.fresh:
            (options.results / f"{project.folder}.{options.audience}.json").unlink(missing_ok=True)
        candidates += findings_of(project, options.results, audience=options.audience)
    if options.rule:
        candidates = [one for one in candidates if one.rule in options.rule]
    print(f"{len(candidates)} findings: {dict(sorted(Counter(one.rule for one in candidates).items()))}\n")
    for number, one in enumerate(spread(candidates, options.size, options.seed), 1):
        print(show(number, one, context=options.context))
    return 0


if __name__ == "__main__":
    sys.exit(main())
