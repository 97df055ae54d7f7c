"""Hold our survey of TLS servers against sslyze's, on servers of this machine: versions, suites, curves, and what falls short of a profile.

sslyze (AGPL) is no part of this project: it runs in an interpreter of its own. `bench/tls.py --sslyze PYTHON` writes `tls.md`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from tls_servers import HOST, SERVERS, Authority, serving

from leaktight.prove.site.tls.judging import PROFILES, shortfalls
from leaktight.prove.site.tls.survey import survey

HERE = Path(__file__).parent
POINTS = {
    "tls_versions": "versions",
    "ciphersuites": "suites",
    "ciphers": "suites",
    "tls_curves": "groups",
    "dh_param_size": "dh-bits",
    "certificate_path_validation": "path",
    "certificate_curves": "key-curve",
    "rsa_key_size": "rsa-bits",
    "certificate_types": "key-type",
    "certificate_signatures": "signature",
    "maximum_certificate_lifespan": "days",
    "tls_vulnerability_compression": "compression",
    "tls_vulnerability_fallback_scsv": "fallback",
    "tls_vulnerability_renegotiation": "renegotiation",
    "tls_vulnerability_extended_master_secret": "master-secret",
}
"""sslyze's names of points and ours. Heartbleed, CCS injection and ROBOT are attacks; we do not try them."""
HEAD = """# TLS, surveyed by us and by sslyze

`bench/tls.py`: nginx on this machine in {count} configurations (`tls_servers.py`). Equal means: the same versions and suites, the same curves,
and for each of Mozilla's profiles (5.7) the same verdict and the same points in which the server falls short.

| server | versions | suites | curves | modern | intermediate | points equal | our seconds | sslyze's |
|---|---|---|---|---|---|---|---|---|
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sslyze", required=True, help="an interpreter with sslyze")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        Path(scratch).chmod(0o755)
        authority = Authority(Path(scratch))
        with serving(authority) as ports:
            mine = {name: ours(port, str(authority.file)) for name, port in ports.items()}
            command = [options.sslyze, str(HERE / "tls_reference.py"), str(authority.file)]
            done = subprocess.run(command, input=json.dumps(list(ports.items())), capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    rows, different = [], []
    for other in json.loads(done.stdout.splitlines()[-1]):
        row, told = compare(other["name"], mine[other["name"]], other)
        rows.append(row)
        different += told
    text = HEAD.format(count=len(SERVERS)) + "\n".join(rows) + "\n\n" + "\n".join(different or ["No difference."]) + "\n"
    (HERE / "tls.md").write_text(text)
    print(text)


def ours(port: int, ca_file: str) -> dict[str, Any]:
    started = time.monotonic()
    found = survey(HOST, port, ca_file=ca_file)
    seconds = time.monotonic() - started
    return {
        "suites": {version: sorted(names) for version, names in found.suites.items()},
        "curves": sorted(group.lower() for group in found.groups if not group.startswith("ffdhe")),
        "issues": {name: sorted(shortfalls(found, name)) for name in PROFILES},
        "seconds": seconds,
    }


def compare(name: str, own: dict[str, Any], other: dict[str, Any]) -> tuple[str, list[str]]:
    if "failed" in other:
        return f"| {name} | sslyze got no connection: {other['failed']} |", []
    theirs = {profile: sorted({POINTS.get(point, point) for point in points}) for profile, points in other["issues"].items()}
    parts = {
        "suites": (own["suites"], other["suites"]),
        "curves": (own["curves"], other["curves"]),
        "points": (own["issues"], theirs),
    }
    told = [f"- {name}, {part}: ours {first}, theirs {second}" for part, (first, second) in parts.items() if first != second]
    verdicts = ["meets it" if not own["issues"][profile] else "falls short" for profile in PROFILES]
    same = [bool(own["issues"][profile]) == bool(theirs[profile]) for profile in PROFILES]
    row = [
        name,
        " ".join(own["suites"]),
        f"{sum(map(len, own['suites'].values()))} {'=' if own['suites'] == other['suites'] else '≠'}",
        f"{len(own['curves'])} {'=' if own['curves'] == other['curves'] else '≠'}",
        *(f"{verdict} {'=' if equal else '≠'}" for verdict, equal in zip(verdicts, same, strict=True)),
        "yes" if own["issues"] == theirs else "no",
        f"{own['seconds']:.2f}",
        f"{other['seconds']:.2f}",
    ]
    return "| " + " | ".join(row) + " |", told


if __name__ == "__main__":
    main()
