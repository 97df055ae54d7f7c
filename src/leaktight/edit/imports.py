"""Imports of a Python file: what a name is called there, and where a new one goes."""

from __future__ import annotations

import ast
import sys
from typing import TYPE_CHECKING

from leaktight.edit.reasons import NotPossible
from leaktight.model import Edit

if TYPE_CHECKING:
    from leaktight.edit.python import PythonDocument


class Imports:
    """The imports at the top of a file; `need` says what to write for a name and adds its import."""

    def __init__(self, document: PythonDocument, tree: ast.Module) -> None:
        self._document = document
        self._tree = tree
        self._top = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]

    def name_of(self, module: str, name: str) -> str | None:
        """Return how the file already writes a name of a module; None when it has not imported it."""
        for node in self._top:
            if isinstance(node, ast.ImportFrom) and not node.level:
                for alias in node.names:
                    if node.module == module and alias.name == name:
                        return alias.asname or name
                    if f"{node.module}.{alias.name}" == module:
                        return f"{alias.asname or alias.name}.{name}"
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    if alias.name == module:
                        return f"{alias.asname or module}.{name}"
        return None

    def need(self, module: str, name: str) -> tuple[str, list[Edit]]:
        """Return what to write for a name of a module, and the edits that import it when it is not yet."""
        known = self.name_of(module, name)
        if known is not None:
            return known, []
        written = name if not self._taken(name) else f"{module.rsplit('.', 1)[-1]}_{name}"
        entry = name if written == name else f"{name} as {written}"
        return written, [self._added(module, entry)]

    def need_module(self, module: str) -> tuple[str, list[Edit]]:
        """Return what to write for a module of the standard library, and the edit that imports it when it is not yet."""
        for node in self._top:
            if isinstance(node, ast.Import):
                for alias in node.names:
                    if alias.name == module:
                        return alias.asname or module, []
        return module, [self._module_line(module)]

    def beside(self, known: str, name: str) -> Edit:
        """Import another name from where one is imported from. Raises `NotPossible` when that one is not imported by name."""
        for node in self._top:
            if isinstance(node, ast.ImportFrom) and known in [alias.name for alias in node.names if alias.asname is None]:
                return self._joined(node, name)
        raise NotPossible(f"{known} is not imported by its name")

    def unneed(self, name: str) -> list[Edit]:
        """Return the edit that takes an import away which is used once; the caller takes that use away."""
        uses = [node for node in self._document.every(ast.Name) if node.id == name]
        for node in self._top:
            written = [alias.asname or alias.name for alias in node.names]
            if name in written and len(uses) == 1:
                if len(written) == 1:
                    return [self._document.delete(node)]
                items: list[tuple[ast.AST, ast.AST]] = [(alias, alias) for alias in node.names]
                return [self._document.drop(node, items, written.index(name))]
        return []

    def instead(self, module: str, name: str, old: str) -> tuple[str, list[Edit]]:
        """Return the local name for `name`, like `need`; it takes the place of `old` where that is used once. The caller takes that use away."""
        known = self.name_of(module, name)
        uses = [node for node in self._document.every(ast.Name) if node.id == old]
        if len(uses) != 1:
            return self.need(module, name)
        if known is not None:
            return known, self.unneed(old)
        for node in self._top:
            for alias in node.names:
                is_old = isinstance(node, ast.ImportFrom) and node.module == module and alias.name == old and alias.asname is None
                if is_old and not self._taken(name):
                    return name, [self._document.replace(alias, name)]
        return self.need(module, name)

    def end_line(self) -> int:
        """Return the last line of the imports a file begins with; of its docstring and first comments when it has none."""
        last = self._first_line() - 1
        for node in self._tree.body:
            if isinstance(node, ast.Import | ast.ImportFrom) or _guards_imports(node):
                last = node.end_lineno or node.lineno
            elif node.lineno > last and not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
                break
        return last

    def _module_line(self, module: str) -> Edit:
        document = self._document
        future = [node for node in self._top if isinstance(node, ast.ImportFrom) and node.module == "__future__"]
        usable = [node for node in self._top if node not in future]
        standard = [node for node in usable if _module(node).partition(".")[0] in sys.stdlib_module_names]
        plain = [node for node in standard if isinstance(node, ast.Import)]
        before = [node for node in plain if _module(node) < module]
        if before:
            return document.insert_lines((before[-1].end_lineno or before[-1].lineno) + 1, [f"import {module}"])
        if plain or standard:
            return document.insert_lines((plain or standard)[0].lineno, [f"import {module}"])
        return document.insert_lines(usable[0].lineno if usable else self._first_line(), [f"import {module}", ""])

    def _taken(self, name: str) -> bool:
        """Tell whether a name means something in this file; the tree is walked only when the text has the word."""
        return name in self._document.text and any(name in _bound(node) for node in self._document.every(ast.AST))

    def _added(self, module: str, entry: str) -> Edit:
        for node in self._top:
            if isinstance(node, ast.ImportFrom) and node.module == module and not node.level and node.names[0].name != "*":
                return self._joined(node, entry)
        return self._new_line(module, entry)

    def _joined(self, node: ast.ImportFrom, entry: str) -> Edit:
        """Add to the import of the same module: in its place where the names are sorted, on a line of its own where they stand so."""
        document = self._document
        names = [alias.name for alias in node.names]
        at = next((i for i, name in enumerate(names) if name > entry), len(names)) if names == sorted(names) else len(names)
        rows = [alias.lineno for alias in node.names]
        if len(set(rows)) == len(rows) and rows[0] != node.lineno:
            line = rows[at] if at < len(rows) else rows[-1] + 1
            first = document.line(rows[0])
            if at == len(rows) and not document.line(rows[-1]).split("#")[0].rstrip().endswith(","):
                end = document.place(node.names[-1])[1]
                return document.insert(end, f",\n{first[: len(first) - len(first.lstrip())]}{entry}")
            return document.insert_lines(line, [f"{entry},"], first[: len(first) - len(first.lstrip())])
        if node.lineno == node.end_lineno and len(document.line(node.lineno)) + len(entry) + 2 > document.width:
            return self._unfolded(node, at, entry)
        if at < len(names):
            return document.insert(document.place(node.names[at])[0], f"{entry}, ")
        return document.insert(document.place(node.names[-1])[1], f", {entry}")

    def _unfolded(self, node: ast.ImportFrom, at: int, entry: str) -> Edit:
        """Write an import that gets too long with a name on each line."""
        document = self._document
        written = [document.text[slice(*document.place(alias))] for alias in node.names]
        lines = "".join(f"    {name},\n" for name in [*written[:at], entry, *written[at:]])
        return document.replace(node, f"from {node.module} import (\n{lines})")

    def _new_line(self, module: str, entry: str) -> Edit:
        """Add a line: behind the last import that sorts before it and is of the same kind, or where imports belong."""
        document = self._document
        text = f"from {module} import {entry}"
        usable = [node for node in self._top if not (isinstance(node, ast.ImportFrom) and node.module == "__future__")]
        root = module.partition(".")[0]
        same = [node for node in usable if _module(node).partition(".")[0] == root and not getattr(node, "level", 0)]
        before = [node for node in (same or usable) if _module(node) <= module and not getattr(node, "level", 0)]
        if before:
            last = before[-1]
            return document.insert_lines((last.end_lineno or last.lineno) + 1, [text])
        if same or usable:
            return document.insert_lines((same or usable)[0].lineno, [text] if same else [text, ""])
        return document.insert_lines(self._first_line(), [text, ""])

    def _first_line(self) -> int:
        """Return the line a file's first import goes to: behind its first comments, its docstring and what it imports from the future."""
        document = self._document
        line = 1
        while line < document.lines and document.line(line).startswith("#"):
            line += 1
        for node in self._tree.body:
            documents = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
            if not documents and not (isinstance(node, ast.ImportFrom) and node.module == "__future__"):
                break
            line = (node.end_lineno or node.lineno) + 1
            while line < document.lines and not document.line(line).strip():
                line += 1
        return line


def _guards_imports(node: ast.stmt) -> bool:
    """`if TYPE_CHECKING:` or a `try` with nothing but imports in it."""
    return isinstance(node, ast.If | ast.Try) and all(isinstance(inner, ast.Import | ast.ImportFrom) for inner in node.body)


def _module(node: ast.stmt) -> str:
    if isinstance(node, ast.ImportFrom):
        return node.module or ""
    return node.names[0].name if isinstance(node, ast.Import) else ""


def _bound(node: ast.AST) -> tuple[str, ...]:
    """The names a node uses or gives a meaning."""
    match node:
        case ast.Name():
            return (node.id,)
        case ast.arg():
            return (node.arg,)
        case ast.ExceptHandler() if node.name:
            return (node.name,)
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return (node.name,)
        case ast.Import() | ast.ImportFrom():
            return tuple((alias.asname or alias.name).split(".")[0] for alias in node.names)
        case _:
            return ()
