"""Fetch the projects of projects.toml into a corpus folder outside the repository; nothing of them is ever run.

A project comes as a source archive through `pip download`, checked against its sha256, or as a commit of a
git repository: from a clone below LEAKTIGHT_MIRRORS when there is one, else from its public address.
pip asks a source archive's build backend for the name and version; here that backend is an inert stand-in,
so no setup.py of a downloaded project is executed.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

HERE = Path(__file__).parent

BACKENDS = (
    "setuptools.build_meta", "poetry.core.masonry.api", "hatchling.build", "flit_core.buildapi", "pdm.backend", "uv_build",
)  # fmt: skip

INERT = '''\
"""A build backend that tells pip the name and version it asked for, and never builds."""

import os
import pathlib


def get_requires_for_build_wheel(config_settings=None):
    return []


def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    name, version = os.environ["INERT_NAME"], os.environ["INERT_VERSION"]
    folder = "%s-%s.dist-info" % (name.replace("-", "_"), version)
    path = pathlib.Path(metadata_directory) / folder
    path.mkdir()
    (path / "METADATA").write_text("Metadata-Version: 2.1\\nName: %s\\nVersion: %s\\n" % (name, version))
    (path / "WHEEL").write_text("Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    return folder


def build_wheel(*args, **kwargs):
    raise RuntimeError("the inert backend never builds")


class __legacy__:
    get_requires_for_build_wheel = staticmethod(get_requires_for_build_wheel)
    prepare_metadata_for_build_wheel = staticmethod(prepare_metadata_for_build_wheel)
    build_wheel = staticmethod(build_wheel)
'''


class FetchError(Exception):
    """A project cannot be had: the message says which and why."""


@dataclass(frozen=True, slots=True)
class Project:
    """One entry of projects.toml."""

    name: str
    version: str
    sha256: str = ""
    wheel: bool = False
    """The source archive has a build backend of its own, which pip would run: take the wheel instead."""
    repository: str = ""
    commit: str = ""
    speed: bool = False
    about: str = ""

    @property
    def folder(self) -> str:
        return f"{self.name}-{self.version}"


def corpus_folder() -> Path:
    """Return where the unpacked projects lie: LEAKTIGHT_CORPUS or a folder in the user's cache."""
    return Path(os.environ.get("LEAKTIGHT_CORPUS") or Path.home() / ".cache" / "leaktight-bench")


def projects(names: list[str] | None = None) -> list[Project]:
    """Read projects.toml, all of it or only the named projects."""
    table = tomllib.loads((HERE / "projects.toml").read_text())["project"]
    found = [Project(**entry) for entry in table if not names or entry["name"] in names]
    if missing := set(names or ()) - {project.name for project in found}:
        raise FetchError(f"not in projects.toml: {', '.join(sorted(missing))}")
    return found


def fetch(project: Project, corpus: Path) -> Path:
    """Bring one project into the corpus and return its folder; do nothing when it is already there."""
    target = corpus / project.folder
    if target.is_dir():
        return target
    corpus.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=corpus) as scratch:
        tree = Path(scratch) / "tree"
        if project.repository:
            _unpack_commit(project, tree, Path(scratch))
        else:
            _unpack_archive(_download(project, Path(scratch)), tree, strip=0 if project.wheel else 1)
        tree.rename(target)
    return target


def _download(project: Project, scratch: Path) -> Path:
    requirement = f"{project.name}=={project.version}"
    if project.sha256:
        requirement += f" --hash=sha256:{project.sha256}"
    (scratch / "requirement.txt").write_text(requirement + "\n")
    command = [
        sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
        "--only-binary=:all:" if project.wheel else "--no-binary=:all:",
        "--no-build-isolation", "--use-pep517", "--ignore-requires-python",
        "--dest", str(scratch / "archive"), "--requirement", str(scratch / "requirement.txt"),
    ]  # fmt: skip
    environment = os.environ | {
        "PYTHONPATH": str(_inert_backends(scratch)),
        "INERT_NAME": project.name,
        "INERT_VERSION": project.version,
    }
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    files = list((scratch / "archive").glob("*")) if done.returncode == 0 else []
    if not files:
        raise FetchError(f"pip could not download {requirement}: {done.stderr.strip()[-400:]}")
    if not project.sha256:
        print(f"{project.name}: sha256 = {hashlib.sha256(files[0].read_bytes()).hexdigest()}", file=sys.stderr)
    return files[0]


