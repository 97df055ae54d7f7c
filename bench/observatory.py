"""Hold our Observatory score against the reference implementation, each asking the same servers on this machine.

The reference is a folder with its source and, beside it, what it needs (`npm install --ignore-scripts`); nothing of it is kept here.
`bench/observatory.py FOLDER` writes `observatory.md`.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import tempfile
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

import trustme
from observatory_cases import Case, cases
from observatory_server import HOST, Served, serving

from leaktight.prove.site.observatory import Visit, score
from leaktight.prove.site.observatory.points import POINTS
from leaktight.prove.site.observe import visit
from leaktight.prove.site.wire import Limits, Wire

HERE = Path(__file__).parent
KEPT = 40


def ours(case: Case, served: Served, ca_file: str, kept: list[dict[str, Any]]) -> dict[str, Any] | None:
    wire = Wire(Limits(requests=100), ca_file=ca_file)
    path = f"/case/{case.number}"
    seen = visit(wire, http=f"http://{HOST}:{served.http(case)}{path}", https=f"https://{HOST}:{served.https(case)}{path}")
    wire.close()
    if seen.page is None:
        return None
    found = score(seen)
    kept.append(as_data(seen))
    return {
        "tests": {name: [code, POINTS[code]] for name, code in found.results.items()},
        "score": found.points,
        "grade": found.grade,
    }


def reference(folder: Path, drawn: list[Case], served: Served, ca_file: str) -> list[dict[str, Any] | None]:
    asked = [
        {"host": HOST, "path": f"/case/{c.number}", "httpPort": str(served.http(c)), "httpsPort": str(served.https(c))}
        for c in drawn
    ]
    done = subprocess.run(
        ["node", HERE / "observatory_reference.mjs", folder],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        env=os.environ | {"NODE_EXTRA_CA_CERTS": ca_file},
        check=False,
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    return list(json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="+", help="folder with the `src` of the reference")
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--keep", type=Path, help="write what both agree on to this file, for the tests")
    parser.add_argument("--show", action="store_true", help="print each difference")
    options = parser.parse_args()
    drawn = cases(options.count)
    with tempfile.TemporaryDirectory() as scratch:
        ca = trustme.CA()
        ca_file = str(Path(scratch) / "ca.pem")
        ca.cert_pem.write_to_path(ca_file)
        with serving(drawn, ca, Path(scratch)) as served:
            kept: list[dict[str, Any]] = []
            mine = [ours(case, served, ca_file, kept) for case in drawn]
            theirs = [reference(folder, drawn, served, ca_file) for folder in options.folder]
    tables = [
        compare(folder, drawn, mine, found, show=options.show) for folder, found in zip(options.folder, theirs, strict=True)
    ]
    if options.keep:
        keep(options.keep, kept, [found for found in theirs[0] if found])
    (HERE / "observatory.md").write_text("\n".join([HEAD.format(count=len(drawn)), *tables]))
    print("\n".join(tables))


def as_data(seen: Visit) -> dict[str, Any]:
    """Return what was seen on a visit, without what depends on this run."""
    page = seen.page
    assert page
    names = {name.lower() for name, _ in page.headers} - {"content-length"}
    ports = re.compile(r":\d+")
    return {
        "secure": seen.secure,
        "page": [[name, value] for name, value in page.headers if name in names],
        "body": page.text,
        "https": None if seen.https is None else seen.https_verified,
        "http": None if seen.http is None else seen.http_verified,
        "route": [ports.sub("", url) for url in seen.route],
        "preflight": [[name, value] for name, value in seen.preflight.headers] if seen.preflight else None,
    }


def keep(file: Path, visits: list[dict[str, Any]], found: list[dict[str, Any]]) -> None:
    """Write visits that have, taken together, every result code that was met, and few others."""
    met: set[str] = set()
    lines: list[str] = []
    for seen, result in zip(visits, found, strict=True):
        codes = {code for code, _ in result["tests"].values()}
        if codes - met or len(lines) < KEPT:
            met |= codes
            lines.append(json.dumps(seen | {"results": result["tests"], "score": result["score"], "grade": result["grade"]}))
    file.write_text("[\n" + ",\n".join(lines) + "\n]\n")


HEAD = """# The Observatory's score, ours and theirs

`bench/observatory.py`: {count} header sets drawn with a fixed seed (`observatory_cases.py`), served on this machine over HTTP and HTTPS;
both sides ask the servers themselves. Equal means the same result code and the same points. The reference is told which origin it sent in
its preflight, which it does not find again by itself; no host counts as preloaded.

The release in the package registry (1.4.8) has algorithm 4: ten tests, no bonus for X-Frame-Options, joined policies not split at commas,
and a page without a type is not HTML to it. Version 1.6.3, from the repository, has algorithm 6; its score is the one shown here.
"""


def compare(folder: Path, drawn: list[Case], mine: list[Any], theirs: list[Any], *, show: bool) -> str:
    version = json.loads((folder / "package.json").read_text())["version"]
    equal: Counter[str] = Counter()
    total: Counter[str] = Counter()
    codes: dict[str, set[str]] = {}
    differences: Counter[tuple[str, str, str]] = Counter()
    whole, visited = 0, 0
    for case, own, other in zip(drawn, mine, theirs, strict=True):
        if (own is None) != (other is None):
            differences[("answered", str(own is None), str(other is None))] += 1
        if own is None or other is None:
            continue
        visited += 1
        for name, result in other["tests"].items():
            total[name] += 1
            equal[name] += own["tests"][name] == result
            codes.setdefault(name, set()).add(result[0])
            if own["tests"][name] != result:
                differences[(name, own["tests"][name][0], result[0])] += 1
                if show:
                    print(name, own["tests"][name], result, json.dumps(asdict(case)))
        whole += (own["score"], own["grade"]) == (other["score"], other["grade"])
    rows = [f"| {name} | {total[name]} | {equal[name]} | {len(codes[name])} |" for name in total]
    told = [f"- {name}: ours `{own}`, theirs `{other}`, {count} times" for (name, own, other), count in differences.most_common()]
    return "\n".join(
        [
            f"## Version {version}: {visited} header sets that were answered, score and grade equal on {whole}",
            "",
            "| test | sets | equal | result codes met |",
            "|---|---|---|---|",
            *rows,
            "",
            *(told or ["No difference."]),
            "",
        ]
    )


if __name__ == "__main__":
    main()
