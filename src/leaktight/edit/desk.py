"""Where a fix finds the files it edits: each read once, as it is on disk or as earlier fixes left it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from leaktight.edit.document import Document
from leaktight.edit.python import PythonDocument
from leaktight.edit.reasons import NotPossible
from leaktight.model import Gap

if TYPE_CHECKING:
    from leaktight.project import Project


T = TypeVar("T")


class Desk:
    """The files of a project, ready to be edited. `project` is what the scan read of it."""

    def __init__(self, read: Callable[[str], bytes | Gap], project: Project) -> None:
        self._read = read
        self.project = project
        self._python: dict[str, PythonDocument] = {}
        self._texts: dict[str, Document] = {}
        self._made: dict[Callable[[Project], Any], Any] = {}

    def python(self, path: str) -> PythonDocument:
        """Return a Python file. Raises `NotPossible` when it cannot be read or parsed."""
        if path not in self._python:
            try:
                self._python[path] = PythonDocument(path, self._bytes(path))
            except ValueError as error:
                raise NotPossible(f"{path} {error}") from None
        return self._python[path]

    def text(self, path: str) -> Document:
        """Return a file that is no Python: a template, a list of packages. Raises `NotPossible` when it cannot be read."""
        if path not in self._texts:
            try:
                self._texts[path] = Document(path, self._bytes(path), python=False)
            except ValueError as error:
                raise NotPossible(f"{path} {error}") from None
        return self._texts[path]

    def once(self, make: Callable[[Project], T]) -> T:
        """Return what is made of the project; it is made once, however many fixers ask."""
        if make not in self._made:
            self._made[make] = make(self.project)
        found: T = self._made[make]
        return found

    def _bytes(self, path: str) -> bytes:
        data = self._read(path)
        if isinstance(data, Gap):
            raise NotPossible(f"{path} {data.reason}")
        return data
