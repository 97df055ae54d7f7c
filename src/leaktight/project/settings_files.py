"""Looks once through the files of a tree for those that are settings modules, and for who names them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from posixpath import basename
from typing import Final

from leaktight.model import Gap
from leaktight.project.evidence import Mention, deployment_texts, mentions
from leaktight.project.modules import Modules
from leaktight.source.files import Tree
from leaktight.source.roles import Kind, Role

_MAIN: Final = frozenset({"INSTALLED_APPS", "MIDDLEWARE", "MIDDLEWARE_CLASSES", "ROOT_URLCONF"})
_TELLING: Final = _MAIN | {
    "SECRET_KEY",
    "DATABASES",
    "TEMPLATES",
    "ALLOWED_HOSTS",
    "DEBUG",
    "STATIC_URL",
    "AUTH_USER_MODEL",
    "WSGI_APPLICATION",
}
_TELLING_BYTES: Final = tuple(sorted(name.encode() for name in _MAIN))
_STAR: Final = re.compile(rb"^[ \t]*from[ \t]+([.\w]+)[ \t]+import[ \t]+\(?\*", re.MULTILINE)
_SETTINGS_PATH: Final = re.compile(r"setting|conf|env")
_ESSENTIAL: Final = re.compile(rb"\b(?:SECRET_KEY|ROOT_URLCONF|DATABASES)\b")


@dataclass(slots=True)
class Facts:
    """What one pass over the files tells about settings."""

    tree: Tree
    modules: Modules
    stars: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """File → the files of the tree it star-imports."""
    telling: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """File that sets what only settings set → the classes it does it in; none when at module level."""
    essential: set[str] = field(default_factory=set)
    """Files that set what no site runs without."""
    mentions: list[Mention] = field(default_factory=list)


def read_facts(tree: Tree) -> Facts:
    """Look once through all files for what tells settings; those that may be are parsed."""
    facts = Facts(tree, Modules(tree))
    for file in tree.of(Kind.PYTHON, Role.APP, Role.TEST, Role.EXAMPLE):
        if file.role is not Role.APP and not _SETTINGS_PATH.search(file.path):
            continue
        data = tree.read(file.path)
        if isinstance(data, Gap):
            continue
        if b"import *" in data or b"import (*" in data:
            found = [_resolve(facts.modules, match[1].decode("ascii", "replace"), file.path) for match in _STAR.finditer(data)]
            facts.stars[file.path] = tuple(dict.fromkeys(path for path in found if path and path != file.path))
        if any(name in data for name in _TELLING_BYTES) and (classes := _tells(tree, file.path)) is not None:
            facts.telling[file.path] = classes
            if _ESSENTIAL.search(data):
                facts.essential.add(file.path)
        if file.role is Role.APP:
            facts.mentions.extend(mentions(file, data, facts.modules))
    for file in deployment_texts(tree):
        if not isinstance(data := tree.read(file.path), Gap):
            facts.mentions.extend(mentions(file, data, facts.modules))
    return facts


def _resolve(modules: Modules, dotted: str, importer: str) -> str | None:
    level = len(dotted) - len(dotted.lstrip("."))
    return modules.resolve(dotted[level:], importer, level=level)


def _tells(tree: Tree, path: str) -> tuple[str, ...] | None:
    """Tell whether a module sets what settings set: at module level, or in classes, which are named."""
    parsed = tree.parse(path)
    if isinstance(parsed, Gap):
        return None
    if _enough(parsed.tree.body, path):
        return ()
    classes = [node for node in parsed.tree.body if isinstance(node, ast.ClassDef)]
    if not any(_enough(node.body, path) for node in classes):
        return None
    if any(_loads(node) for node in parsed.tree.body):
        return ()
    return tuple(node.name for node in classes if node.bases) or None


def _enough(body: Iterable[ast.stmt], path: str) -> bool:
    """One name that only settings set may be a library's list; two are settings."""
    names = {name for node in _flat(body) for name in _assigned(node) if name in _TELLING}
    return bool(names & _MAIN) and (len(names) > 1 or bool(_SETTINGS_PATH.search(basename(path))))


def _flat(body: Iterable[ast.stmt]) -> Iterable[ast.stmt]:
    """Give statements with those under conditions and handlers."""
    for node in body:
        yield node
        if isinstance(node, (ast.If, ast.Try, ast.With)):
            yield from _flat(node.body)
            yield from _flat(getattr(node, "orelse", ()))


def _assigned(node: ast.stmt) -> tuple[str, ...]:
    match node:
        case ast.Assign(targets=targets):
            return tuple(target.id for target in targets if isinstance(target, ast.Name))
        case ast.AnnAssign(target=ast.Name(id=name)) | ast.AugAssign(target=ast.Name(id=name)) | ast.FunctionDef(name=name):
            return (name,)
        case _:
            pass
    return ()


def _loads(node: ast.stmt) -> bool:
    """Match `Production.load_settings(__name__)`: the class becomes the module."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Call)
        and any(isinstance(argument, ast.Name) and argument.id == "__name__" for argument in node.value.args)
    )


def settings_paths(facts: Facts) -> set[str]:
    """Settings modules set what tells, are named as settings, or star-import one that is."""
    named = {mention.path for mention in facts.mentions if mention.path}
    found = {*facts.telling, *(path for path in named if path in facts.telling or not _is_empty(facts.tree, path))}
    grown = True
    while grown:
        more = {path for path, targets in facts.stars.items() if path not in found and found & set(targets)}
        grown = bool(more)
        found |= more
    return found


def _is_empty(tree: Tree, path: str) -> bool:
    """Match a module that sets nothing, such as the `__init__.py` of a package of settings modules."""
    parsed = tree.parse(path)
    return isinstance(parsed, Gap) or not any(
        isinstance(node, (ast.Assign, ast.AnnAssign, ast.If, ast.Try, ast.For, ast.ClassDef))
        or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call))
        or (isinstance(node, ast.ImportFrom) and node.names[0].name == "*")
        for node in parsed.tree.body
    )
