"""Write what is generated: the rule pages and table below docs/, and the output shown in README.md; or only check it."""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import reference

from leaktight.rules.api import Example, Rule
from leaktight.rules.fixing import fixed_by
from leaktight.rules.proving import proves
from leaktight.rules.registry import load_rules
from leaktight.rules.stopping import stops

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
MARK = re.compile(r"\s*(?:\{#|#|<!--)\s*finds:[^#\n]*?(?:#\}|-->)?[ \t]*$", re.MULTILINE)
SHOWN = re.compile(r"(?<=<!-- begin: )leaktight (?P<arguments>[^\n]+) -->\n.*?(?=<!-- end -->)", re.DOTALL)
LANGUAGES = {".py": "python", ".html": "html+django", ".toml": "toml", ".txt": "text", ".env": "ini"}
STEPS = {
    "S0": "a secret is sent back in clear",
    "S1": "HTTPS instead of HTTP",
    "S2": "sensitive parameters are not logged or shown in error reports",
    "S3": "redirect to a secure page after handling sensitive data",
    "S4": "POST instead of GET for sensitive data",
    "S5": "sensitive data stays in a server-side session",
    "S6": "protection against forged requests",
    "S7": "confidentiality and integrity against someone in the middle",
}


def render_rule(rule: Rule) -> str:
    """Render the page of one rule."""
    page = rule.page()
    parts = [
        f"<!-- generated from src/{rule.module.replace('.', '/')}.py, do not edit -->",
        f"# {rule.name}",
        f"*{_sentence(rule.message)}*",
        _facts(rule),
        *(f"## {heading}\n\n{page[heading]}" for heading in ("What it finds", "Why it matters")),
        "## Examples",
        *(part for example in rule.examples for part in _example(example)),
        *(f"## {heading}\n\n{page[heading]}" for heading in ("How to fix it", "When it is fine")),
        f"To accept one finding, say why at its line: `# leaktight: allow[{rule.name}] reason`.",
    ]
    return "\n\n".join(parts) + "\n"


def render_table(rules: tuple[Rule, ...]) -> str:
    """Render the table of all rules, family by family."""
    lines = ["<!-- generated from src/leaktight/rules/, do not edit -->", "# Rules", "", f"{len(rules)} rules, by family.", ""]
    for family in sorted({rule.family for rule in rules}):
        lines += [f"## {family}", "", "| rule | what is wrong | severity | step | CWE |", "|---|---|---|---|---|"]
        for rule in rules:
            if rule.family == family:
                cwe = ", ".join(map(str, rule.cwe))
                link = f"[{rule.name}](rules/{rule.name}.md)"
                lines.append(f"| {link} | {_sentence(rule.message)} | {rule.severity} | {rule.step} | {cwe} |")
        lines.append("")
    lines += _matrix(rules)
    lines += ["## Steps", "", *(f"- **{step}**: {title}" for step, title in STEPS.items())]
    return "\n".join(lines) + "\n"


def _matrix(rules: tuple[Rule, ...]) -> list[str]:
    """The table of the four verbs."""
    lines = ["## Find, fix, stop, prove", "", "Every rule finds. What the other verbs do about it:", ""]
    lines += ["| rule | fix | stop | prove |", "|---|---|---|---|"]
    for rule in rules:
        levels = list(dict.fromkeys(str(fixer.safety) for fixer in rule.fixers))
        fix = ", ".join(levels) if rule.unfixable is None else f"by hand: {rule.unfixable.reason}"
        lines.append(f"| [{rule.name}](rules/{rule.name}.md) | {fix} | {stops(rule.channel)} | {proves(rule.channel)} |")
    return [*lines, ""]


def _facts(rule: Rule) -> str:
    rows = {
        "family": rule.family,
        "severity": str(rule.severity),
        "channel": str(rule.channel),
        "missing": ", ".join(map(str, rule.missing)) or "–",
        "shown to": rule.shown_to,
        "step": f"{rule.step}, {STEPS[rule.step]}",
        "CWE": ", ".join(f"[{number}](https://cwe.mitre.org/data/definitions/{number}.html)" for number in rule.cwe),
        "ASVS 5.0": ", ".join(number.removeprefix("v5.0.0-") for number in rule.asvs),
        "fix": "; ".join(fixed_by(rule)),
        "stop": stops(rule.channel),
        "prove": proves(rule.channel),
    }
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows.items())])


def _example(example: Example) -> Iterator[str]:
    yield f"### {example.title}"
    for form, texts in (("Found", example.bad), ("Quiet", example.good)):
        for path, text in texts.items():
            language = LANGUAGES.get(PurePosixPath(path).suffix, "text")
            yield f"{form}, in `{path}`:\n\n```{language}\n{MARK.sub('', text).strip()}\n```"


def _sentence(message: str) -> str:
    """Make a finding's message a sentence about any data: `{label}` has no value on a page."""
    text = re.sub(r"\b(an?|the) \{label\}", "sensitive data", message)
    text = re.sub(r"\{(\w+)\}", lambda field: "sensitive data" if field[1] == "label" else "…", text)
    return text[:1].upper() + text[1:]


def _shown(block: re.Match[str]) -> str:
    """Run the command a block of README.md names, and return the block with what it prints now."""
    command = [sys.executable, "-m", "leaktight", *block["arguments"].split()]
    environment = os.environ | {"COLUMNS": "100", "NO_COLOR": "1"}
    output = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False).stdout
    # The time a scan took is the one thing that differs from run to run.
    output = re.sub(r"\b\d+\.\d+ s\b", "0.4 s", output)
    return f"leaktight {block['arguments']} -->\n```console\n$ leaktight {block['arguments']}\n{output.strip()}\n```\n"


def generate() -> dict[Path, str]:
    """Return every file with something generated in it, by its path."""
    rules = load_rules()
    pages = {DOCS / "rules" / f"{rule.name}.md": render_rule(rule) for rule in rules}
    readme = ROOT / "README.md"
    pages |= reference.pages(DOCS / "reference")
    return pages | {DOCS / "rules.md": render_table(rules), readme: SHOWN.sub(_shown, readme.read_text())}


def main() -> int:
    """Write the pages, or compare them; the exit status is 1 when one is stale."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing, fail when a page is stale")
    check = parser.parse_args().check
    pages = generate()
    left_over = set((DOCS / "rules").glob("*.md")) - pages.keys()
    stale = sorted(left_over | {path for path, text in pages.items() if not path.is_file() or path.read_text() != text})
    for path in stale:
        print(f"{'stale' if check else 'written'}: {path.relative_to(ROOT)}")
        if check:
            continue
        if path in left_over:
            path.unlink()
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(pages[path])
    if check and stale:
        print("run `make docs`")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
