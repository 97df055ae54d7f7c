"""Bring the files of other tools' test suites, at the commits the cases name, into a folder outside the repository.

They are read from clones below LEAKTIGHT_MIRRORS (folders called `owner+name`) where there is one, else from their public address.
Nothing of them is run, and nothing of them may be committed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path, PurePosixPath

from data import Case, read_cases
from places import cases_file, peers_folder


def main() -> int:
    """Lay out the folders of all cases; the exit status is 1 when a file cannot be had."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cases", type=Path, default=cases_file(), help="annotated lines (LEAKTIGHT_EVAL_CASES)")
    parser.add_argument("--into", type=Path, default=peers_folder(), help="where to (LEAKTIGHT_EVAL_PEERS)")
    options = parser.parse_args()
    missing = 0
    suites: dict[tuple[str, str], list[Case]] = {}
    for case in read_cases(options.cases):
        suites.setdefault((case.repository, case.commit), []).append(case)
    with tempfile.TemporaryDirectory() as scratch:
        for (repository, commit), cases in sorted(suites.items()):
            git = _clone(repository, commit, Path(scratch))
            folders = {str(PurePosixPath(case.path).parent) for case in cases}
            _lay_out(git, commit, folders, options.into / repository.replace("/", "+"))
            lost = sorted({case.file for case in cases if not (options.into / case.file).is_file()})
            missing += len(lost)
            for name in lost:
                print(f"missing: {name}", file=sys.stderr)
            print(f"{repository}: {len(cases)} cases in {len({case.path for case in cases})} files")
    return 1 if missing else 0


def _clone(repository: str, commit: str, scratch: Path) -> Path:
    mirrors = os.environ.get("LEAKTIGHT_MIRRORS")
    if mirrors:
        base = Path(mirrors) / repository.replace("/", "+")
        for path in (base, base / ".git", base / "repo", base / "repo" / ".git"):
            if (path / "objects").is_dir() and (path / "HEAD").is_file():
                return path
    clone = scratch / repository.replace("/", "+")
    subprocess.run(["git", "init", "--quiet", "--bare", str(clone)], check=True)
    address = f"https://github.com/{repository}.git"
    subprocess.run(["git", "--git-dir", str(clone), "fetch", "--quiet", "--depth=1", address, commit], check=True)
    return clone


def _lay_out(git: Path, commit: str, folders: set[str], target: Path) -> None:
    """Write the files that lie in these folders, without what lies below them."""
    for folder in sorted(folders):
        command = ["git", "--git-dir", str(git), "ls-tree", "-z", commit, f"{folder}/"]
        listing = subprocess.run(command, capture_output=True, check=True)
        for entry in listing.stdout.decode(errors="replace").split("\0"):
            about, _, name = entry.partition("\t")
            if about.split()[1:2] != ["blob"] or about.startswith("120000") or not name.endswith((".py", ".html")):
                continue
            path = target / name
            path.parent.mkdir(parents=True, exist_ok=True)
            blob = subprocess.run(
                ["git", "--git-dir", str(git), "cat-file", "blob", about.split()[2]], capture_output=True, check=False
            )
            if blob.returncode == 0:
                path.write_bytes(blob.stdout)


if __name__ == "__main__":
    sys.exit(main())
