"""Find and read the OpenAPI descriptions that lie in a project."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_NAME = re.compile(r"(openapi|swagger|schema)[\w.-]*\.(json|ya?ml)$|(^|[-_.])(openapi|swagger)\.(json|ya?ml)$", re.IGNORECASE)
_LEFT_OUT = frozenset({"node_modules", "site-packages", "venv", ".venv", ".git", "tests", "test"})
_DEEPEST = 5
_MOST = 8 << 20
_MOST_FILES = 20


def documents(root: Path) -> list[Any]:
    """Return the descriptions below a folder, read; what cannot be read is none."""
    found = []
    for file in sorted(_files(root))[:_MOST_FILES]:
        read = _read(file)
        if isinstance(read, dict) and {"openapi", "swagger"} & read.keys() and isinstance(read.get("paths"), dict):
            found.append(read)
    return found


def _files(root: Path) -> Iterator[Path]:
    for folder, names, files in os.walk(root):
        depth = len(Path(folder).relative_to(root).parts)
        names[:] = [] if depth >= _DEEPEST else [name for name in names if name not in _LEFT_OUT and not name.startswith(".")]
        yield from (Path(folder) / name for name in files if _NAME.search(name))


def _read(file: Path) -> Any:
    try:
        if not file.is_file() or file.stat().st_size > _MOST:  # a pipe would be waited for
            return None
        text = file.read_text("utf-8")
        if file.suffix.lower() == ".json":
            return json.loads(text)
        return _yaml(text)
    except (OSError, ValueError, TypeError, RecursionError):
        return None


def _yaml(text: str) -> Any:
    """Read YAML; the interpreter of the project need not know it."""
    try:
        import yaml
    except ImportError:
        return None
    try:
        # Aliases could make a small file a huge one when it is handed on as JSON.
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=yaml.SafeLoader)):
            return None
        return json.loads(json.dumps(yaml.safe_load(text), default=str))
    except yaml.YAMLError:
        return None
