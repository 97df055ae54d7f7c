"""Which file a dotted module name means, and which dotted name a file has, before anything is imported."""

from __future__ import annotations

import sys
from functools import cached_property
from posixpath import dirname

from leaktight.source.files import Tree
from leaktight.source.roles import Kind

_PATTERNS = (".dist.py", ".example.py", ".sample.py", ".template.py", ".default.py", "_example.py", "_sample.py", "_template.py")
"""How a file of settings is called that is copied and filled in on each server."""


class Modules:
    """The Python files of a tree by the names they can be imported as."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree

    @cached_property
    def roots(self) -> tuple[str, ...]:
        """Folders with a manage.py: what Python finds modules from when the project runs."""
        return tuple(sorted(dirname(file.path) for file in self.tree.files if file.path.rpartition("/")[2] == "manage.py"))

    @cached_property
    def _by_ending(self) -> dict[str, list[str]]:
        """Files by their last two components, for projects whose import root is not in the tree."""
        table: dict[str, list[str]] = {}
        for file in self.tree.of(Kind.PYTHON):
            table.setdefault("/".join(_steps(file.path)[-2:]), []).append(file.path)
        return table

    def is_package(self, folder: str) -> bool:
        """Tell whether a folder holds an `__init__.py`."""
        return _within(folder, "__init__.py") in self.tree

    def file(self, base: str) -> str | None:
        """Give the module or package at a path without its ending; of settings that are made on each server, what they are made from."""
        for path in (f"{base}.py", f"{base}/__init__.py"):
            if path in self.tree:
                return path
        if base.endswith("settings"):
            return next((path for ending in _PATTERNS if (path := f"{base}{ending}") in self.tree), None)
        return None

    def resolve(self, dotted: str, importer: str, *, level: int = 0) -> str | None:
        """Give the file a module name means in an importing file; None when it is not in the tree."""
        if level:
            folder = dirname(importer)
            for _ in range(level - 1):
                if not folder:
                    return None
                folder = dirname(folder)
            path = _within(folder, dotted.replace(".", "/")) if dotted else folder
            return self.file(path) if dotted else self._init(folder)
        if not dotted or dotted.partition(".")[0] in sys.stdlib_module_names:
            return None
        base = dotted.replace(".", "/")
        for folder in self._search(importer):
            if found := self.file(_within(folder, base)):
                return found
        if "." not in dotted:
            return None
        ends = [path for path in self._by_ending.get("/".join(base.split("/")[-2:]), ()) if _ends(path, base)]
        return ends[0] if len(ends) == 1 else None

    def name(self, path: str) -> str:
        """Give the dotted name a file is imported by, from the nearest folder that can be an import root."""
        steps = _steps(path)
        folders = path.split("/")[:-1]
        start = len(folders)
        while start and self.is_package("/".join(folders[:start])):
            start -= 1
        above = [len(_steps(root)) if root else 0 for root in self.roots if _is_above(root, path)]
        if above and max(above) < start and all(map(_importable, steps[max(above) :])):
            start = max(above)
        return ".".join(steps[start:]) or steps[-1]

    def _init(self, folder: str) -> str | None:
        path = _within(folder, "__init__.py")
        return path if path in self.tree else None

    def _search(self, importer: str) -> list[str]:
        """Folders that can be import roots for a file: those around it that are no packages, nearest first."""
        around = [dirname(importer)]
        while around[-1]:
            around.append(dirname(around[-1]))
        found = [folder for folder in around if not self.is_package(folder)] + list(self.roots)
        return list(dict.fromkeys([*found, *(_within(folder, "src") for folder in around)]))


def _steps(path: str) -> list[str]:
    steps = path.removesuffix(".py").split("/")
    return steps[:-1] if steps[-1] == "__init__" and len(steps) > 1 else steps


def _importable(step: str) -> bool:
    # Project templates hold `{{cookiecutter.name}}` where a name will be.
    return step.isidentifier() or step.startswith("{{")


def _within(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def _ends(path: str, base: str) -> bool:
    joined = "/".join(_steps(path))
    return joined == base or joined.endswith("/" + base)


def _is_above(folder: str, path: str) -> bool:
    return not folder or path.startswith(folder + "/")
