"""Finds files of settings where no site was found: a few lines of Django's settings, given to a scan by themselves."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from posixpath import basename
from typing import Final

from leaktight.model import Gap
from leaktight.project.discovery import SettingsModule
from leaktight.project.environment import environment_of
from leaktight.source.files import Tree
from leaktight.source.roles import Kind, Role

_ONLY_SETTINGS: Final = re.compile(
    r"(?:SESSION|CSRF|LANGUAGE)_COOKIE_[A-Z]+|SESSION_(?:ENGINE|SERIALIZER)|CSRF_TRUSTED_ORIGINS|SECURE_[A-Z_]+|EMAIL_USE_(?:TLS|SSL)"
    r"|PASSWORD_HASHERS|DEBUG_PROPAGATE_EXCEPTIONS|FILE_UPLOAD_(?:DIRECTORY_)?PERMISSIONS|CORS_(?:ORIGIN_)?ALLOW_ALL(?:_ORIGINS)?"
)
"""Names that hardly anything but settings gives a value to."""
_TELLING: Final = re.compile(_ONLY_SETTINGS.pattern.encode())
_ALSO: Final = frozenset({"DEBUG", "SECRET_KEY", "ALLOWED_HOSTS", "MIDDLEWARE"})
"""Names that do so in a file that is called after settings."""


def loose_settings(tree: Tree) -> Iterator[SettingsModule]:
    """Give the files of a tree without a site that set what settings set."""
    for file in tree.of(Kind.PYTHON, Role.APP):
        data = tree.read(file.path)
        named = "settings" in basename(file.path)
        if isinstance(data, Gap) or not (named or _TELLING.search(data)):
            continue
        parsed = tree.parse(file.path)
        if isinstance(parsed, Gap):
            continue
        names = {
            target.id
            for node in parsed.tree.body
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        if any(_ONLY_SETTINGS.fullmatch(name) for name in names) or (named and names & _ALSO):
            stem = basename(file.path).removesuffix(".py")
            dotted = file.path.removesuffix(".py").replace("/", ".")
            yield SettingsModule(dotted, file.path, environment_of(stem), "it sets what settings set")