def _inert_backends(scratch: Path) -> Path:
    folder = scratch / "inert"
    for backend in BACKENDS:
        module = folder.joinpath(*backend.split(".")).with_suffix(".py")
        module.parent.mkdir(parents=True, exist_ok=True)
        for package in module.relative_to(folder).parents[:-1]:
            (folder / package / "__init__.py").touch()
        module.write_text(INERT)
    return folder


def _unpack_archive(archive: Path, tree: Path, *, strip: int) -> None:
    for name, data in _members(archive):
        # A source archive has one folder of its own around everything; the corpus names that folder itself.
        parts = PurePosixPath(name).parts[strip:]
        if parts and ".." not in parts and not name.startswith("/"):
            path = tree.joinpath(*parts)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)


def _members(archive: Path) -> Iterator[tuple[str, bytes]]:
    if archive.suffix in {".zip", ".whl"}:
        with zipfile.ZipFile(archive) as container:
            yield from ((info.filename, container.read(info)) for info in container.infolist() if not info.is_dir())
        return
    with tarfile.open(archive) as container:
        for member in container:
            if member.isfile() and (stream := container.extractfile(member)):
                yield member.name, stream.read()


def _unpack_commit(project: Project, tree: Path, scratch: Path) -> None:
    git_dir = _mirror(project)
    if git_dir is None:
        git_dir = scratch / "clone.git"
        _git("init", "--quiet", "--bare", str(git_dir))
        _git("--git-dir", str(git_dir), "fetch", "--quiet", "--depth=1",
             f"https://github.com/{project.repository}.git", project.commit)  # fmt: skip
    tree.mkdir()
    # An index of our own: the mirror stays as it is, and files it lacks are left out instead of failing everything.
    index = scratch / "index"
    _git("--git-dir", str(git_dir), "read-tree", project.commit, index=index)
    _git("--git-dir", str(git_dir), "--work-tree", str(tree), "checkout-index", "--all", "--quiet", index=index, check=False)
    for link in [path for path in tree.rglob("*") if path.is_symlink()]:
        link.unlink()


def _mirror(project: Project) -> Path | None:
    mirrors = os.environ.get("LEAKTIGHT_MIRRORS")
    if not mirrors:
        return None
    base = Path(mirrors) / project.repository.replace("/", "+")
    candidates = (base, base / ".git", base / "repo", base / "repo" / ".git")
    return next((path for path in candidates if (path / "objects").is_dir() and (path / "HEAD").is_file()), None)


def _git(*arguments: str, index: Path | None = None, check: bool = True) -> None:
    environment = os.environ | ({"GIT_INDEX_FILE": str(index)} if index else {})
    done = subprocess.run(["git", *arguments], env=environment, capture_output=True, text=True, check=False)
    if check and done.returncode:
        raise FetchError(f"git {arguments[-1]}: {done.stderr.strip()[-400:]}")


def main() -> int:
    """Fetch the asked-for projects; the exit status is 1 when one cannot be had."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", help="only these projects")
    parser.add_argument("--into", type=Path, default=corpus_folder(), help="the corpus folder")
    parser.add_argument("--fresh", action="store_true", help="fetch again what is already there")
    options = parser.parse_args()
    failed = 0
    for project in projects(options.names):
        if options.fresh:
            shutil.rmtree(options.into / project.folder, ignore_errors=True)
        try:
            print(fetch(project, options.into))
        except FetchError as error:
            failed += 1
            print(f"{project.folder}: {error}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
