"""Side by side on real projects with Semgrep, Bandit, Ruff and Pysa: what each finds of this class, what of it is true, what we miss; writes peers.md.

    python bench/peers.py run [PROJECT ...] [--tool TOOL]   # run the tools, keep what they say in a folder outside the repository
    python bench/peers.py sheet                             # join it with what was read: peers.csv
    python bench/peers.py table                             # write peers.md
    python bench/peers.py unread                            # places nobody has read

`peers.toml` says which rules are in scope. `peers.csv` holds one line for each in-scope finding of a peer and each of ours that everybody is shown:
what a reader said of it and, for a peer's, which finding of ours is at the same place (`ours`, worked out here) or elsewhere, or why there is none (`answer`, written by
the reader). Verdicts of `eval/readings.csv` are taken over; where those readers differ the worse counts.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import os
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from fetch import Project, corpus_folder, projects
from peer_tools import TOOLS, Run, Seen, all_rules, keep, load, matches, overlapping, run

HERE = Path(__file__).parent
SHEET = HERE / "peers.csv"
PAGE = HERE / "peers.md"
READINGS = HERE.parent / "eval" / "readings.csv"
OUTPUT = Path(os.environ.get("LEAKTIGHT_PEERS_OUTPUT", str(Path.home() / ".cache" / "leaktight-peers")))
START, END = "<!-- table: bench/peers.py -->", "<!-- end of table -->"
VERDICTS = ("true", "doubtful", "false", "unread")
NAMES = {"leaktight": "leaktight", "semgrep": "Semgrep", "bandit": "Bandit", "ruff": "Ruff", "pysa": "Pysa"}
_AUDIENCES = ("default", "strict", "audit")
PEERS = tuple(tool for tool in TOOLS if tool != "leaktight")


class Row(NamedTuple):
    """One line of the sheet."""

    project: str
    tool: str
    rule: str
    path: str
    line: str
    end: str
    fingerprint: str
    """Of the line's text for peers, ours for us: what was read is known again when lines move."""
    ours: str = ""
    verdict: str = "unread"
    why: str = ""
    answer: str = ""

    @property
    def key(self) -> tuple[str, ...]:
        return (self.project, self.tool, self.rule, self.path, self.fingerprint)


class Scope:
    """Which rules are about this class, and which of ours speak of the same."""

    def __init__(self) -> None:
        told: dict[str, Any] = tomllib.loads((HERE / "peers.toml").read_text())
        self.projects: list[str] = told["projects"]
        self.rules: list[dict[str, Any]] = told["rules"]
        self.left_out: list[dict[str, Any]] = told["left_out"]

    def ours(self, tool: str, rule: str) -> tuple[str, ...] | None:
        """Our rules about the same, or None for a rule that is out of scope."""
        for entry in self.rules:
            if matches(rule, tuple(entry.get(tool, ()))):
                return tuple(entry["ours"])
        return None

    def in_scope(self, tool: str) -> tuple[str, ...]:
        """The rules of a tool that are in scope. Raises SystemExit when one is named nowhere."""
        known = all_rules(tool)
        inside = {rule for rule in known if self.ours(tool, rule) is not None}
        outside = {rule for rule in known for entry in self.left_out if matches(rule, tuple(entry.get(tool, ())))}
        if forgotten := known - inside - outside:
            raise SystemExit(f"peers.toml names these rules of {tool} nowhere: {' '.join(sorted(forgotten))}")
        return tuple(sorted(inside))


