"""The packages a project asks for, with their versions, read from requirements, lock and project files."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from leaktight.model import Gap, Span
from leaktight.source.files import MEDIA, Kind, Role, Tree

Version = tuple[int, ...]

_DEEPEST = 4
_REQUIREMENTS = re.compile(
    r"(?:^|/)(?:[\w.-]*(?:requirements|constraints)[\w.-]*\.(?:txt|in|pip)|requirements/[\w./-]+\.(?:txt|in|pip))$"
)
_LOCKS = frozenset({"poetry.lock", "uv.lock", "pdm.lock", "pylock.toml"})
_PYTHONS = frozenset({".python-version", "runtime.txt"})
"""Files that say which Python there is, and nothing else."""
_PROJECTS = frozenset({"pyproject.toml", "setup.cfg", "setup.py", "Pipfile"})
_PROSE = (".md", ".rst", ".adoc")
_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_NUMBER = r"v?\d+(?:\.\d+)*"
_PINNED = re.compile(rf"^\s*(?P<name>{_NAME})\s*(?:\[[^\]]*\])?\s*(?P<spec>(?:[=<>!~]=?=?\s*[\w.*+!-]+\s*,?\s*)+)")
_QUOTED = re.compile(
    rf"""["'](?P<name>{_NAME})\s*(?:\[[^\]]*\])?\s*\(?(?P<spec>(?:[=<>!~]=?=?\s*[\w.*+!-]+\s*,?\s*)+)\)?\s*(?:;[^"']*)?["']"""
)
_KEYED = re.compile(
    rf"""^\s*["']?(?P<name>{_NAME})["']?\s*[=:]\s*(?:\{{\s*)?(?:["']?version["']?\s*[=:]\s*)?["'](?P<spec>\^|~|==|>=)?(?P<version>{_NUMBER})["']"""
)
_LOCKED = re.compile(rf"""^name\s*=\s*["'](?P<name>{_NAME})["']\s*\nversion\s*=\s*["'](?P<version>[^"']+)["']""", re.MULTILINE)
_PIPFILE = re.compile(rf"""^\s*"(?P<name>{_NAME})":\s*\{{(?P<body>[^{{}}]*)\}}""", re.MULTILINE)
_PIPFILE_VERSION = re.compile(r'"version":\s*"==(?P<version>[^"]+)"')
_PYTHON = re.compile(
    r"""^\s*(?:requires-python|requires_python|python_requires|python|python_version|python_full_version)\s*=\s*(?:\{\s*version\s*=\s*)?["']?(?P<spec>[\^~=<>!\d][^"'#\n]*)"""
)
_BARE_PYTHON = re.compile(rf"^\s*(?:python-|cpython-)?(?P<version>{_NUMBER})\s*$")
_CLAUSE = re.compile(r"(?P<how>===?|>=|~=|>|<=|<|!=|\^|~)\s*(?P<version>[\w.*+!-]+)")


@dataclass(frozen=True, slots=True)
class Dependency:
    """One package as one line asks for it."""

    name: str
    """Lower case, with `-` between its words; `python` is the language itself."""
    span: Span
    version: Version | None
    """The one version there can be; None when several fit."""
    least: Version | None
    """The lowest version that fits, when the line tells."""
    is_final: bool = True
    """False for an alpha, beta or release candidate, which comes before its version."""


def dependencies(tree: Tree) -> tuple[Dependency, ...]:
    """Read every package that the files of a tree ask for, in the order of files and lines."""
    found: list[Dependency] = []
    for file in tree.files:
        if file.role not in {Role.APP, Role.TEST} or file.path.count("/") > _DEEPEST:
            continue
        reader = _reader(file.path)
        if reader is None:
            continue
        data = tree.read(file.path)
        if not isinstance(data, Gap):
            found += reader(file.path, data.decode("utf-8", "replace"))
    return tuple(found)


def spoken(tree: Tree, texts: frozenset[str], *, in_templates: bool = True) -> frozenset[str]:
    """Which of some texts stand in a file of the site, or in the name of one; not in prose, nor where packages are asked for."""
    open_ = {text: text.encode() for text in sorted(texts)}
    for file in tree.files:
        if not open_:
            break
        path = file.path.lower()
        if (
            file.role is not Role.APP
            or (file.kind is Kind.TEMPLATE and not in_templates)
            or path.endswith(_PROSE)
            or path[path.rfind(".") :] in MEDIA
            or _reader(file.path) is not None
        ):
            continue
        data = tree.read(file.path)
        if not isinstance(data, Gap):
            open_ = {text: word for text, word in open_.items() if word not in data and text not in file.path}
    return texts - open_.keys()


def _reader(path: str) -> Callable[[str, str], Iterator[Dependency]] | None:
    name = path.rpartition("/")[2]
    if name in _LOCKS:
        return _of_lock
    if name == "Pipfile.lock":
        return _of_pipfile_lock
    if name in _PROJECTS:
        return _of_project
    if name in _PYTHONS:
        return _of_python
    return _of_lines if _REQUIREMENTS.search(path) else None


def _of_lines(path: str, text: str) -> Iterator[Dependency]:
    for number, line in enumerate(text.splitlines(), 1):
        match = _PINNED.match(line.partition("#")[0])
        if match is not None:
            yield _made(path, number, line, match["name"], match["spec"])


def _of_project(path: str, text: str) -> Iterator[Dependency]:
    """Dependencies in quotes, on lines of their own, or as keys of a table."""
    for number, line in enumerate(text.splitlines(), 1):
        bare = line.partition(" #")[0]
        if (asked := _PYTHON.match(bare)) is not None:
            spec = asked["spec"].strip(" ,")
            yield _made(path, number, line, "python", spec if spec[:1] in "^~=<>!" else f"=={spec}")
            continue
        quoted = list(_QUOTED.finditer(bare))
        for match in quoted:
            yield _made(path, number, line, match["name"], match["spec"])
        if quoted:
            continue
        keyed = None if path.endswith((".cfg", ".py")) else _KEYED.match(bare)
        if keyed is not None and keyed["name"] != "version":
            yield _made(path, number, line, keyed["name"], (keyed["spec"] or "==") + keyed["version"])
        elif path.endswith(".cfg") and (pinned := _PINNED.match(bare)) is not None:
            yield _made(path, number, line, pinned["name"], pinned["spec"])


def _of_python(path: str, text: str) -> Iterator[Dependency]:
    for number, line in enumerate(text.splitlines(), 1):
        match = _BARE_PYTHON.match(line)
        if match is not None:
            yield _made(path, number, line, "python", f"=={match['version']}")


def _of_lock(path: str, text: str) -> Iterator[Dependency]:
    for match in _LOCKED.finditer(text):
        number = text.count("\n", 0, match.start()) + 1
        yield _made(path, number, match[0].partition("\n")[0], match["name"], f"=={match['version']}")


def _of_pipfile_lock(path: str, text: str) -> Iterator[Dependency]:
    for match in _PIPFILE.finditer(text):
        version = _PIPFILE_VERSION.search(match["body"])
        if version is not None:
            number = text.count("\n", 0, match.start("name")) + 1
            yield _made(path, number, match[0].partition("\n")[0], match["name"], f"=={version['version']}")


def _made(path: str, number: int, line: str, name: str, spec: str) -> Dependency:
    exact = least = None
    final = True
    for clause in _CLAUSE.finditer(spec):
        version = read_version(clause["version"])
        if version is None:
            continue
        if clause["how"] in {"==", "==="} and "*" not in clause["version"]:
            exact, final = version, _is_final(clause["version"])
        if clause["how"] in {"==", "===", ">=", "~=", "^", "~", ">"}:
            least = version if least is None else max(least, version)
    end = len(line.rstrip()) + 1
    start = len(line) - len(line.lstrip()) + 1
    return Dependency(normal(name), Span(path, number, start, number, end), exact, least, final)


def normal(name: str) -> str:
    """Give a package's name as indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def read_version(text: str) -> Version | None:
    """Give the numbers a version begins with: `(4, 2, 1)` of `4.2.1rc1`; None when it begins with none."""
    match = re.match(r"v?(\d+(?:\.\d+)*)", text.strip())
    return tuple(int(part) for part in match[1].split(".")) if match else None


def _is_final(text: str) -> bool:
    return re.search(r"\d(?:a|b|rc|\.?dev)\d*", text) is None
