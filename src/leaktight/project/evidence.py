"""Where a repository says which settings module it runs with: entry points, deployment files, test configuration."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from leaktight.project.environment import Environment, environment_of
from leaktight.project.modules import Modules
from leaktight.source.files import File, Tree
from leaktight.source.roles import Kind, Role


class Weight(IntEnum):
    """How much a file that names a settings module tells about production."""

    NONE = 0
    """Tests, continuous integration, development."""
    MANAGE = 1
    """manage.py: what a developer runs."""
    OTHER = 2
    """Scripts, `.env` files, compose files of no stated environment."""
    ENTRY = 3
    """wsgi.py, asgi.py: what a web server loads unless told otherwise."""
    DEPLOYMENT = 4
    """Procfile, Dockerfile, service files: what a web server is told."""


@dataclass(frozen=True, slots=True, order=True)
class Mention:
    """A file that names a settings module."""

    file: str
    module: str
    path: str | None
    """The file of the module, if it is in the tree."""
    weight: Weight
    configuration: str | None = None
    """The class named next to it, for django-configurations."""


_NAME = r"(?P<module>[A-Za-z_]\w*(?:\.\w+)*)"
_SETTINGS: Final = re.compile(
    r"DJANGO_SETTINGS_MODULE(?:"
    r"[\"'\]]*\s*(?:[,:=]|\n\s*value\s*:)\s*(?:os\.(?:environ\.get|getenv)\(\s*[\"']\w+[\"']\s*,\s*)?[\"']?(?:\$\{\w+:?-)?"
    r"|:-|[ \t]+[\"']?)" + _NAME + r"|--settings[= ][\"']?(?P<option>[A-Za-z_]\w*(?:\.\w+)+)"
)
_CONFIGURATION: Final = re.compile(r"DJANGO_CONFIGURATION[\"'\]]*\s*[,:= ]\s*[\"']?(?P<cls>[A-Z]\w*)")
_DEPLOYMENT: Final = re.compile(
    r"(?:^|/)(?:procfile|(?:[^/]*\.)?dockerfile[^/]*|containerfile|[^/]*\.service|[^/]*uwsgi[^/]*|[^/]*gunicorn[^/]*|supervisor[^/]*"
    r"|app\.ya?ml|app\.json|fly\.toml|render\.ya?ml|zappa_settings\.json|entrypoint[^/]*|serve[^/]*\.sh|start[^/]*\.sh)$"
    r"|(?:^|/)(?:k8s|kubernetes|helm|charts?|terraform|ansible|deploy|deployment|systemd)/"
)
_TESTING: Final = re.compile(
    r"(?:^|/)(?:pytest\.ini|tox\.ini|setup\.cfg|pyproject\.toml|conftest\.py|noxfile\.py|makefile|justfile|\.travis\.yml|azure-pipelines\.yml"
    r"|\.gitlab-ci\.yml|jenkinsfile|runtests\.py|\.pylintrc|\.pre-commit-config\.yaml|mypy\.ini|codecov\.yml|\.readthedocs\.ya?ml)$"
    r"|(?:^|/)(?:\.github|\.circleci|\.gitlab|\.devcontainer|\.vscode|\.idea|tests?|docs?)/"
)
_ONE_OFF: Final = re.compile(r"collectstatic|compress|messages|migrate|pytest|\btest\b|loaddata|\bcheck\b|shell|runserver")
"""Commands that are run once, or by developers: building an image for one."""
_LINE: Final = re.compile(r"(?:[^\n]*\\\n)*[^\n]*")
_TEXTS: Final = (
    ".ini", ".cfg", ".toml", ".env", ".sh", ".service", ".yml", ".yaml", ".conf", ".json", ".dockerfile", ".bash",
)  # fmt: skip
_NAMES: Final = (
    "dockerfile",
    "procfile",
    "containerfile",
    "makefile",
    "justfile",
    ".env",
    "entrypoint",
    "jenkinsfile",
    ".django",
)
_DATA: Final = re.compile(r"(?:^|/)(?:locale|fixtures|static|assets|package(?:-lock)?\.json|[^/]*lock[^/]*|schema[^/]*)(?:/|$)")
_DEEPEST: Final = 6
_LARGEST: Final = 128 * 1024


def deployment_texts(tree: Tree) -> Iterator[File]:
    """Give the files that are no Python and may name a settings module."""
    for file in tree.files:
        if file.kind is not Kind.PYTHON and file.role is not Role.VENDORED and file.path.count("/") < _DEEPEST:
            name = file.path.rpartition("/")[2].lower()
            if (name.endswith(_TEXTS) or name.startswith(_NAMES)) and not _DATA.search(file.path):
                yield file


def mentions(file: File, data: bytes, modules: Modules) -> Iterator[Mention]:
    """Find the settings modules a file names."""
    if len(data) > _LARGEST or (b"DJANGO_SETTINGS_MODULE" not in data and b"--settings" not in data):
        return
    text = data.decode("utf-8", "replace")
    chosen = [match for match in _CONFIGURATION.finditer(text) if not _line_around(text, match).lstrip().startswith("#")]
    chosen.sort(key=lambda match: _ONE_OFF.search(_line_around(text, match)) is not None)
    for match in _SETTINGS.finditer(text):
        dotted = match["module"] or match["option"]
        line = _line_around(text, match)
        if line.lstrip().startswith("#"):
            continue
        weight = Weight.NONE if _ONE_OFF.search(line) else _weight(file)
        yield Mention(file.path, dotted, modules.resolve(dotted, file.path), weight, chosen[0]["cls"] if chosen else None)


def _line_around(text: str, match: re.Match[str]) -> str:
    """The line a match begins in, with those that go on with it."""
    line = _LINE.match(text, text.rfind("\n", 0, match.start()) + 1)
    return line[0] if line is not None else ""


def _weight(file: File) -> Weight:
    path = file.path.lower()
    name = path.rpartition("/")[2]
    if _TESTING.search(path) or file.role is Role.TEST:
        return Weight.NONE
    environment = environment_of(path.replace("compose", ""))  # a compose file may be for any environment
    if environment in {Environment.DEVELOPMENT, Environment.TEST} and file.kind is not Kind.PYTHON:
        return Weight.NONE
    if file.kind is Kind.PYTHON:
        if re.search(r"[aw]sgi", "/".join(path.split("/")[-2:])):
            return Weight.ENTRY
        return Weight.MANAGE if "manage" in name else Weight.OTHER
    return Weight.DEPLOYMENT if _DEPLOYMENT.search(path) or environment is Environment.PRODUCTION else Weight.OTHER
