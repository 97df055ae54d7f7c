"""Say which line of the project's own code was at work."""

from __future__ import annotations

import inspect
import sys
from functools import lru_cache
from pathlib import Path
from types import FrameType
from typing import Any

from leaktight.model import CodePlace

_HANDLERS = frozenset({"_get_response", "_get_response_async"})
_HANDLER_FILE = str(Path("django", "core", "handlers", "base.py"))
_FOREIGN = frozenset({"site-packages", "dist-packages", "node_modules"})


class OwnCode:
    """What belongs to the project: files below its folder that no package manager has put there."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.path_of = lru_cache(maxsize=None)(self._path_of)

    def _path_of(self, filename: str) -> str:
        """Return the path of a file relative to the project; empty when it is not the project's."""
        path = Path(filename)
        if not path.is_absolute() or not path.is_relative_to(self.root):
            return ""
        prefix = Path(sys.prefix).resolve()
        if prefix != self.root and prefix.is_relative_to(self.root) and path.is_relative_to(prefix):
            return ""
        inside = path.relative_to(self.root)
        return "" if _FOREIGN.intersection(inside.parts) else inside.as_posix()

    def here(self, frame: FrameType | None = None) -> CodePlace | None:
        """Return the innermost line of the project's code on the stack; None where only its middleware waits for an answer."""
        frame = frame or sys._getframe(1)  # noqa: SLF001  # the only way to the stack that does not read source files
        while frame is not None:
            code = frame.f_code
            if path := self.path_of(code.co_filename):
                return CodePlace(path, frame.f_lineno, code.co_qualname)
            if code.co_name in _HANDLERS and code.co_filename.endswith(_HANDLER_FILE):
                return None
            frame = frame.f_back
        return None

    def of(self, thing: Any) -> CodePlace | None:
        """Return where a function or class of the project is defined."""
        thing = inspect.unwrap(getattr(thing, "view_class", None) or getattr(thing, "cls", None) or thing)
        try:
            filename = inspect.getsourcefile(thing) or ""
            _, line = inspect.getsourcelines(thing)
        except (TypeError, OSError):
            return None
        path = self.path_of(filename)
        return CodePlace(path, max(line, 1), getattr(thing, "__qualname__", "")) if path else None