def main() -> int:
    """Do one step; the exit status is 0 unless something is missing."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("step", choices=("run", "sheet", "table", "unread"))
    parser.add_argument("names", nargs="*", help="only these projects")
    parser.add_argument("--tool", choices=tuple(TOOLS), action="append", help="only this tool")
    options = parser.parse_args()
    scope = Scope()
    chosen = list(projects(options.names or scope.projects))
    if options.step == "run":
        _run(scope, chosen, options.tool or list(TOOLS))
    elif options.step == "sheet":
        _write(list(_sheet(scope, chosen)))
    elif options.step == "table":
        _page(scope, chosen)
    else:
        for row in _read():
            if row.verdict == "unread" and row.project in {project.name for project in chosen}:
                print(*row[:5], row.ours)
    return 0


def _run(scope: Scope, chosen: list[Project], tools: list[str]) -> None:
    for tool in tools:
        rules = scope.in_scope(tool)
        for project in chosen:
            done = run(tool, corpus_folder() / project.folder, rules)
            found = tuple(one for one in done.findings if tool == "leaktight" or scope.ours(tool, one.rule) is not None)
            keep(OUTPUT / project.folder / f"{tool}.json", Run(done.seconds, found, done.error))
            print(
                f"{project.folder} {tool}: {done.seconds} s, {len(done.findings)} findings, {len(found)} in scope {done.error}",
                flush=True,
            )


def _sheet(scope: Scope, chosen: list[Project]) -> Iterator[Row]:
    """Every in-scope finding of today, with what was read before; rows of projects that were not chosen stay."""
    before = {row.key: row for row in _read()}
    names = {project.name for project in chosen}
    yield from (row for row in before.values() if row.project not in names)
    for project in chosen:
        mine = load(OUTPUT / project.folder / "leaktight.json").findings
        for tool in TOOLS:
            for one in load(OUTPUT / project.folder / f"{tool}.json").findings:
                if tool == "leaktight":
                    row = Row(project.name, tool, one.rule, one.path, str(one.line), str(one.end), one.fingerprint)
                    if one.audience == "default":
                        yield _known(row, [one], before, project)
                    continue
                if (rules := scope.ours(tool, one.rule)) is None:
                    continue
                same = [other for other in overlapping(one, mine) if other.rule in rules]
                ours = "; ".join(sorted({f"{other.rule} {other.audience}" for other in same}))
                text = _line(corpus_folder() / project.folder / one.path, one.line)
                row = Row(project.name, tool, one.rule, one.path, str(one.line), str(one.end), text, ours)
                yield _known(row, same, before, project)


def _known(row: Row, same: list[Seen], before: dict[tuple[str, ...], Row], project: Project) -> Row:
    """The row with what was said of it before: in this sheet, or in the readings of a finding of ours at the same place."""
    if (old := before.get(row.key)) and old.verdict != "unread":
        return row._replace(verdict=old.verdict, why=old.why, answer=old.answer)
    for said in _readings():
        if said["project"] == project.folder and any(_is(one, said) for one in same):
            worse = max(said["first"], said["second"], key=VERDICTS.index)
            return row._replace(verdict=worse, why=f"{said['why']} (eval/readings.csv)")
    return row


def _is(one: Seen, said: dict[str, str]) -> bool:
    place = said["path"] == one.path and said["line"] == str(one.line)
    return said["rule"] == one.rule and (place or said["fingerprint"] == one.fingerprint)


def _line(file: Path, number: int) -> str:
    lines = file.read_bytes().splitlines()
    text = lines[number - 1].strip() if number <= len(lines) else b""
    return hashlib.blake2b(text + b"|" + str(_nth(lines, number, text)).encode(), digest_size=6).hexdigest()


def _nth(lines: list[bytes], number: int, text: bytes) -> int:
    """The how-manieth line of this text it is, so that equal lines are told apart."""
    return sum(line.strip() == text for line in lines[: number - 1])


def _readings() -> list[dict[str, str]]:
    with READINGS.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _read() -> list[Row]:
    if not SHEET.exists():
        return []
    with SHEET.open(encoding="utf-8", newline="") as file:
        return [Row(**row) for row in csv.DictReader(file)]


def _write(rows: list[Row]) -> None:
    ordered: list[Row] = sorted(rows, key=lambda row: (row.project, row.tool, row.path, int(row.line), row.rule))
    with SHEET.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(Row._fields)
        writer.writerows(ordered)


def _page(scope: Scope, chosen: list[Project]) -> None:
    """Put the tables between the markers of the page."""
    names = {project.name for project in chosen}
    rows = [row for row in _read() if row.project in names]
    runs = {(project.name, tool): load(OUTPUT / project.folder / f"{tool}.json") for project in chosen for tool in TOOLS}
    text = PAGE.read_text(encoding="utf-8")
    head, tail = text.partition(START)[0], text.partition(END)[2]
    tables = [_totals(scope, rows, runs), _answered(rows), _by_project(chosen, rows, runs, scope), _by_rule(rows), _missed(rows)]
    PAGE.write_text(f"{head}{START}\n\n" + "\n".join(tables) + f"\n{END}{tail}", encoding="utf-8")


def _totals(scope: Scope, rows: list[Row], runs: dict[tuple[str, str], Run]) -> str:
    lines = [
        "| tool | in-scope findings | read | true | doubtful | false | share true of read | true, found by this tool only | seconds |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for tool in TOOLS:
        of_tool = [row for row in rows if row.tool == tool]
        count = Counter(row.verdict for row in of_tool)
        seconds = sum(one.seconds for (_, name), one in runs.items() if name == tool)
        only = sum(_alone(row, rows, scope) for row in of_tool if row.verdict == "true")
        read = len(of_tool) - count["unread"]
        told = (len(of_tool), read, count["true"], count["doubtful"], count["false"], _share(count), only, f"{seconds:.0f}")
        lines.append(f"| {NAMES[tool]} | " + " | ".join(map(str, told)) + " |")
    return "\n".join(lines) + "\n"


def _answered(rows: list[Row]) -> str:
    """How many places the peers are right about, and the widest audience we tell of each."""
    places: list[list[Row]] = []
    for row in rows:
        if row.tool in PEERS and row.verdict == "true":
            known = next((place for place in places if any(_touch(row, other) for other in place)), None)
            places.append([row]) if known is None else known.append(row)
    told = Counter(_widest(place) for place in places)
    ours = ", ".join(f"{told[audience]} to the audience {audience}" for audience in _AUDIENCES)
    return f"The peers are right about {len(places)} places; we tell {ours}, and {told['']} to nobody.\n"


def _touch(one: Row, other: Row) -> bool:
    near = int(one.line) <= int(other.end) + 1 and int(other.line) <= int(one.end) + 1
    return (one.project, one.path) == (other.project, other.path) and near


def _widest(place: list[Row]) -> str:
    said = {word for row in place for word in f"{row.ours} {row.answer}".replace(";", " ").split()}
    return next((audience for audience in _AUDIENCES if audience in said), "")


def _by_project(chosen: list[Project], rows: list[Row], runs: dict[tuple[str, str], Run], scope: Scope) -> str:
    lines = [
        "Each cell: findings, of them true / read, share; true that only this tool found; seconds.",
        "",
        "| project | " + " | ".join(NAMES[tool] for tool in TOOLS) + " |",
        "|---" * (len(TOOLS) + 1) + "|",
    ]
    for project in chosen:
        cells = []
        for tool in TOOLS:
            here = [row for row in rows if row.project == project.name and row.tool == tool]
            count = Counter(row.verdict for row in here)
            only = sum(_alone(row, rows, scope) for row in here if row.verdict == "true")
            told = f"{len(here)}: {count['true']} / {len(here) - count['unread']}, {_share(count)}; {only}" if here else "0"
            done = runs[project.name, tool]
            cells.append(f"{told}; {done.seconds:.0f} s" + (f" ({done.error})" if done.error else ""))
        lines.append(f"| {project.name} {project.version} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _by_rule(rows: list[Row]) -> str:
    lines = ["| tool | rule | findings | read | true | doubtful | false |", "|---|---|---|---|---|---|---|"]
    for tool, rule in sorted({(row.tool, row.rule) for row in rows if row.tool in PEERS}):
        count = Counter(row.verdict for row in rows if (row.tool, row.rule) == (tool, rule))
        told = (count.total(), count.total() - count["unread"], count["true"], count["doubtful"], count["false"])
        lines.append(f"| {NAMES[tool]} | {rule.rpartition('/')[2]} | " + " | ".join(map(str, told)) + " |")
    return "\n".join(lines) + "\n"


def _missed(rows: list[Row]) -> str:
    """Every true finding of a peer, those of one file that we answer alike together."""
    lines = ["| project | place | found by | what we say | the reader |", "|---|---|---|---|---|"]
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        if row.tool in PEERS and row.verdict == "true":
            why = row.why.removesuffix(" (eval/readings.csv)")
            groups.setdefault((row.project, row.path, "; ".join(filter(None, (row.ours, row.answer))), why), []).append(row)
    for (project, path, said, why), found in groups.items():
        places = f"{path}:" + ", ".join(sorted({row.line for row in found}, key=int))
        tools = ", ".join(dict.fromkeys(f"{NAMES[row.tool]} {row.rule.rpartition('/')[2]}" for row in found))
        lines.append(f"| {project} | {places} | {tools} | {said or 'nothing'} | {why} |")
    return "\n".join(lines) + "\n"


def _alone(row: Row, rows: list[Row], scope: Scope) -> bool:
    """Whether no other tool has it: for a peer's none of ours either, in any audience, here or where the reader says."""
    if row.tool != "leaktight" and (row.ours or row.answer.startswith("at ")):
        return False
    speaks = _speaks(row, scope)
    place = Seen(row.rule, row.path, int(row.line), int(row.end))
    others = (
        Seen(other.rule, other.path, int(other.line), int(other.end))
        for other in rows
        if _other(row, other) and speaks & _speaks(other, scope)
    )
    at = f"at {row.path}:{row.line} "
    return not any(overlapping(place, others)) and not any(_other(row, other) and other.answer.startswith(at) for other in rows)


def _other(row: Row, other: Row) -> bool:
    return row.project == other.project and row.tool != other.tool


def _speaks(row: Row, scope: Scope) -> set[str]:
    return {row.rule} if row.tool == "leaktight" else set(scope.ours(row.tool, row.rule) or ())


def _share(count: Counter[str]) -> str:
    read = count.total() - count["unread"]
    return f"{count['true'] / read:.0%}" if read else "–"


if __name__ == "__main__":
    sys.exit(main())
