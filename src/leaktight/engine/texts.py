"""The text of scanned files, by line, for columns, fingerprints and snippets."""

from __future__ import annotations

from leaktight.model import Gap
from leaktight.source.files import Tree
from leaktight.source.python import decode


class Texts:
    """Reads a file again when somebody wants its text; keeps the lines of those already asked for."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._lines: dict[str, list[str] | None] = {}

    def text(self, path: str) -> str | None:
        """The text of a file; None when it cannot be read."""
        data = self._tree.read(path)
        return None if isinstance(data, Gap) else decode(data)

    def lines(self, path: str) -> list[str] | None:
        """The lines of a file without their ends; None when it cannot be read."""
        if path not in self._lines:
            text = self.text(path)
            self._lines[path] = None if text is None else text.split("\n")
        return self._lines[path]

    def if_mentions(self, path: str, word: bytes) -> str | None:
        """The text of a file that holds a word; None for all others."""
        data = self._tree.read(path)
        return None if isinstance(data, Gap) or word not in data else decode(data)
