"""Join what two readers said of findings on real projects with what a scan of these projects says today, and tell the share that is true.

    python eval/precision.py                    # scan the projects that were read, for everybody
    python eval/precision.py --unread           # the places nobody has read yet

`readings.csv` holds what two people said who read independently of each other, of the 360 findings everybody was shown on 29 projects
and of 80 of those for the strict, as they were at the beginning: project, rule, path, line, fingerprint, confidence, audience, the two verdicts
and the first reader's reason. Where the two differ the worse verdict counts. A finding is the one that was read when the fingerprint is the same, or
rule, path and line are. `readings-unread.csv` is the same for 445 of 810 findings on 69 projects that nobody had read while the rules were written:

    python eval/precision.py --readings eval/readings-unread.csv --corpus FOLDER    # with FOLDER/horilla-72e7198 and so on
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import leaktight
from leaktight.model import Audience, Finding

_WORSE = ("true", "doubtful", "false")


class Reading(NamedTuple):
    """What the two readers said of one finding."""

    project: str
    rule: str
    path: str
    line: str
    fingerprint: str
    confidence: str
    audience: str
    first: str
    second: str
    why: str

    @property
    def verdict(self) -> str:
        """The worse of both verdicts."""
        return max(self.first, self.second, key=_WORSE.index)


def main() -> int:
    """Print the tables; the exit status is 1 when a project that was read is not there."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--corpus", type=Path, default=Path.home() / ".cache" / "leaktight-bench", help="what bench/fetch.py laid out"
    )
    parser.add_argument("--readings", type=Path, default=Path(__file__).parent / "readings.csv", help="what was read")
    parser.add_argument("--audience", default="default")
    parser.add_argument("--unread", action="store_true", help="show the places nobody has read")
    parser.add_argument("--show", choices=("doubtful", "false"), help="show the places with this verdict")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    readings = read(options.readings)
    missing = sorted(name for name in {one.project for one in readings} if not (options.corpus / name).is_dir())
    if missing:
        print(f"not there: {' '.join(missing)} (bench/fetch.py and eval/README.md say where they come from)", file=sys.stderr)
        return 1
    before = Counter(one.verdict for one in readings if one.audience == options.audience)
    print(f"as they were read: {_line(before)}")
    rows: list[tuple[Finding, str]] = []
    for project in sorted({one.project for one in readings}):
        for finding, reading in _joined(project, readings, options):
            rows.append((finding, reading.verdict if reading else "unread"))
            place = f"{project} {finding.span.path}:{finding.span.line} {finding.rule}"
            if reading is None and options.unread:
                print(f"  {place}: {finding.message}")
            elif reading is not None and reading.verdict == options.show:
                print(f"  {place}: {reading.why}")
    print(f"today: {_line(Counter(verdict for _, verdict in rows))}")
    for name in ("high", "medium", "low"):
        print(f"  confidence {name}: {_line(Counter(verdict for finding, verdict in rows if str(finding.confidence) == name))}")
    for rule in sorted({finding.rule for finding, _ in rows}):
        print(f"  {rule}: {_line(Counter(verdict for finding, verdict in rows if finding.rule == rule))}")
    return 0


def read(sheet: Path) -> list[Reading]:
    """Read a sheet."""
    with sheet.open(encoding="utf-8", newline="") as file:
        return [Reading(**row) for row in csv.DictReader(file)]


def _joined(project: str, readings: list[Reading], options: argparse.Namespace) -> Iterator[tuple[Finding, Reading | None]]:
    of_project = [one for one in readings if one.project == project]
    by_print = {(one.rule, one.fingerprint): one for one in of_project}
    by_place = {(one.rule, one.path, one.line): one for one in of_project}
    result = leaktight.scan(options.corpus / project, audience=Audience(options.audience), jobs=options.jobs)
    for finding in result.findings:
        place = (finding.rule, finding.span.path, str(finding.span.line))
        yield finding, by_print.get((finding.rule, finding.fingerprint)) or by_place.get(place)


def _line(counts: Counter[str]) -> str:
    judged = sum(counts[verdict] for verdict in _WORSE)
    share = f"{counts['true'] / judged:.0%}" if judged else "-"
    return f"{share} true of {judged} ({counts['true']} true, {counts['doubtful']} doubtful, {counts['false']} false), {counts['unread']} unread"


if __name__ == "__main__":
    sys.exit(main())
