"""Scan the evaluation data and tell what is found, what is missed and what is wrongly reported, against the last kept result."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from data import Case, read_cases, read_pairs, read_patterns, read_rows
from places import cases_file, pairs_file, peers_folder, projects_folder
from scan import Judged, JudgedPair, judge_cases, judge_pairs
from score import fitting, score_cases, score_pairs

KEPT = Path(__file__).with_name("results.json")


def main() -> int:
    """Scan, score, print; the exit status is 1 when something that was right at the last kept result is wrong now."""
    options = _options()
    kept: dict[str, Any] = json.loads(KEPT.read_text()) if KEPT.is_file() else {}
    result = _peers(options) if options.set == "peers" else _pairs(options)
    before = kept.get(options.set, {})
    lost = _print_difference(before, result) if options.capability is None and options.only is None else 0
    if options.keep:
        KEPT.write_text(_json(kept | {options.set: result}))
    return 1 if options.compare and lost else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("set", nargs="?", choices=("peers", "pairs"), default="peers")
    parser.add_argument("--show", choices=("missed", "false", "found"), help="show the places")
    parser.add_argument("--capability", help="only cases of this row of fitting.toml (or of this letter)")
    parser.add_argument("--only", help="only pairs with this in their name, only cases with this in their path")
    parser.add_argument("--adjacent", action="store_true", help="show places of adjacent rows too")
    parser.add_argument("--compare", action="store_true", help="fail when something known is lost or newly wrong")
    parser.add_argument("--keep", action="store_true", help="write results.json")
    parser.add_argument("--cases", type=Path, default=cases_file(), help="annotated lines (LEAKTIGHT_EVAL_CASES)")
    parser.add_argument("--peers", type=Path, default=peers_folder(), help="the other tools' files (LEAKTIGHT_EVAL_PEERS)")
    parser.add_argument("--pairs", type=Path, default=pairs_file(), help="pairs (LEAKTIGHT_EVAL_PAIRS)")
    parser.add_argument("--projects", type=Path, default=projects_folder(), help="the pairs' projects (LEAKTIGHT_EVAL_PROJECTS)")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    if options.keep and (options.capability or options.only):
        parser.error("--keep needs all cases")
    return options


def _peers(options: argparse.Namespace) -> dict[str, Any]:
    rows = read_rows()
    cases = [case for case in read_cases(options.cases) if _wanted(case, options)]
    judged = list(judge_cases(cases, options.peers))
    result = score_cases(judged, rows)
    _print_tables(result, {key: row.name for key, row in rows.items()})
    if options.show:
        for one in judged:
            case, hits = one.case, fitting(one, rows)
            outcome = "found" if case.flag and hits else "missed" if case.flag else "false" if hits else "silent"
            if outcome == options.show and (options.adjacent or options.capability or not rows[case.capability].adjacent):
                _print_place(one, options.peers)
    return result


def _wanted(case: Case, options: argparse.Namespace) -> bool:
    letters = case.capability.rstrip("0123456789")
    return (options.capability is None or options.capability in {case.capability, letters}) and (
        options.only is None or options.only in case.file
    )


def _print_place(judged: Judged, peers: Path) -> None:
    case = judged.case
    lines = (peers / case.file).read_text(errors="replace").splitlines()
    note = " (not analysed)" if judged.unread else ""
    print(f"\n{case.capability} {case.id} {case.file}:{case.line}{note}")
    for number in range(case.first, min(case.last, case.first + 5) + 1):
        print(f"    {number:4} {lines[number - 1] if number <= len(lines) else ''}")
    for finding in judged.findings:
        print(f"      - {finding.rule} [{finding.audience}] {finding.message}")


def _pairs(options: argparse.Namespace) -> dict[str, Any]:
    patterns = read_patterns()
    pairs = [pair for pair in read_pairs(options.pairs) if options.only is None or options.only in pair.id]
    judged = list(judge_pairs(pairs, options.projects, jobs=options.jobs))
    result = score_pairs(judged, patterns)
    _print_tables(result, {})
    for one in judged if options.show else []:
        rules = patterns.get(one.pair.pattern, frozenset())
        hits = [finding for finding in one.before if finding.rule in rules]
        after = [finding for finding in one.after if finding.rule in rules]
        if (options.show == "missed" and not hits) or (options.show == "found" and hits) or (options.show == "false" and after):
            _print_pair(one)
    return result


def _print_pair(judged: JudgedPair) -> None:
    pair = judged.pair
    print(f"\n{pair.pattern} {pair.id} ({pair.package}, {pair.detectable})")
    for side, places, findings in (("before", pair.vulnerable, judged.before), ("after", pair.fixed, judged.after)):
        for place in places:
            print(f"  {side} {place.path}:{place.first}-{place.last}")
        for finding in findings:
            print(f"      - {finding.rule} [{finding.audience}] {finding.span.path}:{finding.span.line} {finding.message}")


def _print_tables(result: dict[str, Any], names: dict[str, str]) -> None:
    for title in ("capability", "pattern", "scope"):
        table: dict[str, list[int]] = result.get(title, {})
        if table:
            print(
                f"\n{title:<32} {'flag':>5} {'found':>6} {'recall':>7} {'clean':>6} {'false':>6} {'share':>7} {'precision':>10}"
            )
        for name, (flag, found, clean, false) in table.items():
            shown = f"{name} {names[name]}"[:32] if name in names else name
            print(
                f"{shown:<32} {flag:>5} {found:>6} {_share(found, flag):>7} {clean:>6} {false:>6} {_share(false, clean):>7} "
                f"{_share(found, found + false):>10}"
            )
    for title in ("rule", "label", "channel", "audience"):
        hits: dict[str, list[int]] = result.get(title, {})
        if hits:
            print(f"\n{title:<32} {'found':>6} {'false':>6} {'precision':>10}")
        for name, (found, false) in hits.items():
            print(f"{name:<32} {found:>6} {false:>6} {_share(found, found + false):>10}")


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "-"


def _print_difference(before: dict[str, Any], now: dict[str, Any]) -> int:
    """Print what changed since the last kept result, and count what became worse."""
    if not before:
        return 0
    changes = {
        "found now": set(before["missed"]) - set(now["missed"]),
        "silent now": set(before["false"]) - set(now["false"]),
        "lost": set(now["missed"]) - set(before["missed"]),
        "newly wrong": set(now["false"]) - set(before["false"]),
    }
    print("\nsince the last kept result: " + ", ".join(f"{len(ids)} {title}" for title, ids in changes.items()))
    for title in ("lost", "newly wrong"):
        for name in sorted(changes[title]):
            print(f"  {title}: {name}")
    return len(changes["lost"]) + len(changes["newly wrong"])


def _json(value: Any) -> str:
    """One row a line, so that a difference reads well."""
    text = json.dumps(value, indent=1, sort_keys=True)
    lines: list[str] = []
    for line in text.splitlines():
        inner = line.strip()
        if lines and (
            inner.rstrip(",").lstrip("-").isdigit() or (inner.rstrip(",") == "]" and lines[-1].lstrip()[-1:].isdigit())
        ):
            lines[-1] += (" " if lines[-1][-1] == "," else "") + inner
        else:
            lines.append(line)
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
