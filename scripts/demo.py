"""The demonstration: scan the article's code, a clinic with planted leaks and a large real application, and serve the article's flow behind the guard."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
OUTPUT = ROOT / ".demo"
REAL = "nautobot"
EXAMPLES = {
    "examples/article/original": "the article's view that sends a secret in clear",
    "examples/article/compliant_as_printed": "the article's compliant version, which does not work as written",
    "examples/article/correct": "what the article means, done right",
    "examples/article/guarded": "the same on leaktight.guard",
    "examples/clinic/leaky": "a clinic with leaks planted on every way out",
    "examples/clinic/tight": "the same clinic without leaks",
}
MEANING = {
    0: "nothing to report",
    1: "findings",
    3: "not everything could be analysed",
}


def scan(path: Path, name: str) -> tuple[dict[str, Any], int, float]:
    """Scan one path as a user would and return its result, exit status and seconds."""
    result = OUTPUT / f"{name}.json"
    command = [sys.executable, "-m", "leaktight", "scan", str(path), "-j", "2", "--format", "json", "-o", f"json={result}"]
    start = time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode not in MEANING:
        raise SystemExit(f"leaktight ended with status {done.returncode}:\n{done.stderr}")
    return json.loads(result.read_text()), done.returncode, time.perf_counter() - start


def real_project() -> Path:
    """Download the pinned source archive of the real application, once, and return its folder."""
    command = [sys.executable, str(ROOT / "bench" / "fetch.py"), REAL, "--into", str(OUTPUT)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{REAL} could not be downloaded; the demonstration needs it once.")
    return Path(done.stdout.splitlines()[-1])


def line(result: dict[str, Any], status: int, seconds: float) -> str:
    """Say in one line how a scan ended."""
    found = Counter(finding["severity"] for finding in result["findings"])
    kinds = ", ".join(f"{found[severity]} {severity}" for severity in ("high", "medium", "low") if found[severity])
    gaps = f", {len(result['gaps'])} gaps" if result["gaps"] else ""
    return f"   {len(result['findings'])} findings{f' ({kinds})' if kinds else ''}{gaps} in {seconds:.1f} s; exit status {status}: {MEANING[status]}"


def by_rule(result: dict[str, Any]) -> str:
    """List the rules that reported, most frequent first, each with one place."""
    counts = Counter(finding["rule"] for finding in result["findings"])
    rows = []
    for rule, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        first = next(finding for finding in result["findings"] if finding["rule"] == rule)
        rows.append(f"   {count:4} {rule:28} e.g. {first['path']}:{first['line']}")
    return "\n".join(rows)


def prove_article() -> None:
    """Run the article's versions with canaries: the first leaks, the repaired ones are tight."""
    print("\nProved: the same three are run with canaries in every input and observers at every way out.\n", flush=True)
    for version, expected in {"original": 1, "correct": 0, "guarded": 0}.items():
        command = [sys.executable, "-m", "leaktight", "prove", str(ROOT / "examples" / "article" / version), "-q"]
        print(f"   $ leaktight prove examples/article/{version}")
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != expected:
            raise SystemExit(f"leaktight prove ended with status {done.returncode}:\n{done.stdout}{done.stderr}")
        told = done.stdout.splitlines()
        print(
            "\n".join(f"   {line}" for line in told if line.lstrip().startswith("leaking[") or line in {told[0], told[-1]}) + "\n"
        )


def main() -> int:
    """Run the demonstration."""
    OUTPUT.mkdir(exist_ok=True)
    print("leaktight reads a Django project and tells where sensitive data leaves it without the protection it needs.")
    print("It never imports or runs the project. This is what it says about three of them.\n")

    first, *others = EXAMPLES
    print(f"1. {first}: {EXAMPLES[first]}\n   $ leaktight scan {first}\n", flush=True)
    subprocess.run([sys.executable, "-m", "leaktight", "scan", first], cwd=ROOT, env=os.environ | {"COLUMNS": "100"}, check=False)

    for number, path in enumerate(others, 2):
        result, status, seconds = scan(ROOT / path, path.replace("/", "-"))
        print(f"\n{number}. {path}: {EXAMPLES[path]}\n{line(result, status, seconds)}\n{by_rule(result)}".rstrip())

    prove_article()

    tree = real_project()
    result, status, seconds = scan(tree, REAL)
    facts = ", ".join(f"{value:,} {name}" for name, value in result["project"]["counts"].items())
    print(f"\n{len(EXAMPLES) + 1}. {tree.name}: a large real application, its source archive from the package index\n   {facts}")
    print(f"{line(result, status, seconds)}\n{by_rule(result)}")
    print("\n   A finding there is a place to look at, not a proven hole: who runs the site may protect it elsewhere.")

    subprocess.run([sys.executable, str(ROOT / "scripts" / "demo_guard.py")], check=True)

    print(f"""
Every result is in {OUTPUT.name}/ as JSON. What next:
   .venv/bin/leaktight scan PATH             your own project, or one file of it
   .venv/bin/leaktight explain RULE          what a rule means, and how to fix what it finds
   .venv/bin/leaktight scan PATH --format sarif    for code scanning services""")
    return 0


if __name__ == "__main__":
    sys.exit(main())
