"""Follows imports between settings modules: names, star imports, optional local overrides, included files."""

from __future__ import annotations

import ast
import sys
from dataclasses import replace
from fnmatch import fnmatchcase
from posixpath import dirname, normpath
from typing import Final

from leaktight.model import Certainty, Gap
from leaktight.project.environment import FOR_EDITING, Environment, environment_of, words_of
from leaktight.project.settings import urls
from leaktight.project.settings.outside import Outside
from leaktight.project.settings.store import carry, write
from leaktight.project.settings.things import Call, Frame, Lazy, ModuleThing, Names
from leaktight.project.settings.values import HOLE, Cell, External, Scope, Table, Val, known, plain, unknown, wrap
from leaktight.source.python import Parsed

_NESTED: Final = 10
"""How deep modules that need each other are followed."""
_HARMLESS: Final = frozenset({"django.conf.global_settings", "configurations", "typing", "__future__"})
"""What may be star-imported without changing a setting's default."""
_OVERRIDE = ("settings", "local", "config", "secret", "credential", "override", "private")


class Imports(Outside):
    """Modules and what they take from each other."""

    optional = 0
    """How many handlers of import errors we are inside of."""
    missing = 0
    """How many modules of the project's own were asked for and are not in the tree."""
    nested = 0

    # -- modules -------------------------------------------------------------------------------

    def module_names(self, path: str) -> Scope | None:
        """Read a module for its names. What it lacks is no gap of the settings that use a name of it."""
        if path in self.scopes:
            return self.scopes[path]
        gaps = list(self.gaps)
        scope = self.run_module(path)
        self.gaps = gaps
        return scope

    def run_module(self, path: str) -> Scope | None:
        """Follow a module from its first statement, once; one that is being followed gives what it has so far."""
        if path in self.scopes:
            return self.scopes[path]
        parsed = self.modules.tree.parse(path) if self.nested < _NESTED else Gap(path, 0, "is imported too deep to be followed")
        if isinstance(parsed, Gap):
            self.gaps.append(parsed)
            self.scopes[path] = None
            return None
        scope = self.scopes[path] = Scope()
        dotted = self.modules.name(path)
        self.dotted[dotted] = path
        optional, self.optional = self.optional, 0
        self.nested += 1
        try:
            self.block(parsed.tree.body, Frame(scope, parsed, dotted))
        finally:
            self.nested -= 1
            self.optional = optional
        return scope

    # -- import statements ---------------------------------------------------------------------

    def import_names(self, node: ast.Import | ast.ImportFrom, frame: Frame) -> None:
        """Bind what an import statement imports."""
        span = frame.parsed.span(node)
        importer = frame.parsed.path
        if isinstance(node, ast.Import):
            for alias in node.names:
                dotted = alias.name if alias.asname else alias.name.partition(".")[0]
                path = self.modules.resolve(dotted, importer)
                self._note_missing(alias.name, importer, level=0)
                frame.scope.names[alias.asname or dotted] = Cell(known(ModuleThing(path) if path else External(dotted)), span)
            return
        module = node.module or ""
        path = self.modules.resolve(module, importer, level=node.level)
        for alias in node.names:
            if alias.name == "*":
                self._star(node, path, frame)
                continue
            inner = f"{module}.{alias.name}" if module else alias.name
            below = (
                self.modules.resolve(inner, importer, level=node.level) if path is None or path.endswith("__init__.py") else None
            )
            if below:
                val = known(ModuleThing(below))
            elif path:
                val = known(Lazy(path, alias.name))
            else:
                self._note_missing(inner, importer, level=node.level)
                val = unknown() if node.level else self.outside_value(inner)
            frame.scope.names[alias.asname or alias.name] = Cell(val, span)

    def _note_missing(self, dotted: str, importer: str, *, level: int) -> None:
        """Count an import that fails with the tree as it is, not one of a library that may be installed."""
        if not self.optional or self.modules.resolve(dotted, importer, level=level):
            return
        first, _, _ = dotted.partition(".")
        parent = dotted.rpartition(".")[0]
        if first not in sys.stdlib_module_names:
            self.doubts += 1  # nobody knows what is installed
        ours = level > 0 or self.modules.resolve(first, importer) is not None or any(word in dotted.lower() for word in _OVERRIDE)
        if ours and not (parent and self.modules.resolve(parent, importer, level=level)):
            self.missing += 1

    def _star(self, node: ast.ImportFrom, path: str | None, frame: Frame) -> None:
        module = "." * node.level + (node.module or "")
        if path is None:
            if module not in _HARMLESS:
                self._note_missing(node.module or "", frame.parsed.path, level=node.level)
                if self.optional:
                    # Missing from most trees on purpose: what is set above it may be changed by it.
                    self.overrides.append((frame.parsed.path, node.lineno, module))
                else:
                    self.gaps.append(Gap(frame.parsed.path, node.lineno, f"settings from `{module}` are not in the scanned tree"))
            return
        scope = self.run_module(path)
        if scope is None:
            return
        if not FOR_EDITING.isdisjoint(words_of(path.rpartition("/")[2])) and module.rpartition(".")[2] != _stem(path):
            self.unread.append((frame.parsed.path, node.lineno))  # the module each server has is made from this one
        listed = plain(scope.names["__all__"].val) if "__all__" in scope.names else None
        span = frame.parsed.span(node)
        for name, cell in list(scope.names.items()):
            if name in listed if isinstance(listed, (list, tuple)) else not name.startswith("_"):
                brought = carry(cell, span, f"star-imported from {path}")
                old = frame.scope.names.get(name)
                if old is not None and old.chain and old.span != cell.span:
                    brought = replace(brought, chain=(*old.chain, *brought.chain))
                frame.scope.names[name] = brought

    # -- libraries that act on settings --------------------------------------------------------

    def call_outside(self, name: str, call: Call) -> Val:
        """Follow included files, and what a hosting library changes."""
        if name in {"split_settings.tools.include", "split_settings.include"} and call.frame is not None:
            for val in call.args:
                self._include(val, call.frame, call)
            return known(None)
        if name in {"split_settings.tools.optional", "split_settings.optional"} and call.args:
            return call.args[0]
        if name in {"django_heroku.settings", "django_on_heroku.settings"} and call.args:
            return self._heroku(call)
        if name == "importlib.import_module" and call.args and call.frame is not None:
            made = super().call_outside(name, call)
            if isinstance(made.data, ModuleThing) and call.args[0].certainty is not Certainty.KNOWN:
                return known(ModuleThing(self._in_environment(made.data.path)))
            return made
        return super().call_outside(name, call)

    def _include(self, val: Val, frame: Frame, call: Call) -> None:
        folder = dirname(frame.parsed.path)
        pattern = normpath(f"{folder}/{val.data}" if folder else val.data) if isinstance(val.data, str) else ""
        found = [file.path for file in self.modules.tree.files if fnmatchcase(file.path, pattern.replace(HOLE, "*"))]
        if HOLE in pattern:
            found = [path for path in found if environment_of(_stem(path)) is self.environment]
        elif found and val.certainty is not Certainty.KNOWN:
            found = [self._in_environment(path) for path in found]
        if not found:
            where = f"`{pattern.replace(HOLE, '…')}`" if pattern else "a path that is not known"
            self.gap(call, f"settings included from {where} are not in the scanned tree")
        for path in found:
            parsed = self.modules.tree.parse(path)
            if isinstance(parsed, Parsed):
                self.block(parsed.tree.body, Frame(frame.module, parsed, frame.dotted))
            else:
                self.gaps.append(parsed)

    def _in_environment(self, path: str) -> str:
        """Where the environment chooses the module, take the one named after the environment we look at."""
        if self.environment is Environment.UNKNOWN or environment_of(_stem(path)) is self.environment:
            return path
        folder = dirname(path)
        named = [
            file.path
            for file in self.modules.tree.files
            if dirname(file.path) == folder and file.path.endswith(".py") and environment_of(_stem(file.path)) is self.environment
        ]
        return named[0] if named else path

    def _heroku(self, call: Call) -> Val:
        """django_heroku.settings(locals()): every host is allowed, and the database must use TLS."""
        names = call.args[0].data
        if not isinstance(names, Names) or call.frame is None or call.node is None:
            return unknown()
        span = call.frame.parsed.span(call.node)
        if plain(call.keywords.get("allowed_hosts", known(True))) is True:
            names.scope.names["ALLOWED_HOSTS"] = Cell(wrap(["*"]), span)
        if plain(call.keywords.get("databases", known(True))) is True:
            forced = Call(keywords={"ssl_require": known(True), "conn_max_age": known(600)})
            val = self.convert_url(urls.database, unknown("DATABASE_URL"), forced)
            names.scope.names.setdefault("DATABASES", Cell(known(Table({}))))
            write(names.scope, "DATABASES", (known("default"),), val, span)
        return known(None)


def _stem(path: str) -> str:
    return path.rpartition("/")[2].removesuffix(".py")
